//! What a process records of the shards that it shares with others.

use headcount_driver::core::session::OnStop;
use headcount_driver::core::{Input, ShardId};
use headcount_driver::record::{Happened, RecordOptions, Recording, Replay};
use serde_json::json;
use tokio::time::sleep;

use crate::memory::Listener;
use crate::process::Process;
use crate::table::Table;
use crate::{SECOND, beside, dispatches, resumed, send_typing};

/// What a recording has of its one shard: how often that began, and how many payloads came.
fn replayed(file: &[u8]) -> (usize, usize) {
    let recording = Recording::read(file).expect("a recording");
    let mut replay = Replay::new(&recording).expect("settings");
    let (mut begun, mut payloads) = (0, 0);
    while let Some(step) = replay.step().expect("frames") {
        assert_eq!(
            step.divergence, None,
            "{:?} {:?}",
            step.happened, step.actions
        );
        match step.happened {
            Happened::Begun => begun += 1,
            Happened::Input(Input::Payload(_)) => payloads += 1,
            Happened::Ended(why) => panic!("{why}"),
            _ => {}
        }
    }
    (begun, payloads)
}

#[tokio::test(start_paused = true)]
async fn a_shard_is_recorded_in_each_process_that_has_it_and_again_where_it_comes_back() {
    let table = Table::default();
    let record = |process: &Process| table.builder(process, 1).record(RecordOptions::default());
    let (first, mut listener) = Process::new();
    let mut bot = record(&first).connect().await.expect("started");
    let mut gateway = beside(&mut bot, listener.accept()).await;
    gateway.hello(600 * SECOND).await;
    gateway.expect(2).await;
    let guild = "4194304";
    let listed = json!([{"id": guild, "unavailable": true}]);
    gateway.ready_with("shared", listed).await;
    let create = json!({"id": guild, "name": "a secret room", "member_count": 1,
        "members": [{"user": {"id": "7", "username": "nobody"}, "roles": []}],
        "owner_id": "1", "roles": [], "channels": []});
    gateway.dispatch("GUILD_CREATE", create).await;
    dispatches(&mut bot, 5 * SECOND).await;
    // Another process has it for a while, and gives it back.
    let handle = bot.handle();
    handle
        .stop_shard(ShardId::ONE, OnStop::Resume)
        .expect("it runs");
    let closed = tokio::spawn(async move { gateway.closed().await });
    dispatches(&mut bot, 20 * SECOND).await;
    closed.await.expect("served");
    let (second, mut others) = Process::new();
    let mut other = record(&second).connect().await.expect("started");
    let gateway = again(&mut other, &mut others).await;
    let elsewhere = other.handle();
    let closed = tokio::spawn(async move { drop(gateway) });
    handle.start_shard(ShardId::ONE).expect("it has ended");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("other.rec");
    elsewhere.dump(&path).await.expect("written");
    let file = std::fs::read(&path).expect("a file");
    let (begun, payloads) = replayed(&file);
    assert!(begun == 1 && payloads >= 3, "{begun}, {payloads}");
    closed.await.expect("done");
    other.shutdown(OnStop::Resume).await.expect("it ends");
    let _gateway = again(&mut bot, &mut listener).await;
    sleep(SECOND).await;
    let path = folder.path().join("bot.rec");
    handle.dump(&path).await.expect("written");
    let file = std::fs::read(&path).expect("a file");
    let (begun, payloads) = replayed(&file);
    assert!(begun == 2 && payloads >= 6, "{begun}, {payloads}");
}

/// The session is resumed, and something more comes in it.
async fn again(
    bot: &mut headcount_driver::Bot<Process>,
    listener: &mut Listener,
) -> crate::memory::Gateway {
    let (mut gateway, _) = resumed(bot, listener).await;
    gateway
        .send(json!({"op": 0, "s": 3, "t": "RESUMED", "d": {}}))
        .await;
    send_typing(&mut gateway, 1).await;
    dispatches(bot, 5 * SECOND).await;
    gateway
}

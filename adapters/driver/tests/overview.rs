//! What an operator asks of a running bot of several shards.

use std::time::Duration;

use headcount_driver::core::chunk::RequestProgress;
use headcount_driver::core::id::GuildId;
use headcount_driver::core::session::{Phase, Wait};
use headcount_driver::core::setup::{AutoChunk, Stage, WaitsFor};
use headcount_driver::core::{Event, Intents, ShardId};
use headcount_driver::{Builder, Handle};
use serde_json::{Value, json};

mod memory;
use memory::{PLAIN, info, memory};

/// The guild of this number: the even ones are on shard 0 of 2, the others on shard 1.
fn guild(number: u64) -> GuildId {
    GuildId::new(number << 22).expect("not zero")
}

fn listed(numbers: impl Iterator<Item = u64>) -> Value {
    let guilds = numbers.map(|it| json!({"id": guild(it).to_string(), "unavailable": true}));
    guilds.collect()
}

/// What is not whole, read in pages of this size.
fn paged(handle: &Handle, size: usize) -> Vec<(u32, GuildId)> {
    let (mut all, mut last) = (Vec::new(), None);
    loop {
        let page = handle.not_whole(last, size);
        assert!(page.len() <= size);
        let Some(end) = page.last() else { return all };
        last = Some((end.shard, end.guild));
        all.extend(page.iter().map(|it| (it.shard.number(), it.guild)));
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_whole_is_read_in_pages_over_all_shards() {
    let (runtime, mut listener) = memory();
    let intents = Intents::GUILDS | Intents::GUILD_MEMBERS;
    let builder = Builder::new(runtime, "token", intents).gateway(info(2));
    let builder = builder.compression(PLAIN).chunking(AutoChunk::Missing);
    let mut bot = builder.connect().await.expect("started");
    let handle = bot.handle();
    assert!(handle.not_whole(None, 10).is_empty());
    let budget = handle.identify_budget();
    let waits = handle.shards().map(|shard| shard.connection.waits_for);
    let waits: Vec<_> = waits.map(|it| it.map(|deadline| deadline.wait)).collect();
    assert_eq!(waits, [Some(Wait::IdentifyGrant); 2]);

    let mut gateways = Vec::new();
    for shard in 0..2 {
        let mut gateway = listener.accept().await;
        gateway.hello(Duration::from_secs(40)).await;
        gateway.expect(2).await;
        let guilds = listed((2..14).filter(|number| number % 2 == shard));
        gateway.ready_with("s", guilds).await;
        gateways.push(gateway);
    }
    while handle.shards().any(|shard| shard.readiness.pending < 6) {
        bot.next().await.expect("it runs");
    }
    assert_eq!(handle.identify_budget().left, budget.left - 2);
    let even = (2..14).step_by(2).map(|number| (0, guild(number)));
    let odd = (3..14).step_by(2).map(|number| (1, guild(number)));
    let all: Vec<_> = even.chain(odd).collect();
    for size in [1, 5, 6, 7, 100] {
        assert_eq!(paged(&handle, size), all);
    }
    let pending = handle.pending(8);
    assert_eq!(pending.len(), 8);
    assert!(
        pending
            .iter()
            .all(|it| it.readiness.waits_for == WaitsFor::Guild)
    );
    for shard in handle.shards() {
        assert_eq!(shard.connection.phase, Phase::Active);
        assert_eq!(shard.connection.session_since, Some(shard.connection.since));
        assert_eq!(shard.connection.waits_for, None);
        assert_eq!((shard.readiness.not_whole, shard.halt), (6, None));
    }

    let create = json!({"id": guild(3).to_string(), "name": "room", "member_count": 2500,
        "members": [], "owner_id": "1", "large": true, "roles": [], "channels": []});
    gateways[1].dispatch("GUILD_CREATE", create).await;
    let asked = gateways[1].expect(8).await;
    let requests = handle.open_requests(10);
    let [(shard, request)] = requests[..] else {
        panic!("{requests:?}")
    };
    assert_eq!((shard, request.guild), (ShardId::new(1, 2), guild(3)));
    assert!(matches!(request.progress, RequestProgress::Sent { .. }));

    let chunk = json!({"guild_id": guild(3).to_string(), "members": [], "chunk_index": 0,
        "chunk_count": 1, "nonce": asked["d"]["nonce"]});
    gateways[1].dispatch("GUILD_MEMBERS_CHUNK", chunk).await;
    // Guilds that never come are missed: they hold up nothing any more, and are not whole.
    while !matches!(bot.next().await.expect("it runs").event, Event::BotReady(_)) {}
    assert!(handle.pending(10).is_empty());
    assert!(handle.open_requests(10).is_empty());
    let without: Vec<_> = all.into_iter().filter(|it| it.1 != guild(3)).collect();
    assert_eq!(paged(&handle, 5), without);
    let first = &handle.not_whole(None, 1)[0];
    assert_eq!(first.readiness.stage, Stage::Missed);
}

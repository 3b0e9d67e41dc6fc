//! A takeover where the processes leave snapshots of their shards to each other.

use std::time::Duration;

use headcount_driver::core::Intents;
use headcount_driver::core::cache::memory::Completeness;
use headcount_driver::core::cache::{Kinds, Lack};
use headcount_driver::core::id::GuildId;
use headcount_driver::core::setup::AutoChunk;
use headcount_driver::core::wire::Name;
use headcount_driver::{Bot, Builder, OnResume, Snapshots};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::memory::{Gateway, Listener};
use crate::process::Process;
use crate::rows::{asks, deliver, killed, member};
use crate::shelf::{Puts, Shelf};
use crate::table::Table;
use crate::{SECOND, beside, dispatches, resumed, send_typing};

const MINUTE: Duration = Duration::from_secs(60);

pub(crate) fn builder(table: &Table, process: &Process, shelf: &Shelf) -> Builder<Process> {
    let intents = Intents::GUILDS | Intents::GUILD_MEMBERS;
    table
        .builder_with(process, 1, intents)
        .cache(Kinds::GUILDS | Kinds::MEMBERS | Kinds::USERS)
        .chunking(AutoChunk::Missing)
        .shard_snapshots(shelf.clone())
}

/// Leaves no snapshot for ten minutes.
fn seldom(builder: Builder<Process>) -> Builder<Process> {
    builder.snapshots(Snapshots::Every(600 * SECOND))
}

/// A process leaves a snapshot of a guild with its members, and is killed.
async fn killed_with(table: &Table, shelf: &Shelf) {
    let (process, listener) = Process::new();
    let builder = builder(table, &process, shelf);
    killed((process, listener), builder, 45 * SECOND).await;
}

/// A process that takes the shard over, set up otherwise in part, and the gateway where it resumes
/// with the sequence from where it does.
async fn taken_over_as(
    table: &Table,
    shelf: &Shelf,
    change: impl FnOnce(Builder<Process>) -> Builder<Process>,
) -> (Process, Bot<Process>, (Gateway, u64)) {
    let (process, mut listener) = Process::new();
    let builder = change(builder(table, &process, shelf));
    let mut bot = builder.connect().await.expect("started");
    let resumed = resumed(&mut bot, &mut listener).await;
    (process, bot, resumed)
}

/// A process that takes the shard over, and the gateway where it resumes from so far.
async fn taken_over(table: &Table, shelf: &Shelf, from: u64) -> (Process, Bot<Process>, Gateway) {
    let (process, bot, (gateway, sequence)) = taken_over_as(table, shelf, |it| it).await;
    assert_eq!(sequence, from);
    (process, bot, gateway)
}

/// Takes events of a bot until something is so.
async fn until(bot: &mut Bot<Process>, is_so: impl Fn() -> bool) {
    for _ in 0..300 {
        if is_so() {
            return;
        }
        dispatches(bot, SECOND).await;
    }
    panic!("it is not so");
}

/// The members of the only guild, and how whole they are.
fn members(bot: &Bot<Process>) -> Option<Completeness> {
    let guild = GuildId::new(1).expect("not zero");
    bot.handle().cache(|cache| cache.completeness(guild))
}

const fn complete(members: u64) -> Option<Completeness> {
    Some(Completeness::Complete { members })
}

async fn send(gateway: &mut Gateway, sequence: u64, name: &str, data: Value) {
    let payload = json!({"op": 0, "s": sequence, "t": name, "d": data});
    gateway.send(payload).await;
}

fn joined(user: &str) -> Value {
    let mut member = member(user);
    member["guild_id"] = "1".into();
    member
}

/// A process that has left a snapshot of a guild with its members, as of the second dispatch, and
/// goes on.
async fn owner(table: &Table, shelf: &Shelf) -> (Process, Bot<Process>, Listener, Gateway) {
    let (process, mut listener) = Process::new();
    let builder = builder(table, &process, shelf);
    let mut bot = builder.connect().await.expect("started");
    let mut gateway = beside(&mut bot, listener.accept()).await;
    deliver(&mut gateway).await;
    dispatches(&mut bot, 45 * SECOND).await;
    (process, bot, listener, gateway)
}

#[tokio::test(start_paused = true)]
async fn a_takeover_goes_on_from_the_snapshot_of_the_owner_before() {
    let (table, shelf) = (Table::default(), Shelf::default());
    killed_with(&table, &shelf).await;
    let (_process, mut second, gateway) = taken_over(&table, &shelf, 2).await;
    assert!(!asks(&mut second, gateway).await);
    assert_eq!(members(&second), complete(2));
    let counts = second.handle().metrics().snapshots;
    assert_eq!((counts.used, counts.missing, counts.unused), (1, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn the_first_snapshot_is_left_as_soon_as_a_shard_has_its_guilds() {
    let (table, shelf) = (Table::default(), Shelf::default());
    let (process, listener) = Process::new();
    let builder = seldom(builder(&table, &process, &shelf));
    killed((process, listener), builder, 5 * SECOND).await;
    let (_process, mut second, gateway) = taken_over(&table, &shelf, 2).await;
    assert!(!asks(&mut second, gateway).await);
    assert_eq!(members(&second), complete(2));
}

#[tokio::test(start_paused = true)]
async fn a_takeover_that_is_to_begin_without_rows_reads_none() {
    let (table, shelf) = (Table::default(), Shelf::default());
    killed_with(&table, &shelf).await;
    let cold = |it: Builder<Process>| it.on_resume(OnResume::Cold);
    let (_process, mut second, (gateway, _)) = taken_over_as(&table, &shelf, cold).await;
    assert!(asks(&mut second, gateway).await);
    let counts = second.handle().metrics().snapshots;
    assert_eq!((counts.used, counts.missing, counts.unused), (0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn heartbeats_do_not_pass_the_snapshot_that_was_gone_on_from_before_there_is_another() {
    let (table, shelf) = (Table::default(), Shelf::default());
    killed_with(&table, &shelf).await;
    let (_process, mut bot, (mut gateway, _)) = taken_over_as(&table, &shelf, seldom).await;
    send(&mut gateway, 3, "RESUMED", json!({})).await;
    send(&mut gateway, 4, "TYPING_START", json!({})).await;
    let last = beats(&mut bot, &mut gateway, 2 * MINUTE).await;
    assert_eq!(last, Some(2));
}

#[tokio::test(start_paused = true)]
async fn what_came_after_the_snapshot_changes_rows_once_and_what_was_dealt_with_is_not_heard_again()
{
    let (table, shelf) = (Table::default(), Shelf::default());
    let (process, mut bot, _listener, mut gateway) = owner(&table, &shelf).await;
    gateway.dispatch("GUILD_MEMBER_ADD", joined("7")).await;
    dispatches(&mut bot, 5 * SECOND).await;
    assert_eq!(members(&bot), complete(3));
    gateway.dispatch("GUILD_MEMBER_ADD", joined("8")).await;
    sleep(2 * SECOND).await;
    process.kill();
    let (_process, mut second, mut gateway) = taken_over(&table, &shelf, 2).await;
    send(&mut gateway, 3, "GUILD_MEMBER_ADD", joined("7")).await;
    send(&mut gateway, 4, "GUILD_MEMBER_ADD", joined("8")).await;
    send(&mut gateway, 5, "RESUMED", json!({})).await;
    let heard = dispatches(&mut second, 5 * SECOND).await;
    let of_members = |(name, _): &&(Name, u64)| *name == Name::GuildMemberAdd;
    let heard: Vec<u64> = heard.iter().filter(of_members).map(|(_, at)| *at).collect();
    assert_eq!(heard, [4]);
    assert_eq!(members(&second), complete(4));
}

#[tokio::test(start_paused = true)]
async fn if_the_session_is_lost_at_the_takeover_the_rows_are_stale_until_they_come_anew() {
    let (table, shelf) = (Table::default(), Shelf::default());
    killed_with(&table, &shelf).await;
    let (process, mut listener) = Process::new();
    let builder = builder(&table, &process, &shelf);
    let mut bot = builder.connect().await.expect("started");
    let (mut gateway, _) = resumed(&mut bot, &mut listener).await;
    gateway.send(json!({"op": 9, "d": false})).await;
    let mut gateway = beside(&mut bot, listener.accept()).await;
    let identified = async {
        gateway.hello(600 * SECOND).await;
        gateway.expect(2).await;
        let guilds = json!([{"id": "1", "unavailable": true}]);
        gateway.ready_with("another", guilds).await;
    };
    beside(&mut bot, identified).await;
    dispatches(&mut bot, SECOND).await;
    let found = members(&bot);
    let stale = Some(Completeness::Partial {
        members: 2,
        of: Some(2),
        why: Lack::Stale,
    });
    assert_eq!(found, stale);
}

/// The row of the table of faults.
#[tokio::test(start_paused = true)]
async fn shard_snapshot_unusable() {
    let damages: [fn(&Shelf); 6] = [
        |shelf| shelf.change(Vec::clear),
        |shelf| shelf.change(|piece| piece[0] = 9),
        |shelf| shelf.change(|piece| piece.truncate(piece.len() / 2)),
        |shelf| shelf.change(|piece| *piece = b"\0hcsnap\xff\xff".to_vec()),
        |shelf| shelf.lock().pieces.clear(),
        |shelf| shelf.lock().is_closed = true,
    ];
    for damage in damages {
        let (table, shelf) = (Table::default(), Shelf::default());
        killed_with(&table, &shelf).await;
        damage(&shelf);
        let (_process, mut second, gateway) = taken_over(&table, &shelf, 2).await;
        assert!(asks(&mut second, gateway).await);
        let counts = second.handle().metrics().snapshots;
        assert_eq!((counts.used, counts.missing, counts.unused), (0, 0, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_is_killed_while_it_leaves_a_snapshot_has_left_the_one_before() {
    let (table, shelf) = (Table::default(), Shelf::default());
    let (process, mut bot, _listener, mut gateway) = owner(&table, &shelf).await;
    let last = shelf.lock().last;
    shelf.lock().puts = Puts::Unanswered;
    gateway.dispatch("GUILD_MEMBER_ADD", joined("7")).await;
    until(&mut bot, || shelf.lock().pieces.len() == 2).await;
    process.kill();
    let (_process, mut bot, gateway) = taken_over(&table, &shelf, 2).await;
    assert_eq!(shelf.lock().last, last);
    assert!(!asks(&mut bot, gateway).await);
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_left_is_not_gone_on_from_and_not_left_behind() {
    let (table, shelf) = (Table::default(), Shelf::default());
    let (process, mut bot, _listener, _gateway) = owner(&table, &shelf).await;
    let (handle, last) = (bot.handle(), shelf.lock().last);
    let counts = || handle.metrics().snapshots;
    let before = counts();
    shelf.lock().puts = Puts::Unanswered;
    until(&mut bot, || counts().failures == 2).await;
    assert_eq!(shelf.lock().pieces.len(), 1, "the others are discarded");
    assert_eq!(
        (shelf.lock().last, counts().written),
        (last, before.written)
    );
    process.kill();
}

#[tokio::test(start_paused = true)]
async fn who_has_lost_its_lease_leaves_nothing_more() {
    let (table, shelf) = (Table::default(), Shelf::default());
    let (process, mut bot, _listener, _gateway) = owner(&table, &shelf).await;
    table.cut_off(&process);
    let (_other, _second, (_gateway, sequence)) = taken_over_as(&table, &shelf, seldom).await;
    assert_eq!(sequence, 2);
    let last = shelf.lock().last;
    dispatches(&mut bot, 2 * MINUTE).await;
    assert_eq!(shelf.lock().last, last);
    assert_eq!(shelf.lock().pieces.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_from_before_what_the_service_may_have_forgotten_is_not_gone_on_from() {
    let (table, shelf) = (Table::default(), Shelf::default());
    let (process, mut bot, _listener, mut gateway) = owner(&table, &shelf).await;
    gateway.dispatch("GUILD_MEMBER_ADD", joined("7")).await;
    dispatches(&mut bot, 5 * SECOND).await;
    process.kill();
    // It goes on without the snapshot, and so from the third dispatch.
    shelf.lock().is_closed = true;
    let (process, mut bot, mut gateway) = taken_over(&table, &shelf, 3).await;
    send(&mut gateway, 4, "RESUMED", json!({})).await;
    dispatches(&mut bot, 5 * SECOND).await;
    process.kill();
    shelf.lock().is_closed = false;
    let (_process, _bot, _gateway) = taken_over(&table, &shelf, 4).await;
}

#[tokio::test(start_paused = true)]
async fn a_shard_that_began_without_rows_leaves_no_more_than_it_has() {
    let (table, shelf) = (Table::default(), Shelf::default());
    killed_with(&table, &shelf).await;
    shelf.change(Vec::clear);
    let (process, mut bot, mut gateway) = taken_over(&table, &shelf, 2).await;
    send(&mut gateway, 3, "RESUMED", json!({})).await;
    // Nobody answers the request for its members.
    dispatches(&mut bot, 45 * SECOND).await;
    assert_ne!(members(&bot), complete(2));
    process.kill();
    let (_process, mut bot, gateway) = taken_over(&table, &shelf, 3).await;
    assert!(asks(&mut bot, gateway).await);
    assert_ne!(members(&bot), complete(2));
}

/// Answers heartbeats for so long; what the last one said.
async fn beats(bot: &mut Bot<Process>, gateway: &mut Gateway, time: Duration) -> Option<u64> {
    let mut last = None;
    let answers = async {
        for _ in 0..1_000 {
            let beat = gateway.any().await;
            assert_eq!(beat["op"], 1);
            last = beat["d"].as_u64();
            gateway.send(json!({"op": 11})).await;
        }
    };
    let _ = timeout(time, beside(bot, answers)).await;
    last
}

#[tokio::test(start_paused = true)]
async fn heartbeats_do_not_pass_the_last_snapshot_that_was_kept() {
    let (table, shelf) = (Table::default(), Shelf::default());
    let (process, mut listener) = Process::new();
    let builder = builder(&table, &process, &shelf);
    let mut bot = builder.connect().await.expect("started");
    let mut gateway = beside(&mut bot, listener.accept()).await;
    gateway.hello(20 * SECOND).await;
    gateway.expect(2).await;
    gateway.ready("shared").await;
    beats(&mut bot, &mut gateway, 45 * SECOND).await;
    shelf.lock().puts = Puts::Refused;
    send_typing(&mut gateway, 3).await;
    let last = beats(&mut bot, &mut gateway, 100 * SECOND).await;
    assert_eq!(last, Some(1), "a takeover goes on from READY");
    shelf.lock().puts = Puts::Kept;
    let last = beats(&mut bot, &mut gateway, 150 * SECOND).await;
    assert_eq!(last, Some(4));
}

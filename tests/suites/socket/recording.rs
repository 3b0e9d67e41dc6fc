//! Recordings of bots on real sockets: replayed to the same actions, and without what went in.

use std::collections::BTreeSet;
use std::path::Path;

use headcount_sim::act::{Act, Target};
use headcount_sim::server::{Server, ServerConfig};
use headcount_sim::{Options, Plan, guild_id};
use headcount_tokio::driver::core::cache::{Kind, MemoryStore, Policy};
use headcount_tokio::driver::core::chunk::MemberQuery;
use headcount_tokio::driver::core::id::GuildId;
use headcount_tokio::driver::core::session::OnStop;
use headcount_tokio::driver::core::setup::{AutoChunk, Chunking};
use headcount_tokio::driver::core::wire::Name;
use headcount_tokio::driver::core::{Action, Instant};
use headcount_tokio::driver::record::{Happened, RecordOptions, Recording, Replay};
use headcount_tokio::driver::{Bot, Builder};
use headcount_tokio::{BotEvent, Event, Intents, Tokio};
use serde_json::Value;
use zstd::stream::raw::{Decoder, InBuffer, Operation, OutBuffer};

use crate::bot::{TOKEN, builder, options, ready, until};
use crate::runtimes::{Tested, on_each_runtime, serve};
use crate::shape::shape;

on_each_runtime! {
    a_run_replays_to_the_same_actions_and_rows_and_holds_nothing_that_went_in,
    a_run_beyond_its_room_goes_on_from_the_machines_and_rows_there,
    a_bot_that_resumes_replays_to_the_same_actions,
    a_shard_that_is_refused_writes_the_recording_out,
}

const INTENTS: Intents = Intents::all();

fn recorded<R: Tested>(server: &Server) -> Builder<R> {
    let chunking = Chunking::from(AutoChunk::Missing).when(|guild| guild.members != Some(30));
    builder::<R>(server)
        .configure(|config| config.intents = INTENTS)
        .chunking(chunking)
        .record(RecordOptions::default())
}

async fn world(shards: u32) -> Server {
    let options = Options {
        shards,
        max_concurrency: shards,
        ..options(Plan::sizes([40, 30, 20, 25, 30, 300]))
    };
    serve(options, 1, ServerConfig::default()).await
}

/// The texts and ids in a payload, but for those that stay.
fn secrets(value: &Value, key: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            let stays = [
                "status",
                "features",
                "permissions",
                "allow",
                "deny",
                "nonce",
            ];
            // A short word may be anywhere; one with digits is somebody's name.
            let has = |of: fn(&u8) -> bool| text.as_bytes().iter().any(of);
            let is_name = has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
            let least = if is_name { 6 } else { 9 };
            if text.len() >= least && !stays.contains(&key) {
                // As it is written in JSON.
                let text = serde_json::to_string(text).expect("text");
                found.insert(text.trim_matches('"').to_owned());
            }
        }
        Value::Array(values) => values.iter().for_each(|value| secrets(value, key, found)),
        Value::Object(values) => {
            for (key, value) in values {
                // Keys may be ids too.
                if key.len() >= 9 && key.bytes().all(|byte| byte.is_ascii_digit()) {
                    found.insert(key.clone());
                }
                secrets(value, key, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn note(event: &BotEvent, found: &mut BTreeSet<String>) {
    if let Event::Dispatch(dispatch) = &event.event {
        let data: Value = serde_json::from_str(dispatch.data()).expect("JSON");
        secrets(&data, "", found);
        // That of an answer is the bot's own.
        if dispatch.name() != Name::GuildMembersChunk {
            found.extend(data["nonce"].as_str().map(str::to_owned));
        }
    }
}

/// The content of a file, unpacked as its form says.
fn unpacked(file: &[u8]) -> Vec<u8> {
    let from = file.iter().position(|byte| *byte == b'\n').expect("a line") + 1;
    let (mut rest, mut all) = (&file[from..], Vec::new());
    let mut frame = Decoder::new().expect("zstd");
    while let Some((head, after)) = rest.split_at_checked(14) {
        let number = |at: usize| u32::from_le_bytes(head[at..at + 4].try_into().expect("four"));
        let (length, packed) = (number(2) as usize, number(6) as usize);
        let content = &after[..packed];
        match head[1] {
            0 => all.extend_from_slice(content),
            1 => all.extend(zstd::bulk::decompress(content, length).expect("zstd")),
            part => {
                if part == 2 {
                    frame.reinit().expect("zstd");
                }
                let mut block = Vec::with_capacity(length);
                let mut input = InBuffer::around(content);
                let mut output = OutBuffer::around(&mut block);
                while input.pos() < packed {
                    frame.run(&mut input, &mut output).expect("zstd");
                }
                assert_eq!((input.pos(), block.len()), (packed, length));
                all.extend(block);
            }
        }
        rest = &after[packed..];
    }
    all
}

/// Replays a file: how many steps each shard had, and the store that its rows and mutations make.
fn replayed(file: &[u8]) -> (usize, MemoryStore) {
    let recording = Recording::read(file).expect("a recording");
    let mut replay = Replay::new(&recording).expect("settings");
    let mut store = recording.rows().expect("rows").expect("they are kept");
    let (mut steps, mut last) = (0, Instant::ZERO);
    while let Some(step) = replay.step().expect("frames") {
        steps += 1;
        let inputs = format!("{} {:?} {:?}", step.shard, step.at, step.happened);
        assert_eq!(step.divergence, None, "{inputs} {:?}", step.actions);
        assert!(!matches!(step.happened, Happened::Ended(_)), "{inputs}");
        assert!(step.at >= last);
        last = step.at;
        for action in step.actions {
            if let Action::Mutate(mutation) = action {
                store.advance(last);
                store.apply(mutation);
            }
        }
    }
    (steps, store)
}

/// Takes events until a shard has resumed, keeping what is in them.
async fn follow<R: Tested>(bot: &mut Bot<R>, found: &mut BTreeSet<String>, last: &str) {
    until(bot, |event| {
        note(event, found);
        format!("{:?}", event.event).starts_with(last).then_some(())
    })
    .await;
}

async fn a_run_replays_to_the_same_actions_and_rows_and_holds_nothing_that_went_in<R: Tested>() {
    let server = world(2).await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("bot.rec");
    let mut bot = recorded::<R>(&server).connect().await.expect("started");
    let mut found = BTreeSet::new();
    follow(&mut bot, &mut found, "BotReady").await;
    let handle = bot.handle();
    let guild = GuildId::new(guild_id(0)).expect("an id");
    let prefix = MemberQuery::Prefix {
        query: "Absolutely nobody".into(),
        limit: 3,
    };
    handle.request_members(guild, prefix, false).expect("taken");
    follow(&mut bot, &mut found, "ChunkRequestFinished").await;
    server.act(Act::Traffic { events: 300 });
    server.act(Act::Cut(Target::Shard(0)));
    follow(&mut bot, &mut found, "Resumed").await;
    handle
        .set_policy(Kind::Emoji, Policy::none())
        .expect("suits");
    server.act(Act::Traffic { events: 300 });
    server.act(Act::Cut(Target::Shard(1)));
    follow(&mut bot, &mut found, "Resumed").await;
    let live = loop {
        let before = handle.cache(shape);
        handle.dump(&path).await.expect("written");
        // What comes meanwhile may be in one and not in the other.
        if handle.cache(shape) == before {
            break before;
        }
    };
    let file = std::fs::read(&path).expect("a file");
    let (steps, mut store) = replayed(&file);
    store
        .set_policy(Kind::Emoji, Policy::none())
        .expect("suits");
    assert!(steps > 200, "{steps}");
    assert_eq!(shape(&store), live);
    assert_private(&path);

    found.extend([
        TOKEN.to_owned(),
        "Absolutely nobody".into(),
        "127.0.0.1".into(),
    ]);
    assert!(found.len() > 500, "{}", found.len());
    assert_scrubbed(&file, &found);
    let _ = bot.shutdown(OnStop::End).await;
    server.stop().await;
}

/// None of these is in a file, neither as text nor, if it is an id, as a number.
fn assert_scrubbed(file: &[u8], found: &BTreeSet<String>) {
    let content = unpacked(file);
    let text = String::from_utf8_lossy(&content);
    for secret in found {
        assert!(
            !text.contains(secret.as_str()),
            "{secret} is in the recording"
        );
        if let Ok(id) = secret.parse::<u64>() {
            let bytes = id.to_le_bytes();
            assert!(
                !content.windows(8).any(|part| part == bytes),
                "{secret} is in its bytes"
            );
        }
    }
}

async fn a_run_beyond_its_room_goes_on_from_the_machines_and_rows_there<R: Tested>() {
    let server = world(2).await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("bot.rec");
    let options = RecordOptions {
        bytes: 60_000,
        ..RecordOptions::default()
    };
    let bot = recorded::<R>(&server).record(options).connect().await;
    let mut bot = bot.expect("started");
    let mut found = BTreeSet::from([TOKEN.to_owned(), "127.0.0.1".into()]);
    follow(&mut bot, &mut found, "BotReady").await;
    let handle = bot.handle();
    for round in 0..4 {
        server.act(Act::Traffic { events: 800 });
        server.act(Act::Cut(Target::Shard(round % 2)));
        follow(&mut bot, &mut found, "Resumed").await;
    }
    handle.dump(&path).await.expect("written");
    let file = std::fs::read(&path).expect("a file");
    let recording = Recording::read(&file).expect("a recording");
    assert!(recording.end().is_full && !recording.begins_with_run());
    let (steps, store) = replayed(&file);
    assert!(steps > 20, "{steps}");
    assert_eq!(shape(&store), handle.cache(shape));
    assert_scrubbed(&file, &found);
    let _ = bot.shutdown(OnStop::End).await;
    server.stop().await;
}

#[cfg(unix)]
fn assert_private(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path)
        .expect("a file")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[cfg(not(unix))]
fn assert_private(_: &Path) {}

async fn a_bot_that_resumes_replays_to_the_same_actions<R: Tested>() {
    let server = world(1).await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("bot.rec");
    let mut bot = recorded::<R>(&server).connect().await.expect("started");
    ready(&mut bot).await;
    let sessions = bot.shutdown(OnStop::Resume).await.expect("sessions");
    let mut bot = recorded::<R>(&server)
        .sessions(sessions)
        .connect()
        .await
        .expect("started");
    let mut found = BTreeSet::new();
    follow(&mut bot, &mut found, "Resumed").await;
    let handle = bot.handle();
    let guild = GuildId::new(guild_id(3)).expect("an id");
    let all = MemberQuery::All;
    handle.request_members(guild, all, false).expect("taken");
    follow(&mut bot, &mut found, "ChunkRequestFinished").await;
    handle.dump(&path).await.expect("written");
    let (steps, _) = replayed(&std::fs::read(&path).expect("a file"));
    assert!(steps > 5, "{steps}");
    let _ = bot.shutdown(OnStop::End).await;
    server.stop().await;
}

async fn a_shard_that_is_refused_writes_the_recording_out<R: Tested>() {
    let server = world(1).await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("bot.rec");
    let options = RecordOptions {
        file: Some(path.clone()),
        ..RecordOptions::default()
    };
    let bot = recorded::<R>(&server).record(options).connect().await;
    let mut bot = bot.expect("started");
    ready(&mut bot).await;
    server.act(Act::Close(Target::All, 4004));
    while bot.next().await.is_some() {}
    // Its process may end now.
    let file = std::fs::read(&path).expect("written by itself");
    let recording = Recording::read(&file).expect("a recording");
    let why = &recording.end().why;
    assert!(why.starts_with("a shard has ended: "), "{why}");
    replayed(&file);
    server.stop().await;
}

/// A recording of a bot that hears so many dispatches: the file, and the bytes of all payloads.
/// `more` is called before, and after each thousand.
async fn long_run(
    server: &Server,
    intents: Intents,
    events: u32,
    more: impl Fn(),
) -> (Vec<u8>, u64) {
    // The recorder's thread may lag behind: events come much faster than in life.
    let record = RecordOptions {
        waiting: 1 << 30,
        ..RecordOptions::default()
    };
    let builder = recorded::<Tokio>(server).record(record);
    let builder = builder.configure(|config| config.intents = intents);
    let mut bot = builder.connect().await.expect("started");
    ready(&mut bot).await;
    more();
    let mut count = 0;
    until(&mut bot, |event| {
        if matches!(event.event, Event::Dispatch(_)) {
            count += 1;
            (count % 1_000 == 0).then(&more);
        }
        (count == events).then_some(())
    })
    .await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("long.rec");
    bot.handle().dump(&path).await.expect("written");
    let shards = bot.handle().metrics().shards;
    let payloads = shards.iter().map(|it| it.counts.payload_bytes).sum();
    (std::fs::read(&path).expect("a file"), payloads)
}

/// Shows how large a recording is, and how fast it is replayed; if it is kept for programs that
/// look further, says where.
#[allow(clippy::print_stdout, reason = "a measurement is shown")]
fn show(file: &[u8], payloads: u64) {
    let start = std::time::Instant::now();
    let recording = Recording::read(file).expect("a recording");
    let is_full = recording.end().is_full;
    let mut replay = Replay::new(&recording).expect("settings");
    let mut inputs = 0;
    while let Some(step) = replay.step().expect("frames") {
        assert_eq!(step.divergence, None);
        assert!(
            !matches!(step.happened, Happened::Ended(_)),
            "all is recorded"
        );
        inputs += u64::from(matches!(step.happened, Happened::Input(_)));
    }
    let rate = inputs as f64 / start.elapsed().as_secs_f64();
    println!(
        "{} bytes of {payloads}; {inputs} inputs, {rate:.0} a second replayed; full: {is_full}",
        file.len()
    );
    if let Some(path) = std::env::var_os("HEADCOUNT_KEEP_RECORDING") {
        std::fs::write(path, file).expect("kept");
    }
}

/// As many events as a bot of 100 a second has in an hour; the times between them are shorter. All
/// kinds come equally often, so that most are changes of guilds, channels, roles and members, which
/// pack half as well as what bots hear most of.
#[test]
#[ignore = "takes minutes, and is to be run in release"]
fn an_hour_of_a_hundred_events_a_second_is_recorded_in_twenty_megabytes() {
    Tokio::block_on(async {
        let options = Options {
            traffic: 20_000,
            ..options(Plan::even(50, 200))
        };
        let server = serve(options, 1, ServerConfig::default()).await;
        let (file, payloads) = long_run(&server, INTENTS, 360_000, || {}).await;
        server.stop().await;
        show(&file, payloads);
        assert!(!Recording::read(&file).expect("a recording").end().is_full);
        assert!(file.len() < 20_000_000);
    });
}

/// A million events of the kinds and in the shares that bots with all intents hear.
#[test]
#[ignore = "takes minutes, and is to be run in release"]
fn a_million_events_of_the_steady_mix_are_recorded_and_replayed() {
    Tokio::block_on(async {
        let server = serve(options(Plan::even(50, 200)), 1, ServerConfig::default()).await;
        let more = || server.act(Act::Traffic { events: 1_100 });
        let (file, payloads) = long_run(&server, Intents::all(), 1_000_000, more).await;
        server.stop().await;
        show(&file, payloads);
    });
}

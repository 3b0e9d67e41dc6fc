//! A bot that finds a state folder which does not fit it, or lacks parts: it has what can be had,
//! and asks for the rest.

use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Duration;

use headcount_sim::Plan;
use headcount_sim::server::{Server, ServerConfig};
use headcount_tokio::OnStop;
use headcount_tokio::driver::core::cache::memory::{Completeness, GuildRef};
use headcount_tokio::driver::core::cache::{Kinds, Lack};
use headcount_tokio::driver::core::{Intents, ShardId};
use headcount_tokio::driver::{Bot, Builder, Snapshots};

use crate::bot::{builder, options};
use crate::runtimes::{Tested, on_each_runtime, serve};
use crate::warm::{completeness, counted, member_rows, requests};

on_each_runtime! {
    other_intents_begin_anew_over_stale_rows,
    another_number_of_shards_begins_anew_over_stale_rows,
    a_shard_whose_records_are_gone_begins_anew_beside_the_other,
    pipes_in_the_place_of_snapshots_hold_nothing_up,
    a_bot_without_a_cache_leaves_no_snapshot_that_it_went_beyond,
}

const GUILDS: usize = 6;
const MEMBERS: u64 = 60;

async fn server() -> Server {
    let plan = Plan::even(GUILDS as u32, MEMBERS as u32);
    serve(options(plan), 1, ServerConfig::default()).await
}

fn keeping<R: Tested>(server: &Server, folder: &Path) -> Builder<R> {
    let rarely = Snapshots::Every(Duration::from_secs(600));
    builder::<R>(server).state(folder).snapshots(rarely)
}

async fn started<R: Tested>(builder: Builder<R>) -> (Bot<R>, Vec<Completeness>) {
    let bot = builder.connect().await.expect("started");
    let rows = completeness(&bot);
    (bot, rows)
}

/// A bot of so many shards that has counted every guild once, and ends.
async fn first<R: Tested>(server: &Server, folder: &Path, shards: u32) {
    let builder = keeping::<R>(server, folder).shards(0..shards, shards);
    let (mut bot, _) = started(builder).await;
    let done = counted(&mut bot).await;
    assert_eq!((done.complete, done.restored), (GUILDS, None));
    bot.shutdown(OnStop::Resume).await.expect("it ends");
}

const fn is_whole(it: &Completeness) -> bool {
    matches!(it, Completeness::Complete { members } if *members == MEMBERS)
}

/// All members are there, and nobody knows whether they still are.
const fn is_stale(it: &Completeness) -> bool {
    matches!(it, Completeness::Partial { members, why: Lack::Stale, .. } if *members == MEMBERS)
}

/// This bot begins over rows that are stale, and counts every guild anew.
async fn begins_anew<R: Tested>(server: &Server, builder: Builder<R>) {
    let asked = requests(server);
    let (mut bot, rows) = started(builder).await;
    assert!(
        rows.len() == GUILDS && rows.iter().all(is_stale),
        "{rows:?}"
    );
    let done = counted(&mut bot).await;
    assert_eq!(
        (done.complete, done.others, done.restored),
        (GUILDS, 0, None)
    );
    let rows = completeness(&bot);
    assert!(
        rows.len() == GUILDS && rows.iter().all(is_whole),
        "{rows:?}"
    );
    assert!(requests(server) >= asked + GUILDS);
    bot.shutdown(OnStop::Resume).await.expect("it ends");
}

fn resumes(server: &Server) -> usize {
    server.inspect(|gateway| gateway.ledger().resumes.len())
}

async fn other_intents_begin_anew_over_stale_rows<R: Tested>() {
    let (server, folder) = (server().await, tempfile::tempdir().expect("a folder"));
    first::<R>(&server, folder.path(), 1).await;
    let more = keeping::<R>(&server, folder.path());
    let more = more.configure(|config| config.intents |= Intents::GUILD_VOICE_STATES);
    begins_anew(&server, more).await;
    assert_eq!(resumes(&server), 0);
}

async fn another_number_of_shards_begins_anew_over_stale_rows<R: Tested>() {
    let (server, folder) = (server().await, tempfile::tempdir().expect("a folder"));
    first::<R>(&server, folder.path(), 1).await;
    let two = keeping::<R>(&server, folder.path()).shards(0..2, 2);
    begins_anew(&server, two).await;
    assert_eq!(resumes(&server), 0);
}

async fn a_shard_whose_records_are_gone_begins_anew_beside_the_other<R: Tested>() {
    let (server, folder) = (server().await, tempfile::tempdir().expect("a folder"));
    first::<R>(&server, folder.path(), 2).await;
    let journal = std::fs::OpenOptions::new()
        .write(true)
        .open(folder.path().join("journal"))
        .expect("it is there");
    for record in [128, 4096 + 128] {
        journal.write_all_at(&[0; 128], record).expect("written");
    }
    let builder = keeping::<R>(&server, folder.path()).shards(0..2, 2);
    let (mut bot, rows) = started(builder).await;
    let own = |number| {
        let shard = ShardId::new(number, 2);
        bot.handle().cache(|store| {
            let guilds = store.guilds().map(GuildRef::id);
            guilds.filter(|guild| shard.serves(*guild)).count()
        })
    };
    let (kept, lost) = (own(0), own(1));
    assert!(kept > 0 && lost > 0 && kept + lost == GUILDS);
    let count = |of: fn(&Completeness) -> bool| rows.iter().filter(|it| of(it)).count();
    assert_eq!((count(is_whole), count(is_stale)), (kept, lost), "{rows:?}");
    let done = counted(&mut bot).await;
    assert_eq!((done.complete, done.others), (GUILDS, 0));
    assert_eq!(done.restored.map(|it| it.guilds.get()), Some(kept));
    assert_eq!(resumes(&server), 1);
}

async fn pipes_in_the_place_of_snapshots_hold_nothing_up<R: Tested>() {
    let (server, folder) = (server().await, tempfile::tempdir().expect("a folder"));
    first::<R>(&server, folder.path(), 1).await;
    for name in ["snapshot.0", "snapshot.1", "snapshot.portable"] {
        let path = folder.path().join(name);
        let _ = std::fs::remove_file(&path);
        let made = std::process::Command::new("mkfifo").arg(path).status();
        assert!(made.expect("it runs").success());
    }
    let (mut bot, rows) = started(keeping::<R>(&server, folder.path())).await;
    assert!(rows.is_empty());
    let done = counted(&mut bot).await;
    assert_eq!((done.complete, done.restored), (0, None));
    assert_eq!(member_rows(&bot), GUILDS * MEMBERS as usize);
    assert_eq!(resumes(&server), 1, "the session is not lost with the rows");
    bot.shutdown(OnStop::Resume).await.expect("it ends");
    let (mut bot, _) = started(keeping::<R>(&server, folder.path())).await;
    let done = counted(&mut bot).await;
    assert_eq!(done.restored.map(|it| it.guilds.get()), Some(GUILDS));
}

async fn a_bot_without_a_cache_leaves_no_snapshot_that_it_went_beyond<R: Tested>() {
    let (server, folder) = (server().await, tempfile::tempdir().expect("a folder"));
    first::<R>(&server, folder.path(), 1).await;
    let snapshots = || {
        let names = std::fs::read_dir(folder.path()).expect("it is there");
        let names = names.map(|entry| entry.expect("a file").file_name());
        let names = names.map(|name| name.to_string_lossy().into_owned());
        names.filter(|name| name.starts_with("snapshot")).count()
    };
    assert!(snapshots() > 0);
    let builder = keeping::<R>(&server, folder.path()).cache(Kinds::empty());
    let (mut bot, _) = started(builder).await;
    counted(&mut bot).await;
    assert_eq!(snapshots(), 0, "events are acknowledged that it lacks");
    bot.shutdown(OnStop::Resume).await.expect("it ends");
}

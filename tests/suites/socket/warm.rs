//! A bot that finds the rows of the one before.

use std::path::Path;
use std::time::Duration;

use headcount_sim::act::Act;
use headcount_sim::server::{Server, ServerConfig};
use headcount_sim::{Plan, Target};
use headcount_tokio::driver::core::cache::memory::{Completeness, GuildRef};
use headcount_tokio::driver::core::cache::{Kind, Lack};
use headcount_tokio::driver::core::event::FinishedChunking;
use headcount_tokio::driver::state::SavedState;
use headcount_tokio::driver::{Bot, Builder, OnResume, Snapshots};
use headcount_tokio::{Event, OnStop};

use crate::bot::{builder, options, until};
use crate::runtimes::{Tested, on_each_runtime, serve};

on_each_runtime! {
    a_bot_goes_on_with_the_rows_of_the_one_before,
    a_killed_bot_leaves_its_last_snapshot,
    a_bot_that_has_counted_all_leaves_its_first_snapshot,
    rows_of_a_session_that_is_gone,
    torn_snapshot,
    snapshot_that_cannot_be_written,
    without_a_snapshot_members_are_asked_for_anew,
}

const GUILDS: usize = 3;
const MEMBERS: usize = 400;

async fn server() -> Server {
    let plan = Plan::even(GUILDS as u32, MEMBERS as u32);
    serve(options(plan), 1, ServerConfig::default()).await
}

fn keeping<R: Tested>(server: &Server, folder: &Path) -> Builder<R> {
    let often = Snapshots::Every(Duration::from_millis(100));
    builder::<R>(server).state(folder).snapshots(often)
}

/// Takes events until every guild is counted.
pub(crate) async fn counted<R: Tested>(bot: &mut Bot<R>) -> FinishedChunking {
    until(bot, |event| match &event.event {
        Event::FinishedChunking(done) => Some(done.clone()),
        _ => None,
    })
    .await
}

/// How many members are there, and how many guilds have all of theirs.
fn members<R: Tested>(bot: &Bot<R>) -> (u64, usize) {
    completeness(bot)
        .iter()
        .fold((0, 0), |(all, whole), it| match it {
            Completeness::Complete { members } => (all + members, whole + 1),
            Completeness::Partial { members, .. } => (all + members, whole),
        })
}

pub(crate) fn completeness<R: Tested>(bot: &Bot<R>) -> Vec<Completeness> {
    bot.handle().cache(|store| {
        let guilds = store.guilds().map(GuildRef::id);
        guilds
            .filter_map(|guild| store.completeness(guild))
            .collect()
    })
}

/// How many members are there, also of guilds that have no rows of their own.
pub(crate) fn member_rows<R: Tested>(bot: &Bot<R>) -> usize {
    bot.handle().cache(|store| store.rows(Kind::Member))
}

pub(crate) fn requests(server: &Server) -> usize {
    server.inspect(|gateway| gateway.ledger().requests.len())
}

/// A bot that has counted every guild once.
async fn first<R: Tested>(server: &Server, folder: &Path) -> Bot<R> {
    let mut bot = keeping::<R>(server, folder)
        .connect()
        .await
        .expect("started");
    let done = counted(&mut bot).await;
    assert_eq!((done.complete, done.restored), (GUILDS, None));
    bot
}

const WHOLE: (u64, usize) = ((GUILDS * MEMBERS) as u64, GUILDS);

async fn a_bot_goes_on_with_the_rows_of_the_one_before<R: Tested>() {
    let (server, folder) = (server().await, tempfile::tempdir().expect("a folder"));
    let bot = first::<R>(&server, folder.path()).await;
    bot.shutdown(OnStop::Resume).await.expect("it ends");
    let asked = requests(&server);
    for _ in 0..2 {
        let next = keeping::<R>(&server, folder.path()).connect().await;
        let mut next = next.expect("started");
        assert_eq!(members(&next), WHOLE, "before anything has come");
        let done = counted(&mut next).await;
        assert_eq!((done.complete, done.others), (GUILDS, 0));
        assert_eq!(done.restored.map(|it| it.guilds.get()), Some(GUILDS));
        assert_eq!(members(&next), WHOLE);
        next.shutdown(OnStop::Resume).await.expect("it ends");
    }
    assert_eq!(requests(&server), asked, "nobody is asked for again");
    assert_eq!(server.violations(), []);
}

/// What a process leaves that is killed now.
fn left(folder: &Path) -> tempfile::TempDir {
    let left = tempfile::tempdir().expect("a folder");
    for entry in std::fs::read_dir(folder).expect("it is there") {
        let file = entry.expect("a file").path();
        let name = file.file_name().expect("a name");
        // A file that is being renamed may be gone.
        let _ = std::fs::copy(&file, left.path().join(name));
    }
    left
}

/// Waits until so many more snapshots are written.
async fn snapshots<R: Tested>(bot: &Bot<R>, more: u64) {
    let written = || bot.handle().metrics().snapshots.written;
    let enough = written() + more;
    while written() < enough {
        R::default().timer(Duration::from_millis(20)).await;
    }
}

async fn a_killed_bot_leaves_its_last_snapshot<R: Tested>() {
    let (server, folder) = (server().await, tempfile::tempdir().expect("a folder"));
    let bot = first::<R>(&server, folder.path()).await;
    let recorded = || {
        let saved = SavedState::read(folder.path()).expect("it is there");
        let sessions = saved.sessions.iter();
        sessions.map(|saved| saved.session.sequence()).max()
    };
    // While guilds come, the folder may be a second behind.
    while recorded() <= Some(1 + GUILDS as u64) {
        R::default().timer(Duration::from_millis(20)).await;
    }
    snapshots(&bot, 2).await;
    let left = left(folder.path());
    let asked = requests(&server);
    let next = keeping::<R>(&server, left.path()).connect().await;
    let mut next = next.expect("started");
    let done = counted(&mut next).await;
    assert_eq!(done.restored.map(|it| it.guilds.get()), Some(GUILDS));
    assert_eq!(members(&next), WHOLE);
    assert_eq!(requests(&server), asked, "nobody is asked for again");
}

async fn a_bot_that_has_counted_all_leaves_its_first_snapshot<R: Tested>() {
    let (server, folder) = (server().await, tempfile::tempdir().expect("a folder"));
    let rarely = || {
        let builder = builder::<R>(&server).state(folder.path());
        builder.snapshots(Snapshots::Every(Duration::from_secs(3_600)))
    };
    let written = |bot: &Bot<R>| bot.handle().metrics().snapshots.written;
    let mut bot = rarely().connect().await.expect("started");
    counted(&mut bot).await;
    while written(&bot) == 0 {
        R::default().timer(Duration::from_millis(20)).await;
    }
    bot.shutdown(OnStop::Resume).await.expect("it ends");
    let mut next = rarely().connect().await.expect("started");
    let done = counted(&mut next).await;
    assert_eq!(done.restored.map(|it| it.guilds.get()), Some(GUILDS));
    assert_eq!(written(&next), 0, "those that were found are there");
    next.shutdown(OnStop::End).await.expect("it ends");
    let mut last = rarely().connect().await.expect("started");
    let done = counted(&mut last).await;
    assert_eq!(done.restored, None, "nobody goes on from those");
    while written(&last) == 0 {
        R::default().timer(Duration::from_millis(20)).await;
    }
}

async fn rows_of_a_session_that_is_gone<R: Tested>() {
    let (server, folder) = (server().await, tempfile::tempdir().expect("a folder"));
    let bot = first::<R>(&server, folder.path()).await;
    bot.shutdown(OnStop::Resume).await.expect("it ends");
    server.act(Act::ForgetSessions(Target::All));
    let next = keeping::<R>(&server, folder.path()).connect().await;
    let mut next = next.expect("started");
    until(&mut next, |event| {
        matches!(event.event, Event::Gap(_)).then_some(())
    })
    .await;
    let done = counted(&mut next).await;
    assert_eq!((done.complete, done.restored), (GUILDS, None));
    assert_eq!(members(&next), WHOLE);
    next.shutdown(OnStop::End).await.expect("it ends");
    let last = keeping::<R>(&server, folder.path()).connect().await;
    let last = last.expect("started");
    let stale = |it: &Completeness| match it {
        Completeness::Partial { members, why, .. } => {
            (*members, *why) == (MEMBERS as u64, Lack::Stale)
        }
        Completeness::Complete { .. } => false,
    };
    let rows = completeness(&last);
    assert!(rows.len() == GUILDS && rows.iter().all(stale), "{rows:?}");
}

async fn torn_snapshot<R: Tested>() {
    let (server, folder) = (server().await, tempfile::tempdir().expect("a folder"));
    let bot = first::<R>(&server, folder.path()).await;
    snapshots(&bot, 2).await;
    bot.shutdown(OnStop::Resume).await.expect("it ends");
    let names = ["snapshot.0", "snapshot.1", "snapshot.portable"];
    let files = names.map(|name| folder.path().join(name));
    let age =
        |file: &std::path::PathBuf| file.metadata().expect("there").modified().expect("known");
    let newest = files[..2].iter().max_by_key(|file| age(file)).expect("two");
    let tear = |file: &Path| {
        let bytes = std::fs::read(file).expect("it is there");
        std::fs::write(file, &bytes[..bytes.len() - 1]).expect("written");
    };
    // The portable form of it is whole.
    tear(newest);
    let asked = requests(&server);
    let next = keeping::<R>(&server, folder.path()).connect().await;
    let mut next = next.expect("started");
    let done = counted(&mut next).await;
    assert_eq!(done.restored.map(|it| it.guilds.get()), Some(GUILDS));
    assert_eq!((members(&next), requests(&server)), (WHOLE, asked));
    next.shutdown(OnStop::Resume).await.expect("it ends");
    files.iter().for_each(|file| tear(file));
    let next = keeping::<R>(&server, folder.path()).connect().await;
    let mut next = next.expect("started");
    let done = counted(&mut next).await;
    assert_eq!((done.complete, done.others), (0, GUILDS), "as without rows");
    assert_eq!(done.restored, None);
    assert_eq!(member_rows(&next), GUILDS * MEMBERS);
    assert_eq!(requests(&server), asked + GUILDS);
}

async fn without_a_snapshot_members_are_asked_for_anew<R: Tested>() {
    let (server, folder) = (server().await, tempfile::tempdir().expect("a folder"));
    let bot = first::<R>(&server, folder.path()).await;
    bot.shutdown(OnStop::Resume).await.expect("it ends");
    let asked = requests(&server);
    let cold = keeping::<R>(&server, folder.path()).on_resume(OnResume::Cold);
    let mut cold = cold
        .snapshots(Snapshots::Off)
        .connect()
        .await
        .expect("started");
    assert_eq!(members(&cold), (0, 0));
    let done = counted(&mut cold).await;
    assert_eq!(
        (done.complete, done.others),
        (0, GUILDS),
        "but their channels"
    );
    assert_eq!(
        (member_rows(&cold), done.restored),
        (GUILDS * MEMBERS, None)
    );
    assert_eq!(requests(&server), asked + GUILDS);
    cold.shutdown(OnStop::Resume).await.expect("it ends");
    let names = std::fs::read_dir(folder.path()).expect("it is there");
    let names = names.map(|entry| entry.expect("a file").file_name());
    let has_rows = |name: std::ffi::OsString| name.to_string_lossy().starts_with("snapshot");
    assert_eq!(names.filter(|name| has_rows(name.clone())).count(), 0);
}

/// Something lies in the way of both generations.
async fn snapshot_that_cannot_be_written<R: Tested>() {
    let (server, folder) = (server().await, tempfile::tempdir().expect("a folder"));
    for name in ["snapshot.0.new", "snapshot.1.new"] {
        std::fs::create_dir(folder.path().join(name)).expect("made");
    }
    let bot = first::<R>(&server, folder.path()).await;
    let counts = || bot.handle().metrics().snapshots;
    while counts().failures < 2 {
        R::default().timer(Duration::from_millis(20)).await;
    }
    assert_eq!(counts().written, 0);
    bot.shutdown(OnStop::Resume)
        .await
        .expect("the sessions are kept");
    let next = keeping::<R>(&server, folder.path()).connect().await;
    let mut next = next.expect("started");
    let done = counted(&mut next).await;
    assert_eq!((done.complete, done.restored), (0, None));
    assert_eq!(member_rows(&next), GUILDS * MEMBERS);
}

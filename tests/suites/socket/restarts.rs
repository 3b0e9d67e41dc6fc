//! One bot ends, and the next goes on: no event is lost between them.

use std::collections::BTreeSet;
use std::time::Duration;

use headcount_sim::Plan;
use headcount_sim::act::Act;
use headcount_sim::server::{Server, ServerConfig};
use headcount_tokio::driver::core::Position;
use headcount_tokio::driver::core::wire::Name;
use headcount_tokio::{Acknowledgement, Event, Mark, OnStop};

use crate::bot::{builder, options, ready, resumed, until};
use crate::runtimes::{Tested, on_each_runtime, serve};

on_each_runtime! {
    what_nobody_took_comes_to_the_next_bot,
    what_is_not_done_comes_to_the_next_bot,
    a_bot_that_acknowledges_on_receipt_gets_nothing_twice,
    a_handed_over_guild_is_not_called_complete,
    ten_restarts_lose_and_double_nothing,
}

/// What a burst is asked to have; some of it is not for this bot.
const BURST: u32 = 600;

/// Dispatches that a burst has at least.
const HEARD: u64 = 100;

async fn server() -> Server {
    serve(options(Plan::even(3, 20)), 1, ServerConfig::default()).await
}

/// Waits until the server has said so much more.
async fn burst(server: &Server) {
    let sent = |server: &Server| server.inspect(|gateway| gateway.ledger().dispatches);
    let before = sent(server);
    server.act(Act::Traffic { events: BURST });
    server
        .until(move |gateway| gateway.ledger().dispatches >= before + HEARD)
        .await;
}

/// The position of the next dispatch.
async fn dispatch<R: Tested>(bot: &mut headcount_tokio::driver::Bot<R>) -> Position {
    until(bot, |event| match &event.event {
        Event::Dispatch(_) => event.position,
        _ => None,
    })
    .await
}

async fn what_nobody_took_comes_to_the_next_bot<R: Tested>() {
    let server = server().await;
    let mut bot = builder::<R>(&server).connect().await.expect("started");
    ready(&mut bot).await;
    burst(&server).await;
    let mut last = dispatch(&mut bot).await;
    for _ in 0..20 {
        let next = dispatch(&mut bot).await;
        assert_eq!(next.sequence, last.sequence + 1);
        last = next;
    }
    let sessions = bot.shutdown(OnStop::Resume).await.expect("it ends");
    assert_eq!(sessions[0].sequence(), last.sequence);
    let next = builder::<R>(&server).sessions(sessions);
    let mut next = next.connect().await.expect("started");
    let first = dispatch(&mut next).await;
    assert_eq!(
        (first.session, first.sequence),
        (last.session, last.sequence + 1)
    );
    assert!(resumed(&mut next).await > HEARD / 2);
    assert_eq!(next.shutdown(OnStop::End).await.expect("it ends"), []);
    assert_eq!(server.violations(), []);
}

async fn what_is_not_done_comes_to_the_next_bot<R: Tested>() {
    let server = server().await;
    let explicit = builder::<R>(&server).acknowledge(Acknowledgement::Explicit);
    let mut bot = explicit.connect().await.expect("started");
    let mut marks = Vec::new();
    let mut open = None;
    while open.is_none() {
        let mut event = bot.next().await.expect("it runs");
        let is_ready = matches!(event.event, Event::BotReady(_));
        marks.extend(event.mark.take());
        if is_ready {
            burst(&server).await;
            marks.drain(..).for_each(Mark::done);
            open = Some(dispatch_with_mark(&mut bot).await);
        }
    }
    let (first, mark) = open.expect("a dispatch");
    for _ in 0..20 {
        dispatch_with_mark(&mut bot).await.1.done();
    }
    acknowledged(&bot, first.sequence - 1).await;
    mark.done();
    acknowledged(&bot, first.sequence + 20).await;
    bot.shutdown(OnStop::End).await.expect("it ends");
}

/// Waits until the bot would hand its session on as of this sequence: an event that was taken
/// counts once the shard's loop has handed on all that came with it.
async fn acknowledged<R: Tested>(bot: &headcount_tokio::driver::Bot<R>, sequence: u64) {
    while bot.handle().sessions()[0].sequence() != sequence {
        R::default().timer(Duration::from_millis(5)).await;
    }
}

async fn dispatch_with_mark<R: Tested>(
    bot: &mut headcount_tokio::driver::Bot<R>,
) -> (Position, Mark) {
    loop {
        let mut event = bot.next().await.expect("it runs");
        if let (Event::Dispatch(_), Some(mark)) = (&event.event, event.mark.take()) {
            return (mark.position(), mark);
        }
    }
}

async fn a_bot_that_acknowledges_on_receipt_gets_nothing_twice<R: Tested>() {
    let server = server().await;
    let received = builder::<R>(&server).acknowledge(Acknowledgement::OnReceipt);
    let mut bot = received.connect().await.expect("started");
    ready(&mut bot).await;
    burst(&server).await;
    let taken = dispatch(&mut bot).await;
    let received = || bot.handle().sessions()[0].sequence();
    while received() == taken.sequence {
        R::default().timer(Duration::from_millis(5)).await;
    }
    let received = received();
    let sessions = bot.shutdown(OnStop::Resume).await.expect("it ends");
    assert!(
        sessions[0].sequence() >= received,
        "nobody took it, and it is gone"
    );
}

async fn a_handed_over_guild_is_not_called_complete<R: Tested>() {
    let server = server().await;
    let mut bot = builder::<R>(&server).connect().await.expect("started");
    ready(&mut bot).await;
    let sessions = bot.shutdown(OnStop::Resume).await.expect("it ends");
    let next = builder::<R>(&server).sessions(sessions);
    let mut next = next.connect().await.expect("started");
    let done = until(&mut next, |event| match &event.event {
        Event::FinishedChunking(done) => Some((done.complete, done.others)),
        _ => None,
    });
    let (complete, others) = done.await;
    assert_eq!((complete, others), (0, 3), "their rows are not here");
    next.shutdown(OnStop::End).await.expect("it ends");
}

/// Each bot takes a few events more than the one before, the first one not even all of its start.
async fn ten_restarts_lose_and_double_nothing<R: Tested>() {
    let server = server().await;
    let (mut sessions, mut seen, mut ready) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for round in 1..=10 {
        let before = format!("{sessions:?}");
        let next = builder::<R>(&server).sessions(sessions);
        let mut bot = next.connect().await.expect("started");
        for _ in 0..6 + round * 3 {
            let event = bot.next().await.expect("it runs");
            match &event.event {
                Event::Dispatch(dispatch) => {
                    let position = event.position.expect("a session");
                    assert_eq!(dispatch.sequence(), Some(position.sequence));
                    let is_new = seen.insert(position.sequence);
                    assert!(
                        is_new || dispatch.name() == Name::Resumed,
                        "{dispatch:?} of {before}"
                    );
                }
                Event::GuildReady(it) => assert!(ready.insert(it.guild), "{}", it.guild),
                _ => {}
            }
            // There is always something to take.
            server.act(Act::Traffic { events: 5 });
        }
        sessions = bot.shutdown(OnStop::Resume).await.expect("it ends");
        assert_eq!(sessions.len(), 1);
    }
    let last = seen.last().copied().expect("some");
    assert!(seen.iter().copied().eq(1..=last), "{seen:?}");
    // The last one waits for what the pace of member requests has put off.
    let next = builder::<R>(&server).sessions(sessions);
    let mut bot = next.connect().await.expect("started");
    let finished = until(&mut bot, |event| match &event.event {
        Event::GuildReady(it) => {
            assert!(ready.insert(it.guild), "{}", it.guild);
            None
        }
        Event::ShardFinishedChunking(done) => Some((done.handed_over.len(), format!("{done:?}"))),
        _ => None,
    });
    let (handed_over, all) = finished.await;
    assert_eq!(handed_over, 3, "all members, and no rows but these: {all}");
    assert_eq!(ready.len(), 3, "each is told once, by whichever bot");
    assert_eq!(starts(&server), (1, 10));
    assert_eq!(server.violations(), []);
}

fn starts(server: &Server) -> (usize, usize) {
    server.inspect(|gateway| {
        let ledger = gateway.ledger();
        (ledger.identifies.len(), ledger.resumes.len())
    })
}

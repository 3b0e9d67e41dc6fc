//! A Twitch bot: rooms are joined, both sides speak, and a lost connection gets its rooms back.

use std::collections::BTreeSet;

use headcount_sim::twitch::{
    AccountPlan, TwitchAct, TwitchOptions, TwitchServer, TwitchServerConfig, Who,
};
use headcount_tokio::ChatEvent;
use headcount_tokio::driver::Chat;
use headcount_tokio::driver::core::Token;
use headcount_tokio::driver::core::manager::{Distributed, Health, Options};
use headcount_tokio::driver::core::twitch::{
    Account, AccountLimits, Login, PoolEvent, Rate, Room, Say, SayOutcome,
};
use headcount_tokio::driver::metrics::ChatMetrics;

use crate::runtimes::{Tested, beside, on_each_runtime};

on_each_runtime!(rooms_are_joined_spoken_in_and_won_back);

const SECRET: &str = "s3cret";
const ROOMS: usize = 15;

async fn until<R: Tested, T>(
    chat: &mut Chat<R>,
    mut wanted: impl FnMut(&ChatEvent) -> Option<T>,
) -> T {
    loop {
        let event = chat.next().await.expect("the chat goes on");
        if let Some(found) = wanted(&event) {
            return found;
        }
    }
}

/// Takes events until every room was joined, for the first time or again.
async fn joined<R: Tested>(chat: &mut Chat<R>, anew: bool) {
    let mut rooms = BTreeSet::new();
    until(chat, |event| {
        if let ChatEvent::Pool(PoolEvent::Joined { room, again, .. }) = event {
            assert!(*again == anew && rooms.insert(*room), "{event:?}");
        }
        (rooms.len() == ROOMS).then_some(())
    })
    .await;
}

/// Whether what has happened by then is in the numbers.
fn assert_counted(metrics: &ChatMetrics) {
    let shards = metrics.shards.len() as u64;
    let counts = &metrics.counts;
    assert!(
        metrics.shards.iter().all(|health| *health == Health::Up),
        "{metrics:?}"
    );
    assert_eq!((metrics.rooms.joined, metrics.rooms.not_joined), (ROOMS, 0));
    assert_eq!(
        (counts.dials, counts.losses.get("closed")),
        (2 * shards, shards)
    );
    assert_eq!(counts.joins, 2 * ROOMS as u64);
    assert_eq!((counts.said.get("accepted"), counts.said.total()), (1, 1));
    assert!(counts.bytes > 0 && counts.messages > 0);
    assert_eq!((counts.malformed, metrics.missed), (0, 0));
    let mut seen = Vec::new();
    metrics.each(|sample| {
        assert_eq!(sample.metric.label().is_some(), sample.label.is_some());
        seen.push(sample.metric);
    });
    assert!(
        seen.is_sorted()
            && seen
                .iter()
                .all(|it| it.name().starts_with("headcount_chat_"))
    );
}

async fn rooms_are_joined_spoken_in_and_won_back<R: Tested>() {
    let options = TwitchOptions {
        accounts: vec![AccountPlan::new("bot", SECRET)],
        strangers: false,
        ..TwitchOptions::default()
    };
    let config = TwitchServerConfig {
        speed: 10,
        ..TwitchServerConfig::default()
    };
    let server = beside(TwitchServer::start(options, 1, config))
        .await
        .expect("ports");
    let mut builder = Chat::<R>::builder().url(server.ws_url());
    // Ten times faster than Twitch allows, as the server's clock is.
    let limits = AccountLimits {
        joins: Rate::new(20, 1),
        ..AccountLimits::NORMAL
    };
    let login = Login::new("bot").expect("a name");
    let account = Account::new(login, Some(Token::new(SECRET))).with_limits(limits);
    let account = builder.account(account);
    let room = |number: usize| Room::new(&format!("room_{number}")).expect("a name");
    let make = |_: &Options| Distributed::default();
    let rooms = (0..ROOMS).map(room);
    let manager = builder
        .manager(account, Options::default(), rooms, make)
        .expect("they fit");
    let mut chat = builder.start().expect("a good URL");
    joined(&mut chat, false).await;
    let hello = Say::new(room(3), "hello");
    let said = chat.handle().say(manager, hello).expect("queued");
    let outcome = until(&mut chat, |event| match event {
        ChatEvent::Pool(PoolEvent::Said { id, outcome, .. }) if *id == said => {
            Some(outcome.clone())
        }
        _ => None,
    });
    assert_eq!(outcome.await, SayOutcome::Accepted);
    server.act(TwitchAct::Cut(Who::All));
    joined(&mut chat, true).await;
    assert_counted(&chat.handle().metrics());
    chat.shutdown().await;
    server
        .until(|twitch| twitch.connections().count() == 0)
        .await;
    assert_eq!(server.violations(), []);
}

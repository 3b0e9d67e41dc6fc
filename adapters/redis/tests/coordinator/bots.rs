//! Bots that share their shards over one Redis.

use std::time::Duration;

use headcount_core::event::GapCause;
use headcount_redis::Coordinator;
use headcount_sim::Options;
use headcount_sim::server::{HostedServer, ServerConfig};

use crate::server::Server;

fn gateway() -> HostedServer {
    let options = Options {
        shards: 2,
        max_concurrency: 2,
        ..Options::default()
    };
    HostedServer::start(options, 1, ServerConfig::default()).unwrap()
}

/// Short leases, so that a test need not wait for long.
pub(crate) fn short(leases: &mut headcount_core::fleet::lease::LeaseConfig) {
    let millis = Duration::from_millis;
    leases.lease = millis(2_500);
    leases.hold = millis(2_500);
    leases.renew = millis(300);
    leases.look = millis(100);
    leases.settle = millis(300);
    leases.margin = millis(300);
    leases.patience = millis(1_000);
    leases.record = millis(200);
}

#[tokio::test]
async fn the_next_process_resumes_what_the_last_one_handed_over() {
    use headcount_tokio::{Api, Bot, Event, Intents, OnStop};

    let Some(redis) = Server::for_test(&[]) else {
        return;
    };
    let gateway = gateway();
    let mut finished = Vec::new();
    for _ in 0..2 {
        let coordinator = Coordinator::open(&redis.address()).await.unwrap();
        let mut bot = Bot::builder("token", Intents::GUILDS)
            .api(Api::at(gateway.http_url()))
            .coordinate(coordinator)
            .lease_config(short)
            .connect()
            .await
            .unwrap();
        loop {
            let event = bot.next().await.expect("the bot runs").event;
            if let Event::FinishedChunking(it) = event {
                finished.push(it);
                break;
            }
        }
        bot.shutdown(OnStop::Resume).await.unwrap();
    }
    assert_eq!(finished.len(), 2, "each is a bot of its own");
    let ledger = gateway.inspect(|gateway| gateway.ledger().clone());
    assert_eq!((ledger.identifies.len(), ledger.resumes.len()), (2, 2));
    assert_eq!(gateway.violations(), []);
}

#[tokio::test]
async fn sessions_of_other_intents_are_given_up_and_their_gaps_told() {
    use headcount_tokio::{Api, Bot, Event, Intents, OnStop};

    let Some(redis) = Server::for_test(&[]) else {
        return;
    };
    let gateway = gateway();
    let mut gaps = Vec::new();
    for intents in [Intents::GUILDS, Intents::GUILDS | Intents::GUILD_MESSAGES] {
        let coordinator = Coordinator::open(&redis.address()).await.unwrap();
        let builder = Bot::builder("token", intents).api(Api::at(gateway.http_url()));
        let builder = builder.coordinate(coordinator).lease_config(short);
        let mut bot = builder.connect().await.unwrap();
        loop {
            match bot.next().await.expect("the bot runs").event {
                Event::Gap(gap) => gaps.push((gap.from.shard.number(), gap.why)),
                Event::FinishedChunking(_) => break,
                _ => {}
            }
        }
        bot.shutdown(OnStop::Resume).await.unwrap();
    }
    gaps.sort_unstable_by_key(|(shard, _)| *shard);
    assert_eq!(gaps, [(0, GapCause::Ended), (1, GapCause::Ended)]);
    let ledger = gateway.inspect(|gateway| gateway.ledger().clone());
    assert_eq!((ledger.identifies.len(), ledger.resumes.len()), (4, 0));
    assert_eq!(gateway.violations(), []);
}

#[cfg(feature = "smol")]
#[test]
fn on_smol_too() {
    use headcount_smol::{Api, Bot, Event, Intents, OnStop};

    let Some(redis) = Server::for_test(&[]) else {
        return;
    };
    let gateway = gateway();
    smol::block_on(async {
        let coordinator = Coordinator::open(&redis.address()).await.unwrap();
        let builder = Bot::builder("token", Intents::GUILDS).api(Api::at(gateway.http_url()));
        let builder = builder.coordinate(coordinator).lease_config(short);
        let mut bot = builder.connect().await.unwrap();
        while let Some(event) = bot.next().await {
            if let Event::FinishedChunking(_) = event.event {
                break;
            }
        }
        bot.shutdown(OnStop::Resume).await.unwrap();
    });
    assert_eq!(gateway.violations(), []);
}

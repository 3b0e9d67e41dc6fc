//! One bot of 64 shards in one process.

use std::collections::BTreeSet;

use headcount_sim::server::ServerConfig;
use headcount_sim::{Options, Plan};
use headcount_tokio::Event;
use headcount_tokio::driver::core::ShardId;
use headcount_tokio::driver::core::event::FinishedChunking;
use headcount_tokio::driver::core::session::{OnStop, Phase};

use crate::bot::{builder, options, until};
use crate::runtimes::{Tested, on_each_runtime, serve};

on_each_runtime!(sixty_four_shards_at_once);

const SHARDS: u32 = 64;
const GUILDS: u32 = 256;

async fn sixty_four_shards_at_once<R: Tested>() {
    let plan = Plan {
        roles: 2,
        channels: 2,
        emojis: 0,
        ..Plan::even(GUILDS, 30)
    };
    let options = Options {
        shards: SHARDS,
        max_concurrency: SHARDS,
        ..options(plan)
    };
    let server = serve(options, 1, ServerConfig::default()).await;
    let mut bot = builder::<R>(&server).connect().await.expect("started");
    let (complete, others) = until(&mut bot, |event| match &event.event {
        Event::FinishedChunking(FinishedChunking {
            complete, others, ..
        }) => Some((*complete, *others)),
        _ => None,
    })
    .await;
    assert_eq!((complete, others), (GUILDS as usize, 0));
    server.cut_all();
    let mut back = BTreeSet::new();
    until(&mut bot, |event| {
        if let Event::Resumed { .. } = event.event {
            back.extend(event.shard.map(ShardId::number));
        }
        (back.len() == SHARDS as usize).then_some(())
    })
    .await;
    let handle = bot.handle();
    assert!(handle.shards().all(|shard| shard.phase == Phase::Active));
    assert_eq!(
        server.inspect(|gateway| gateway.ledger().identifies.len()),
        SHARDS as usize
    );
    assert_eq!(
        bot.shutdown(OnStop::Resume).await.expect("it ends").len(),
        SHARDS as usize
    );
    assert_eq!(server.violations(), []);
}

//! What a bot counts over real sockets, beside the server's ledger.

use std::time::Duration;

use headcount_sim::act::{Act, Target};
use headcount_sim::server::ServerConfig;
use headcount_sim::{Options, Plan};
use headcount_tokio::Event;
use headcount_tokio::driver::core::wire::Name;

use crate::bot::{builder, options, ready, until};
use crate::runtimes::{Tested, on_each_runtime, serve};

on_each_runtime! {
    metrics_agree_with_the_ledger,
}

async fn metrics_agree_with_the_ledger<R: Tested>() {
    let options = Options {
        shards: 2,
        max_concurrency: 2,
        ..options(Plan::even(6, 40))
    };
    let server = serve(options, 1, ServerConfig::default()).await;
    let mut bot = builder::<R>(&server).connect().await.expect("started");
    ready(&mut bot).await;
    server.act(Act::Cut(Target::Shard(0)));
    until(&mut bot, |event| match event.event {
        Event::Resumed { .. } => Some(()),
        _ => None,
    })
    .await;
    let metrics = bot.handle().metrics();
    let total = &metrics.total;
    let (identifies, resumes, requests) = server.inspect(|gateway| {
        let ledger = gateway.ledger();
        let count = |count: usize| u64::try_from(count).expect("few");
        let requests = count(ledger.requests.len());
        (
            count(ledger.identifies.len()),
            count(ledger.resumes.len()),
            requests,
        )
    });
    assert_eq!((total.identifies, total.resumes), (identifies, resumes));
    assert_eq!((total.resumed, total.losses.get("closed")), (1, 1));
    assert_eq!(total.dispatches.get(Name::GuildCreate), 6);
    assert_eq!(total.requests.get("complete"), requests);
    let stages = metrics.shards.iter().map(|it| it.state.readiness.stages);
    assert_eq!(stages.map(|stages| stages.ready).sum::<usize>(), 6);
    for shard in &metrics.shards {
        let (traffic, payloads) = (shard.traffic, shard.counts.payload_bytes);
        assert!(traffic.received_bytes > 0, "{traffic:?}");
        assert!(traffic.received_bytes < payloads, "they are compressed");
        assert!(traffic.inflate > Duration::ZERO);
        assert!(traffic.sent_bytes > 0);
    }
    assert!(metrics.lag.count() > 0);
    assert_eq!(metrics.gate_granted, identifies);
    assert_eq!(server.violations(), []);
}

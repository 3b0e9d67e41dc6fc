//! Some processes' leases over one Redis: one owner for each shard.

use std::time::Duration;

use headcount_core::fleet::StartLimit;
use headcount_core::fleet::lease::{
    LeaseAction, LeaseConfig, LeaseInput, Leases, ProcessId, Swapped,
};
use headcount_core::manager::Placement;
use headcount_core::{Instant, ShardId};
use headcount_redis::Coordinator;
use tokio::sync::mpsc;

use crate::server::Server;

const SHARDS: u32 = 8;

/// Short enough for a test, and with the proportions of the defaults.
fn config() -> LeaseConfig {
    let millis = Duration::from_millis;
    LeaseConfig {
        lease: millis(1_500),
        renew: millis(200),
        record: millis(100),
        look: millis(50),
        settle: millis(100),
        margin: millis(200),
        patience: millis(500),
        ..LeaseConfig::default()
    }
}

/// Runs a process's leases and says which shards it starts, until nobody listens.
async fn process(id: u64, address: String, started: mpsc::UnboundedSender<(u64, ShardId)>) {
    let redis = Coordinator::open(&address).await.unwrap();
    let begin = std::time::Instant::now();
    let now = || Instant::from_millis(begin.elapsed().as_millis() as u64);
    let me = ProcessId::new(id);
    let shards = ShardId::all(SHARDS.try_into().unwrap());
    let mut leases = Leases::new(now(), config(), me, StartLimit::default(), shards);
    let (answers, mut inputs) = mpsc::unbounded_channel();
    let mut input = LeaseInput::Timeout;
    while !started.is_closed() {
        for action in leases.handle(now(), input) {
            match action {
                LeaseAction::Swap(swap) => {
                    let (redis, answers) = (redis.clone(), answers.clone());
                    tokio::spawn(async move {
                        let swapped = redis.swap(&swap).await.unwrap_or(Swapped::Unknown);
                        let (key, ticket) = (swap.key, swap.ticket);
                        let answer = LeaseInput::Answer {
                            key,
                            ticket,
                            swapped,
                        };
                        let _ = answers.send(answer);
                    });
                }
                LeaseAction::Start { shard, .. } => {
                    let _ = started.send((id, shard));
                }
                LeaseAction::Stop { shard, .. } => {
                    let _ = answers.send(LeaseInput::Closed(shard));
                }
                LeaseAction::Place => {
                    let serves = Placement::Spread.serves(me, &leases.owners());
                    for (shard, _) in leases.owners().shards {
                        let _ = answers.send(match serves.contains(&shard) {
                            true => LeaseInput::Serve(shard),
                            false => LeaseInput::Yield(shard),
                        });
                    }
                }
                _ => {}
            }
        }
        let deadline = leases.poll_timeout().unwrap();
        let wait = tokio::time::timeout(deadline.since(now()), inputs.recv());
        input = wait.await.ok().flatten().unwrap_or(LeaseInput::Timeout);
    }
}

#[tokio::test]
async fn shards_of_a_process_that_ends_are_taken_over_by_the_others() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let (send, mut started) = mpsc::unbounded_channel();
    let tasks: Vec<_> = (1..=3)
        .map(|id| tokio::spawn(process(id, server.address(), send.clone())))
        .collect();
    let mut owners = std::collections::BTreeMap::new();
    while owners.len() < SHARDS as usize || owners.values().all(|id| *id != 2) {
        let (id, shard) = started.recv().await.unwrap();
        owners.insert(shard, id);
    }
    tasks[1].abort();
    while owners.values().any(|id| *id == 2) {
        let (id, shard) = started.recv().await.unwrap();
        owners.insert(shard, id);
    }
    assert_eq!(owners.len(), SHARDS as usize);
}

//! What Redis does with a swap is what the table in memory does.

use std::collections::BTreeMap;
use std::time::Duration;

use headcount_core::ShardId;
use headcount_core::fleet::lease::{
    Epoch, Expected, LeaseEntry, LeaseKey, LeaseTable, ProcessId, Swap, Swapped,
};
use headcount_redis::{Coordinator, RedisOptions};

use crate::server::Server;

/// A small generator.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        (self.0 >> 33) % most
    }
}

fn key(number: u64) -> LeaseKey {
    match number {
        0 => LeaseKey::Processes,
        1 => LeaseKey::Identifies,
        number => LeaseKey::Shard(ShardId::new(number as u32, 9)),
    }
}

/// A swap, drawn at random; what it expects is often there.
fn draw(dice: &mut Dice, ticket: u64, found: Option<Epoch>) -> Swap {
    let expected = match dice.below(6) {
        0 => Expected::Never,
        1 => Expected::Nothing,
        2 => found.map_or(Expected::Nothing, |epoch| {
            Expected::Written(Epoch {
                ticket: epoch.ticket + 1,
                ..epoch
            })
        }),
        _ => found.map_or(Expected::Nothing, Expected::Written),
    };
    let value: Box<[u8]> = (0..dice.below(200))
        .map(|_| dice.below(256) as u8)
        .collect();
    Swap {
        ticket,
        key: LeaseKey::Processes,
        expected,
        holder: ProcessId::new(u64::MAX - dice.below(3)),
        // Always above the time, so that both tables count alike.
        floor: (1 << 50) + dice.below(1_000),
        lease: Duration::from_millis(dice.below(3) * 10_000),
        value: (dice.below(2) == 0).then_some(value),
        with_value: dice.below(2) == 0,
    }
}

/// Without the time, of which each table has its own.
fn timeless(swapped: Swapped) -> Swapped {
    let timeless = |entry: LeaseEntry| LeaseEntry { until: 0, ..entry };
    match swapped {
        Swapped::Done(entry) => Swapped::Done(timeless(entry)),
        Swapped::Refused(entry) => Swapped::Refused(entry.map(timeless)),
        Swapped::Unknown => Swapped::Unknown,
    }
}

async fn compare(address: String) {
    let redis = Coordinator::open(&address).await.unwrap();
    let (mut memory, mut dice) = (LeaseTable::new(), Dice(7));
    let mut done = BTreeMap::new();
    for ticket in 1..3_000 {
        let key = key(dice.below(5));
        let found = memory.get(key).map(|entry| entry.epoch);
        let swap = Swap {
            key,
            ..draw(&mut dice, ticket, found)
        };
        let expected = timeless(memory.swap(0, &swap));
        let swapped = redis.swap(&swap).await.unwrap();
        *done.entry(matches!(swapped, Swapped::Done(_))).or_insert(0) += 1;
        assert_eq!(timeless(swapped), expected, "{swap:?}");
    }
    assert!(done.values().all(|count| *count > 500), "{done:?}");
}

#[tokio::test]
async fn redis_does_with_a_swap_what_the_table_in_memory_does() {
    if let Some(server) = Server::for_test(&[]) {
        compare(server.address()).await;
    }
}

#[cfg(feature = "smol")]
#[test]
fn on_smol_too() {
    if let Some(server) = Server::for_test(&[]) {
        smol::block_on(compare(server.address()));
    }
}

/// The first writing of an entry, without a value.
pub(crate) const fn first_swap(key: LeaseKey) -> Swap {
    Swap {
        ticket: 1,
        key,
        expected: Expected::Nothing,
        holder: ProcessId::new(7),
        floor: 0,
        lease: Duration::from_secs(10),
        value: None,
        with_value: true,
    }
}

#[tokio::test]
async fn numbers_and_leases_follow_the_clock_of_the_server() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let redis = Coordinator::open(&server.address()).await.unwrap();
    let swap = first_swap(LeaseKey::Identifies);
    let now = || std::time::UNIX_EPOCH.elapsed().unwrap().as_millis() as u64;
    let before = now();
    let Swapped::Done(entry) = redis.swap(&swap).await.unwrap() else {
        panic!("nothing was there");
    };
    assert!((before..=now()).contains(&entry.epoch.number), "{entry:?}");
    assert_eq!(entry.until, entry.epoch.number + 10_000);
}

#[tokio::test]
async fn bots_with_other_prefixes_do_not_meet_and_the_keys_of_one_lie_together() {
    let Some(server) = Server::cluster_for_test() else {
        return;
    };
    let mut options = RedisOptions::default();
    options.prefix = "other".into();
    let address = server.address();
    let one = Coordinator::open(&address).await.unwrap();
    let other = Coordinator::open_with(&address, options).await.unwrap();
    let mut dice = Dice(3);
    for ticket in 0..5 {
        let swap = Swap {
            key: key(ticket),
            expected: Expected::Nothing,
            ..draw(&mut dice, ticket, None)
        };
        for redis in [&one, &other] {
            // A single node of a cluster takes a while until it says that it is one.
            let mut swapped = redis.swap(&swap).await;
            for _ in 0..200_000 {
                if swapped.is_ok() {
                    break;
                }
                swapped = redis.swap(&swap).await;
            }
            assert!(matches!(swapped, Ok(Swapped::Done(_))), "{swapped:?}");
        }
    }
}

#[tokio::test]
async fn many_entries_are_looked_at_in_one_round_trip_whatever_is_under_one_of_the_keys() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let redis = Coordinator::open(&server.address()).await.unwrap();
    let mut dice = Dice(5);
    let look = |ticket: u64, number| Swap {
        key: key(number),
        expected: Expected::Never,
        with_value: true,
        ..draw(&mut Dice(ticket), ticket, None)
    };
    let written = Swap {
        key: key(2),
        expected: Expected::Nothing,
        ..draw(&mut dice, 1, None)
    };
    assert!(matches!(redis.swap(&written).await, Ok(Swapped::Done(_))));
    let wrong = ["SET", "{headcount}:shard:3/9", "x"];
    let _: String = server.ask(&wrong).unwrap();
    let looks: Vec<Swap> = (2..6).map(|number| look(number, number)).collect();
    let answers = redis.look_all(&looks).await.unwrap();
    assert_eq!(answers.len(), 4);
    assert!(
        matches!(&answers[0], Swapped::Refused(Some(_))),
        "{answers:?}"
    );
    assert_eq!(answers[0], redis.swap(&looks[0]).await.unwrap());
    assert_eq!(answers[1], Swapped::Unknown);
    assert_eq!(
        answers[2..],
        [Swapped::Refused(None), Swapped::Refused(None)]
    );
}

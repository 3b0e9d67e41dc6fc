//! Numbered traffic: every kind, at its rate, without a gap.
use crate::client::Client;
use headcount_sim::intents::ALL;
use headcount_sim::{Act, ConnectionId, Options, Plan, Target, guild_id};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const RATE: u32 = 200;

fn client() -> Client {
    let options = Options {
        world: Plan::even(6, 20),
        traffic: RATE,
        ..Options::default()
    };
    Client::new(options, 1)
}

fn numbers_on(client: &Client, on: impl Fn(ConnectionId) -> bool) -> Vec<u64> {
    let heard = client.heard.iter().filter(|(id, _)| on(*id));
    heard
        .filter_map(|(_, value)| value["d"]["number"].as_u64())
        .collect()
}

fn is_gapless(numbers: &[u64]) -> bool {
    numbers
        .iter()
        .zip(1..)
        .all(|(number, place)| *number == place)
}

#[test]
fn each_shard_hears_every_kind_numbered_without_a_gap() {
    let mut client = client();
    let shards = [0, 1].map(|shard| {
        let id = client.open();
        client.identify(id, [shard, 2], ALL);
        client.wait(5_000);
        id
    });
    client.wait(20_000);
    let mut kinds: BTreeMap<ConnectionId, BTreeSet<String>> = BTreeMap::new();
    for (id, value) in &client.heard {
        if value["d"]["number"].is_u64() {
            let name = value["t"].as_str().unwrap().to_owned();
            kinds.entry(*id).or_default().insert(name);
        }
    }
    for id in shards {
        let numbers = numbers_on(&client, |on| on == id);
        assert!(is_gapless(&numbers), "{numbers:?}");
        assert_eq!(kinds[&id].len(), 17, "{:?}", kinds[&id]);
    }
    // Half of it for each: one shard heard 30 s, the other 25.
    let arrivals: usize = shards.map(|id| arrivals(&client, id)).iter().sum();
    let all = numbers_on(&client, |_| true).len() - arrivals;
    assert!((5_400..5_600).contains(&all), "{all}");
}

/// The presences that come with those who join: second events of one of the traffic's steps.
fn arrivals(client: &Client, on: ConnectionId) -> usize {
    let heard = client.heard.iter().filter(|(id, _)| *id == on);
    let numbered = heard.filter(|(_, value)| value["d"]["number"].is_u64());
    let names: Vec<&str> = numbered
        .filter_map(|(_, value)| value["t"].as_str())
        .collect();
    let joins = names.windows(2);
    joins
        .filter(|pair| *pair == ["GUILD_MEMBER_ADD", "PRESENCE_UPDATE"])
        .count()
}

#[test]
fn the_number_of_an_event_is_replayed_with_it_and_goes_on_in_a_new_session() {
    let mut client = client();
    let first = client.start([0, 1], ALL);
    let reached = client.gateway.reached(first).unwrap();
    client.gateway.act(client.now, Act::Cut(Target::All));
    client.wait(3_000);
    let second = client.open();
    client.resume(second, reached);
    client.wait(3_000);
    client
        .gateway
        .act(client.now, Act::ForgetSessions(Target::All));
    let third = client.start([0, 1], ALL);
    client.wait(1_000);
    let numbers = numbers_on(&client, |_| true);
    assert!(is_gapless(&numbers));
    assert!(!numbers_on(&client, |id| id == third).is_empty());
}

#[test]
fn sessions_that_see_the_same_count_the_same_and_others_have_no_gaps() {
    let mut client = client();
    let first = client.start([0, 1], ALL);
    client.wait(5_000);
    let second = client.start([0, 1], ALL);
    client.wait(5_000);
    let few = client.start([0, 1], 1);
    client.wait(5_000);
    let body = |id: ConnectionId| {
        let heard = client.heard.iter().filter(move |(on, _)| *on == id);
        let numbered = heard.filter_map(|(_, value)| Some((value["d"]["number"].as_u64()?, value)));
        numbered
            .map(|(n, value)| (n, value["d"].clone()))
            .collect::<BTreeMap<u64, Value>>()
    };
    let (one, two) = (body(first), body(second));
    let shared: Vec<u64> = two
        .keys()
        .copied()
        .filter(|n| one.contains_key(n))
        .collect();
    assert!(shared.len() > 1_000);
    // A message's text differs from none; presences are drawn for each, so only numbers compare.
    for number in shared {
        assert_eq!(one[&number].get("id"), two[&number].get("id"), "{number}");
    }
    assert!(is_gapless(&numbers_on(&client, |id| id == few)));
}

#[test]
fn hours_of_traffic_leave_the_world_as_large_as_it_was() {
    let mut client = client();
    client.wait(3_600_000);
    for number in 0..6 {
        let guild = client.gateway.world().guild(guild_id(number)).unwrap();
        assert!((19..=21).contains(&guild.len()), "{} members", guild.len());
        assert!((20..=21).contains(&guild.role_ids().count()));
        let channels: Vec<u64> = guild.channel_ids().collect();
        assert!((30..=31).contains(&channels.len()));
        let different: BTreeSet<u64> = channels.iter().copied().collect();
        assert_eq!(different.len(), channels.len());
    }
}

#[test]
fn without_the_option_nothing_is_numbered() {
    let mut client = Client::new(Options::default(), 1);
    client.start([0, 1], ALL);
    client.gateway.act(client.now, Act::Traffic { events: 100 });
    client.wait(10_000);
    assert!(numbers_on(&client, |_| true).is_empty());
}

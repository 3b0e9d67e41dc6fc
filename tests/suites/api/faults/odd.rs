//! Faults of single payloads: values, rows and dispatches in forms that nobody foresaw.

use headcount_core::Input;
use headcount_core::config::Timing;
use headcount_sim::{Act, Pair, Target, guild_id};

use super::{emitted, millis, row, well};
use crate::bot::all_active;

/// What the shard of a well bot emits of a dispatch with this name and data.
pub(super) fn feed(pair: &mut Pair, name: &str, data: &str) -> String {
    let session = pair.seats[0].shard.session().unwrap();
    let sequence = session.sequence() + 1;
    let frame = format!(r#"{{"t":"{name}","s":{sequence},"op":0,"d":{data}}}"#);
    pair.done.clear();
    pair.input(0, Input::Payload(frame.as_bytes()));
    emitted(pair)
}

#[test]
fn odd_value() {
    let (row, mut pair) = (row("odd_value"), well(1));
    assert_eq!(row.within, [0]);
    let id = guild_id(0);
    let data = format!(r#"{{"id":"{id}","name":"new name","owner_id":{{}}}}"#);
    let events = feed(&mut pair, "GUILD_UPDATE", &data);
    let (dispatch, misread) = (events.find("Dispatch"), events.find("Misunderstood"));
    assert!(dispatch.is_some() && dispatch < misread, "{events}");
    assert!(events.contains("owner_id"), "{events}");
    row.is_reported(&events);
    let counts = pair.seats[0].shard.misreads();
    let counts: Vec<_> = counts.iter().collect();
    assert_eq!(counts, [("GUILD_UPDATE", "owner_id", 1)]);
}

#[test]
fn odd_row() {
    let (row, mut pair) = (row("odd_row"), well(1));
    assert_eq!(row.within, [0]);
    let id = guild_id(0);
    let data = format!(
        r#"{{"guild_id":"{id}","emojis":[{{"id":[],"name":"a"}},{{"id":"77","name":"b"}}]}}"#
    );
    let events = feed(&mut pair, "GUILD_EMOJIS_UPDATE", &data);
    row.is_reported(&events);
    assert!(events.contains("emojis[0]"), "{events}");
    assert!(!events.contains("emojis[1]"), "{events}");
}

#[test]
fn odd_dispatch() {
    let (row, mut pair) = (row("odd_dispatch"), well(1));
    assert_eq!(row.within, [0]);
    let before = pair.seats[0].shard.session().unwrap().sequence();
    let events = feed(&mut pair, "GUILD_UPDATE", r#"{"id":{},"name":"new name"}"#);
    row.is_reported(&events);
    let after = pair.seats[0].shard.session().unwrap().sequence();
    assert_eq!(after, before + 1);
    pair.done.clear();
    pair.input(0, Input::Payload(b"{\"t\":\"GUILD_UPDATE\"}"));
    let events = emitted(&pair);
    assert!(events.contains("Misunderstood"), "{events}");
    assert!(!events.contains("Dispatch"), "{events}");
}

#[test]
fn session_id_too_long() {
    let (row, timing) = (row("session_id_too_long"), Timing::default());
    let bound = millis(timing.first_backoff + timing.identify_spacing);
    assert_eq!(row.within, [bound]);
    let mut pair = well(1);
    let id = "x".repeat(9_000);
    let data = format!(r#"{{"session_id":"{id}","guilds":[],"user":{{"id":"1"}}}}"#);
    feed(&mut pair, "READY", &data);
    assert!(pair.seats[0].shard.session().is_none());
    pair.done.clear();
    pair.act(Act::Cut(Target::All));
    assert!(pair.run_until(bound, all_active));
    pair.run(60_000);
    row.is_seen(&pair);
    assert_eq!(pair.gateway.violations(), []);
}

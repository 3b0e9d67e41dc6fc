//! Events that wait until their guild is ready.

use headcount_core::Event;
use headcount_core::setup::{AutoChunk, HoldConfig, WaitsFor};
use headcount_core::tracker::TrackerConfig;

use crate::{Beside, SECOND, guild};

fn holding(hold: HoldConfig) -> Beside {
    let mut config = TrackerConfig::default();
    config.setup.chunking = AutoChunk::All.into();
    config.hold = Some(hold);
    Beside::new(config)
}

fn message(number: u64) -> String {
    format!(r#"{{"guild_id":"{number}","author":{{"id":"5"}},"tts":false,"id":"7"}}"#)
}

#[test]
fn events_wait_for_their_guild_wherever_it_is_named() {
    let mut beside = holding(HoldConfig::default());
    beside.ready(&[1]);
    beside.delivered();
    beside.hear("MESSAGE_CREATE", &message(1));
    beside.hear(
        "CHANNEL_PINS_UPDATE",
        r#"{"channel_id":"8","guild_id":"1"}"#,
    );
    beside.hear("WEBHOOKS_UPDATE", r#"{"guild_id":"1","channel_id":"8"}"#);
    assert!(beside.delivered().is_empty());
}

#[test]
fn what_waits_for_a_guild_comes_when_it_is_ready_though_others_are_not() {
    let mut beside = holding(HoldConfig::default());
    beside.ready(&[1, 2]);
    beside.hear("MESSAGE_CREATE", &message(1));
    beside.hear("MESSAGE_CREATE", &message(2));
    beside.create(1, &[]);
    beside.delivered();
    beside.chunk(1, &[], (0, 1));
    assert_eq!(
        beside.delivered(),
        ["GUILD_MEMBERS_CHUNK", "MESSAGE_CREATE"]
    );
}

#[test]
fn a_deadline_releases_nothing_that_still_has_to_wait() {
    let mut beside = holding(HoldConfig::default());
    beside.ready(&[1]);
    beside.create(1, &[]);
    beside.hear("MESSAGE_CREATE", &message(1));
    beside.delivered();
    beside.wait(15 * SECOND);
    let WaitsFor::Sending { .. } = beside.tracker.guild(guild(1)).unwrap().waits_for else {
        panic!("the first attempt has failed")
    };
    assert!(beside.delivered().is_empty());
}

#[test]
fn an_overflow_reports_the_bytes_of_its_guild_alone() {
    let data = message(1);
    let mut beside = holding(HoldConfig {
        events: 10,
        bytes: data.len() - 1,
    });
    beside.ready(&[1]);
    beside.emitted.clear();
    beside.hear("MESSAGE_CREATE", &data);
    let Some(Event::HeldOverflow(overflow)) = beside.emitted.first() else {
        panic!("{:?}", beside.emitted)
    };
    assert_eq!((overflow.events, overflow.bytes), (1, data.len()));
}

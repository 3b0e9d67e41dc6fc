//! Guilds that were asked for everyone a moment ago, by whomever: nobody asks them again too soon.

use std::time::Duration;

use headcount_core::config::Config;
use headcount_core::session::OnStop;
use headcount_core::{Input, Shard};

use crate::guilds::{begun, create, guild};
use crate::handover::{GATE, acknowledging, asked, exported};
use crate::host::Host;

const READY: &str = r#"{"op":0,"t":"READY","s":1,"d":{"session_id":"other",
    "user":{"id":"1","username":"bot"},"guilds":[{"id":"1","unavailable":true}]}}"#;

/// A process that has asked guild 1 for everyone.
fn asking(config: Config) -> Host {
    let mut host = begun(config, &[1]);
    host.receive(&create(2, 1));
    assert_eq!(asked(&host).len(), 1);
    host
}

/// A new session with the same guild begins.
fn begin(host: &mut Host) {
    host.take();
    host.dial();
    host.hello();
    host.receive(READY);
    host.receive(&create(2, 1));
}

#[test]
fn a_guild_that_an_earlier_process_asked_waits_for_what_is_left_of_its_gate() {
    let seconds = Duration::from_secs;
    for ages in [vec![10], vec![10, 25], vec![25, 10]] {
        let mut host = Host::new(acknowledging(false));
        for age in &ages {
            host.shard.asked_before(guild(1), seconds(*age));
        }
        begin(&mut host);
        host.run(Duration::from_millis(20_499));
        assert_eq!(asked(&host).len(), 0, "{ages:?}");
        host.run(Duration::from_millis(1));
        assert_eq!(asked(&host).len(), 1, "{ages:?}");
    }
    let mut host = Host::new(acknowledging(false));
    host.shard
        .asked_before(guild(1), Duration::from_millis(30_500));
    begin(&mut host);
    assert_eq!(asked(&host).len(), 1, "long enough ago");
}

#[test]
fn a_shard_that_has_ended_and_begins_again_asks_no_guild_too_soon() {
    let mut host = asking(acknowledging(false));
    host.shard.stop(OnStop::End);
    host.wake();
    host.shard.start(None).unwrap();
    begin(&mut host);
    assert_eq!(asked(&host).len(), 0, "it was asked a moment ago");
    host.run(GATE);
    assert_eq!(asked(&host).len(), 1);
}

#[test]
fn a_session_says_who_was_asked_also_to_a_process_that_has_run_for_long() {
    let mut other = acknowledging(false);
    other.intents |= headcount_core::Intents::GUILD_MESSAGES;
    let mut host = Host::of(Shard::new(other, 3));
    host.shard.stop(OnStop::End);
    host.wake();
    host.pass(Duration::from_secs(3_600));
    host.input(Input::Timeout);
    let session = exported(&asking(acknowledging(false)));
    host.shard.start(Some(session)).unwrap();
    begin(&mut host);
    assert_eq!(asked(&host).len(), 0, "another process has just asked it");
    host.run(GATE);
    assert_eq!(asked(&host).len(), 1);
}

#[test]
fn a_shard_that_has_ended_says_whom_it_has_asked_and_how_long_ago() {
    let mut host = asking(acknowledging(false));
    let seconds = Duration::from_secs;
    host.shard.asked_before(guild(2), seconds(5));
    host.run(seconds(10));
    host.shard.stop(OnStop::End);
    host.wake();
    let asked = host.shard.asked();
    assert_eq!(asked, [(guild(1), seconds(10)), (guild(2), seconds(15))]);
    host.shard.start(None).unwrap();
    host.run(seconds(16));
    host.input(Input::Timeout);
    assert_eq!(host.shard.asked(), [(guild(1), seconds(26))]);
}

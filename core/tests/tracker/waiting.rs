//! When it wants to be woken, and what it keeps meanwhile.

use headcount_core::Event;
use headcount_core::setup::AutoChunk;
use headcount_core::wire::Name;

use crate::{Beside, SECOND, at, guild, some};

#[test]
fn of_two_deadlines_the_earlier_is_reported() {
    let mut beside = Beside::chunking(AutoChunk::All);
    beside.ready(&[1, 2]);
    beside.create(1, &[]);
    let request = beside.tracker.guild(guild(1)).unwrap().until.unwrap();
    let other = beside.tracker.guild(guild(2)).unwrap().until.unwrap();
    assert!(request < other);
    assert_eq!(beside.tracker.poll_timeout(), Some(request));
}

#[test]
fn a_stage_begins_when_its_dispatch_came() {
    let mut beside = Beside::chunking(AutoChunk::All);
    beside.ready(&[1, 2]);
    for (number, second) in [(1, 3), (2, 7)] {
        beside.now = at(second * SECOND);
        beside.create(number, &[]);
        let since = beside.tracker.guild(guild(number)).unwrap().since;
        assert_eq!(since, beside.now);
    }
}

#[test]
fn what_has_ended_is_forgotten() {
    let mut beside = Beside::chunking(AutoChunk::Never);
    beside.ready(&[1]);
    beside.create(1, &[]);
    let mut sizes = Vec::new();
    for _ in 0..20 {
        for _ in 0..20 {
            beside.ask(1, some());
            beside.wait(2 * SECOND);
            beside.chunk(1, &[], (0, 1));
            beside.sent.clear();
        }
        beside.wait(100 * SECOND);
        sizes.push(format!("{:?}", beside.tracker).len());
    }
    // Only numbers grow: what was asked for 400 times leaves no more than once.
    assert!(sizes[19] < sizes[0] + 400, "{sizes:?}");
}

#[test]
fn a_dispatch_that_is_not_understood_is_named() {
    let mut beside = Beside::chunking(AutoChunk::Never);
    beside.hear("GUILD_DELETE", "{");
    let Some(Event::Misunderstood(event)) = beside.emitted.first() else {
        panic!("{:?}", beside.emitted)
    };
    assert_eq!(event.name, Some(Name::GuildDelete));
}

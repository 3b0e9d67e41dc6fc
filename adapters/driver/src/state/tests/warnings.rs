//! What is said of failures.

use std::cell::RefCell;
use std::sync::Once;

use headcount_core::{Instant, ShardId};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use super::faulty::{Fault, Faulty, Part};
use super::{journal, open, saved, session};
use crate::state::layout::{JOURNAL, RecordSlot, offset};

thread_local! {
    static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Keeps the warnings of each thread by itself. One for all of them, since what is switched on
/// and off by one test could be off for another.
struct Listener;

struct Line<'l>(&'l mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.push_str(&format!("{field}={value:?} "));
    }
}

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = String::new();
        event.record(&mut Line(&mut line));
        LINES.with_borrow_mut(|lines| lines.push(line));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The warnings while something is done.
fn warnings(during: impl FnOnce()) -> Vec<String> {
    static LISTENER: Once = Once::new();
    LISTENER.call_once(|| tracing::subscriber::set_global_default(Listener).unwrap());
    LINES.take();
    during();
    LINES.take()
}

const SHARD: ShardId = ShardId::new(1, 2);

#[test]
fn a_disk_that_stays_full_is_reported_once() {
    let disk = Faulty::new();
    let (folder, _) = open(&disk);
    let mut journal = journal(&folder, SHARD);
    disk.fail(Some(Fault::Full(0)));
    let lines = warnings(|| {
        for second in 0..10 {
            let now = Instant::from_millis(second * 1_000);
            journal.begin(&session(SHARD, "a", second, &[]), now);
            journal.acknowledged(second + 1, now);
            journal.advance(now);
        }
    });
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(lines[0].contains("the session of shard 1/2"), "{lines:?}");
    let failures = folder.failures().read();
    assert_eq!(failures.sessions, 10, "{failures:?}");
    assert_eq!((failures.room, failures.snapshots), (0, 0));
    assert_eq!(saved(&disk), []);
    disk.fail(None);
    let now = Instant::from_millis(20_000);
    assert!(journal.wants_guilds(now), "tried again by itself");
    journal.guilds(&session(SHARD, "a", 11, &[]), now);
    assert_eq!(saved(&disk), [session(SHARD, "a", 11, &[])]);
}

#[test]
fn a_record_that_fails_is_not_tried_at_each_event() {
    let disk = Faulty::new();
    let (folder, _) = open(&disk);
    let mut journal = journal(&folder, SHARD);
    journal.begin(&session(SHARD, "a", 1, &[]), Instant::ZERO);
    let before = disk.operations();
    disk.fail(Some(Fault::Failed(before, Part::Half)));
    let lines = warnings(|| {
        for sequence in 1_000..2_000 {
            journal.acknowledged(sequence, Instant::from_millis(sequence - 1_000));
        }
    });
    assert_eq!(
        (lines.len(), disk.operations()),
        (1, before + 1),
        "{lines:?}"
    );
    assert_eq!(journal.deadline(), Some(Instant::from_millis(1_000)));
    assert_eq!(
        saved(&disk)[0].sequence(),
        1,
        "the torn record is passed over"
    );
    journal.advance(Instant::from_millis(1_000));
    assert_eq!(saved(&disk)[0].sequence(), 1_999);
}

#[test]
fn a_torn_record_is_named_and_the_one_before_is_used() {
    let disk = Faulty::new();
    let (folder, _) = open(&disk);
    let mut journal = journal(&folder, SHARD);
    journal.begin(&session(SHARD, "a", 1, &[]), Instant::ZERO);
    journal.acknowledged(300, Instant::ZERO);
    disk.damage(offset(1, RecordSlot::Second) as usize + 50);
    let lines = warnings(|| assert_eq!(saved(&disk)[0].sequence(), 1));
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("a record of shard 1") && lines[0].contains("torn"));
}

#[test]
fn many_that_do_not_fit_are_one_warning() {
    let disk = Faulty::new();
    let (folder, _) = open(&disk);
    for number in 0..100 {
        let shard = ShardId::new(number, 100);
        journal(&folder, shard).begin(&session(shard, "a", 1, &[]), Instant::ZERO);
    }
    let length = folder.disk.journal_length().unwrap();
    folder
        .disk
        .write_journal(0, &vec![b'x'; length as usize])
        .unwrap();
    let lines = warnings(|| assert_eq!(saved(&disk), []));
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("others=255"), "{lines:?}");
    assert!(folder.disk.read(JOURNAL).unwrap().is_some());
}

//! What two shards record over their lives, and every state that may be found of it afterwards.

use std::time::{Duration, SystemTime};

use headcount_core::session::Session;
use headcount_core::{Instant, ShardId};

use super::faulty::Faulty;
use super::{journal, open, session};
use crate::state::{SavedSession, ShardJournal, StateFolder};

/// In different groups of the journal.
pub(super) const SHARDS: [ShardId; 2] = [ShardId::new(3, 40), ShardId::new(35, 40)];

/// What may be found of a shard: each state handed to its journal, from the oldest to the newest.
/// `None` is a session that ended, or none yet.
pub(super) type States = Vec<Option<Session>>;

/// A shard that writes.
struct Writer {
    shard: ShardId,
    journal: ShardJournal,
    states: States,
    session: Option<(&'static str, Vec<u64>)>,
}

impl Writer {
    fn at(&self, sequence: u64) -> Session {
        let (id, guilds) = self.session.as_ref().expect("a session runs");
        session(self.shard, id, sequence, guilds)
    }

    fn begin(&mut self, now: u64, id: &'static str) {
        self.session = Some((id, vec![1]));
        self.start(&self.at(1), Instant::from_millis(now));
    }

    fn start(&mut self, session: &Session, now: Instant) {
        // In between there may be none, if the disk fails.
        if self.states.last().is_some_and(Option::is_some) {
            self.states.push(None);
        }
        self.states.push(Some(session.clone()));
        self.journal.begin(session, now);
    }

    fn acknowledge(&mut self, now: u64, sequence: u64) {
        self.states.push(Some(self.at(sequence)));
        self.journal
            .acknowledged(sequence, Instant::from_millis(now));
    }

    /// The event of this sequence changes the guilds.
    fn change(&mut self, now: u64, sequence: u64, guild: u64) {
        self.journal.guilds_changed();
        let guilds = &mut self.session.as_mut().expect("a session runs").1;
        guilds.push(guild);
        self.acknowledge(now, sequence);
        self.look(now, sequence);
    }

    /// Does what a driver does at the deadline.
    fn look(&mut self, now: u64, sequence: u64) {
        let now = Instant::from_millis(now);
        if self.journal.wants_guilds(now) {
            self.journal.guilds(&self.at(sequence), now);
        }
        self.journal.advance(now);
    }

    /// The next process takes over. What it cannot go on with it begins anew.
    fn take_over(&mut self, folder: &StateFolder, saved: &[SavedSession]) {
        self.journal = journal(folder, self.shard);
        let session = saved.iter().map(|saved| &saved.session);
        let current = self.states.last().cloned().flatten();
        let mut session = session.filter(|session| session.shard() == self.shard);
        if let Some(current) = current.filter(|current| session.next() != Some(current)) {
            self.start(&current, Instant::ZERO);
        }
    }

    fn end(&mut self, now: u64) {
        self.session = None;
        self.states.push(None);
        self.journal.end(Instant::from_millis(now));
    }
}

/// What is known after a step: how many states there were, for each shard.
pub(super) type Step = Vec<usize>;

/// The run of one process.
pub(super) struct Run {
    pub(super) states: Vec<States>,
    /// After each step that ended before the process was killed.
    pub(super) steps: Vec<Step>,
}

impl Run {
    fn new(writers: [Writer; 2], steps: Vec<Step>) -> Self {
        let states = writers.into_iter().map(|writer| writer.states).collect();
        Self { states, steps }
    }
}

type Act = fn(&mut Writer);

/// Each step, and whether all of it is on the disk for good afterwards.
const STEPS: [(Act, bool); 23] = [
    (|writer| writer.begin(0, "a"), true),
    (|writer| writer.acknowledge(1, 2), false),
    (|writer| writer.acknowledge(2, 300), false),
    (|writer| writer.acknowledge(3, 301), false),
    (|writer| writer.look(8, 301), false),
    (|writer| writer.change(9, 302, 2), false),
    (|writer| writer.acknowledge(500, 700), false),
    (|writer| writer.look(1_000, 700), true),
    (|writer| writer.change(2_500, 701, 3), true),
    (|writer| writer.acknowledge(2_501, 702), false),
    (
        |writer| writer.journal.flush(Instant::from_millis(2_502)),
        true,
    ),
    (|writer| writer.acknowledge(2_503, 703), false),
    (
        |writer| writer.journal.flush(Instant::from_millis(2_504)),
        true,
    ),
    // Here another process takes over, whose time begins anew.
    (|writer| writer.acknowledge(1, 704), false),
    (|writer| writer.look(8, 704), false),
    (|writer| writer.change(9, 705, 4), true),
    (|writer| writer.acknowledge(10, 1_000), false),
    (|writer| writer.change(1_010, 1_001, 5), true),
    (|writer| writer.begin(3_000, "b"), true),
    (|writer| writer.acknowledge(3_001, 2), false),
    (|writer| writer.look(3_010, 2), false),
    (|writer| writer.end(3_500), true),
    (|writer| writer.begin(5_000, "c"), true),
];

/// The step before which another process takes over.
const TAKE_OVER: usize = 13;

/// Whether a shard's state is on the disk for good after so many steps.
pub(super) fn is_synchronised(step: usize) -> bool {
    STEPS[step].1
}

/// Runs the whole of it.
pub(super) fn run(disk: &Faulty) -> Run {
    let (mut folder, sessions) = open(disk);
    assert_eq!(sessions, []);
    let mut writers = SHARDS.map(|shard| writer(&folder, shard));
    let mut steps = Vec::new();
    for (at, (act, _)) in STEPS.iter().enumerate() {
        if at == TAKE_OVER {
            let (next, sessions) = open(disk);
            folder = next;
            for writer in &mut writers {
                writer.take_over(&folder, &sessions);
            }
        }
        for writer in &mut writers {
            act(writer);
            if disk.is_killed() {
                return Run::new(writers, steps);
            }
        }
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(at as u64 * 30);
        folder.cold_start(now);
        if disk.is_killed() {
            return Run::new(writers, steps);
        }
        steps.push(writers.iter().map(|writer| writer.states.len()).collect());
    }
    Run::new(writers, steps)
}

fn writer(folder: &StateFolder, shard: ShardId) -> Writer {
    Writer {
        shard,
        journal: journal(folder, shard),
        states: vec![None],
        session: None,
    }
}

//! Processes that crash at any step: what is not acknowledged comes again, nothing else does, and
//! nothing is lost or stalls.
mod process;
mod service;

use std::collections::{BTreeMap, BTreeSet};

use headcount_core::cache::GuildStatus;
use headcount_core::cache::memory::{Completeness, GuildRef, MemoryStore};
use headcount_core::id::GuildId;
use headcount_core::session::Phase;
use headcount_core::{Input, Session};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::cases;
use process::{Emitted, Process, What};
use service::{Change, GUILDS, Service};

#[derive(Clone, Debug)]
enum Step {
    Change(u64, Change),
    /// Answers the oldest member request.
    Answer,
    Receive(usize),
    /// The store makes so many changes.
    Store(usize),
    Take(usize),
    /// The event taken at this place is dealt with.
    Done(usize),
    /// The session is written down with its guilds.
    Record,
    /// Only how far it is acknowledged.
    RecordPosition,
    Wait(u64),
    /// The connection is lost.
    Cut {
        refused: bool,
    },
    /// The process dies without a word; the next one begins after a while.
    Crash {
        refused: bool,
        keeps_rows: bool,
        pause: u64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let change = prop_oneof![
        6 => Just(Change::Join),
        3 => Just(Change::Leave),
        4 => Just(Change::Talk),
        1 => Just(Change::Create),
    ];
    let refused = || prop::bool::weighted(0.1);
    prop_oneof![
        6 => (GUILDS, change).prop_map(|(guild, change)| Step::Change(guild, change)),
        2 => Just(Step::Answer),
        8 => (1..8_usize).prop_map(Step::Receive),
        6 => (1..6_usize).prop_map(Step::Store),
        6 => (1..8_usize).prop_map(Step::Take),
        8 => (0..8_usize).prop_map(Step::Done),
        2 => Just(Step::Record),
        3 => Just(Step::RecordPosition),
        2 => (1..40_000_u64).prop_map(Step::Wait),
        1 => refused().prop_map(|refused| Step::Cut { refused }),
        2 => (refused(), any::<bool>(), 0..60_000_u64).prop_map(|(refused, keeps_rows, pause)| {
            Step::Crash { refused, keeps_rows, pause }
        }),
    ]
}

type Verdict = Result<(), TestCaseError>;

/// A bot over several processes, and what its consumer had.
struct Run {
    service: Service,
    process: Process,
    lives: u64,
    /// The dispatches that were taken: in which life last.
    taken: BTreeMap<(u64, u64), u64>,
    done: BTreeSet<(u64, u64)>,
    ready: BTreeSet<(u64, u64)>,
    /// What the present process began with.
    began: Option<Session>,
}

impl Run {
    fn new(seed: u64) -> Self {
        Self {
            service: Service::new(),
            process: Process::new(seed, 0, None, MemoryStore::new(seed)),
            lives: 1,
            taken: BTreeMap::new(),
            done: BTreeSet::new(),
            ready: BTreeSet::new(),
            began: None,
        }
    }

    fn go(&mut self, step: &Step, seed: u64) -> Verdict {
        let Self {
            service, process, ..
        } = self;
        match *step {
            Step::Change(guild, change) => service.change(guild, change),
            Step::Answer => drop(service.answer()),
            Step::Receive(count) => process.receive(service, count),
            Step::Store(count) => process.make_changes(count),
            Step::Take(count) => {
                for _ in 0..count {
                    self.take()?;
                }
            }
            Step::Done(which) => self.deal_with(which),
            Step::Record => {
                process.record();
                self.check_record()?;
            }
            Step::RecordPosition => {
                process.record_position();
                self.check_record()?;
            }
            Step::Wait(millis) => process.wait(service, millis),
            Step::Cut { refused } => {
                service.cut();
                service.refuses = refused;
                process.feed(service, Input::Closed(None));
            }
            Step::Crash {
                refused,
                keeps_rows,
                pause,
            } => self.crash(seed, refused, keeps_rows, pause),
        }
        Ok(())
    }

    fn crash(&mut self, seed: u64, refused: bool, keeps_rows: bool, pause: u64) {
        self.service.cut();
        self.service.refuses = refused;
        self.lives += 1;
        let new = MemoryStore::new(seed ^ self.lives);
        let rows = std::mem::replace(&mut self.process.store, new);
        let store = match keeps_rows {
            true => rows,
            false => MemoryStore::new(seed ^ self.lives),
        };
        let (now, recorded) = (self.process.now + pause, self.process.recorded.take());
        self.began = recorded.as_ref().map(|it| it.session.clone());
        self.process = Process::new(seed ^ self.lives, now, recorded, store);
    }

    /// The consumer takes an event: twice only what was not acknowledged when a process crashed.
    fn take(&mut self) -> Verdict {
        let Some(Emitted { position, what }) = self.process.take() else {
            return Ok(());
        };
        let key = (position.session, position.sequence);
        match what {
            What::GuildReady(guild) => drop(self.ready.insert((position.session, guild))),
            What::Follows | What::Summary => {}
            What::Dispatch => {
                let Some(before) = self.taken.insert(key, self.lives) else {
                    return Ok(());
                };
                prop_assert_ne!(
                    before,
                    self.lives,
                    "{:?} comes twice to a process",
                    position
                );
                let began = self.began.as_ref();
                let above = began.is_some_and(|it| {
                    let had = it
                        .delivered()
                        .any(|range| range.contains(&position.sequence));
                    it.digest() == position.session && it.sequence() < position.sequence && !had
                });
                prop_assert!(above, "{:?} comes again after {:?}", position, began);
            }
        }
        Ok(())
    }

    fn deal_with(&mut self, which: usize) {
        if let Some(emitted) = self.process.done(which)
            && emitted.what == What::Dispatch
        {
            let Emitted { position, .. } = emitted;
            self.done.insert((position.session, position.sequence));
        }
    }

    /// What is recorded as acknowledged is dealt with; READY counts as it comes.
    fn check_record(&self) -> Verdict {
        let Some(recorded) = &self.process.recorded else {
            return Ok(());
        };
        let session = &recorded.session;
        let delivered = session.delivered().flatten();
        for sequence in (2..=session.sequence()).chain(delivered) {
            let is_done = self.done.contains(&(session.digest(), sequence));
            prop_assert!(is_done, "{} is recorded, and not dealt with", sequence);
        }
        Ok(())
    }

    /// Takes in all that there is, until nothing more comes.
    fn settle(&mut self) -> Verdict {
        for _ in 0..400 {
            self.process.wait(&mut self.service, 2_000);
            self.process.receive(&mut self.service, usize::MAX);
            while self.service.answer() {}
            while !self.process.queue.is_empty() {
                self.process.make_changes(usize::MAX);
                self.take()?;
            }
            while !self.process.taken.is_empty() {
                self.deal_with(0);
            }
        }
        Ok(())
    }

    fn check_end(&mut self) -> Verdict {
        prop_assert_eq!(self.process.shard.phase(), Phase::Active);
        let sent = self.service.sessions.last().expect("a session").len() as u64;
        prop_assert_eq!(self.process.positions(), Some((sent, sent)), "it stalls");
        let session = self.process.shard.session().expect("a session").digest();
        let lost: Vec<u64> = (2..=sent)
            .filter(|sequence| !self.taken.contains_key(&(session, *sequence)))
            .collect();
        prop_assert!(lost.is_empty(), "{:?} of {} are lost", lost, sent);
        for guild in GUILDS {
            let emitted = self.ready.contains(&(session, guild));
            prop_assert!(emitted, "nobody says that {} is ready", guild);
            self.check_rows(guild)?;
        }
        Ok(())
    }

    /// Each change is made once.
    fn check_rows(&self, number: u64) -> Verdict {
        let id = GuildId::new(number).expect("a guild");
        let (store, is) = (&self.process.store, &self.service.members[&number]);
        let held: BTreeSet<u64> = store.members(id).map(|row| row.user().id().get()).collect();
        if let Some(Completeness::Complete { .. }) = store.completeness(id) {
            prop_assert_eq!(&held, is, "the members of {}", number);
        }
        prop_assert!(held.is_subset(is), "{:?} are held of {:?}", held, is);
        if store.guild_status(id) == Some(GuildStatus::Available)
            && let Some(count) = store.guild(id).and_then(GuildRef::member_count)
        {
            prop_assert_eq!(count, is.len() as u64, "the member count of {}", number);
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn a_crash_at_any_step_loses_nothing_and_repeats_what_was_not_acknowledged(
        steps in vec(step(), 1..120),
        seed: u64,
    ) {
        let mut run = Run::new(seed);
        run.process.wait(&mut run.service, 1);
        for step in &steps {
            run.go(step, seed)?;
        }
        run.service.refuses = false;
        run.settle()?;
        run.check_end()?;
    }
}

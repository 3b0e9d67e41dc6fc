//! What is acknowledged of a shard's session and written down, for the process that follows.
use crate::edge::Millis;
use crate::rng::Rng;
use headcount_core::{Event, Position, Positions, Session, Shard};
use std::collections::BTreeMap;

/// A session is written down with its guilds so long after the last time at the earliest.
const PAUSE: Millis = 1_000;

/// The consumer's account of its events, and what of it is on the disk.
#[derive(Clone, Debug)]
pub(crate) struct Journal {
    rng: Rng,
    open: Option<Open>,
    /// Events that were handed on, by when they are dealt with.
    taken: BTreeMap<(Millis, u64), Taken>,
    count: u64,
    written: Option<Written>,
    write_after: Millis,
}

/// The session that is received.
#[derive(Clone, Debug)]
struct Open {
    /// Where it was taken up.
    from: u64,
    at: Position,
    positions: Positions,
    /// Up to where the shard counts it as dealt with.
    passed: u64,
}

#[derive(Clone, Copy, Debug)]
struct Taken {
    position: Position,
    is_dispatch: bool,
    /// Time led to it, after the dispatch that it hangs on was passed: it may not come again.
    is_late: bool,
}

/// What the next process finds.
#[derive(Clone, Debug)]
struct Written {
    session: Session,
    guild_changes: u64,
}

impl Journal {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            rng: Rng::of(&[seed, 3]),
            open: None,
            taken: BTreeMap::new(),
            count: 0,
            written: None,
            write_after: 0,
        }
    }

    /// The shard is about to take something in: says what is dealt with by now.
    pub(crate) fn acknowledge(&mut self, now: Millis, shard: &mut Shard) {
        while let Some(first) = self.taken.first_entry().filter(|it| it.key().0 <= now) {
            let Taken {
                position,
                is_dispatch,
                ..
            } = first.remove();
            if let Some(open) = &mut self.open
                && open.at.session == position.session
            {
                match is_dispatch {
                    true => open.positions.close_dispatch(position.sequence),
                    false => open.positions.close(position.sequence),
                }
            }
        }
        if let Some(open) = &mut self.open {
            let sequence = open.positions.acknowledged();
            shard.acknowledge(Position {
                sequence,
                ..open.at
            });
            open.passed = shard.acknowledged().map_or(0, |it| it.sequence);
        }
    }

    /// The shard has taken it in: what it emits hangs on where it is.
    pub(crate) fn move_on(&mut self, shard: &Shard) {
        let Some((at, acknowledged)) = shard.position().zip(shard.acknowledged()) else {
            return;
        };
        match &mut self.open {
            Some(open) if open.at.session == at.session => {
                open.at = at;
                open.positions.forget(acknowledged.sequence);
            }
            Some(_) | None => {
                self.open = Some(Open {
                    from: at.sequence,
                    at,
                    positions: Positions::new(at.sequence, usize::MAX),
                    passed: acknowledged.sequence,
                });
            }
        }
    }

    /// An event is handed on; it is dealt with at once, later or never.
    pub(crate) fn take(&mut self, now: Millis, event: &Event<'_>) {
        let Some(Open {
            at,
            positions,
            passed,
            ..
        }) = &mut self.open
        else {
            return;
        };
        let (sequence, is_dispatch) = match event {
            Event::Dispatch(it) => (it.sequence(), true),
            // Every process emits them anew.
            Event::ShardFinishedChunking(_) | Event::ShardReady(_) => return,
            _ => (None, false),
        };
        let sequence = sequence.unwrap_or(at.sequence);
        if sequence > at.sequence {
            // It was held in a session that this one took the place of.
            return;
        }
        positions.open(sequence);
        let longest = self.rng.pick(&[1, 1, 1, 50, 2_000, 20_000]);
        let never = self.rng.below(2_000) == 0;
        let due = match never {
            true => Millis::MAX,
            false => now + self.rng.below(longest),
        };
        self.count += 1;
        let taken = Taken {
            position: Position { sequence, ..*at },
            is_dispatch,
            is_late: sequence <= *passed,
        };
        self.taken.insert((due, self.count), taken);
    }

    /// All that the shard has emitted has been handed on.
    pub(crate) fn settle(&mut self) {
        if let Some(Open { at, positions, .. }) = &mut self.open {
            positions.reach(at.sequence);
        }
    }

    /// Writes down what is due: a new session at once, how far it is acknowledged unless guilds
    /// stand elsewhere now, and its guilds once in a while. `bounded` says what of it the server
    /// may be told. Returns what was reported to the shard as written.
    pub(crate) fn write(
        &mut self,
        now: Millis,
        shard: &mut Shard,
        bounded: impl FnOnce(Position) -> Position,
    ) -> Result<Option<u64>, String> {
        self.acknowledge(now, shard);
        let Some(at) = shard.acknowledged() else {
            self.written = None;
            return Ok(None);
        };
        let guild_changes = shard.guild_changes();
        let written = self.written.as_mut();
        let written = written.filter(|it| it.session.digest() == at.session);
        match written {
            Some(it) if it.guild_changes == guild_changes => {
                it.session = it.session.clone().as_of(at.sequence);
            }
            Some(_) if now < self.write_after => {}
            Some(_) | None => {
                self.write_after = now + PAUSE;
                self.written = self.session(shard).map(|session| Written {
                    session,
                    guild_changes,
                });
            }
        }
        let sequence = self.written.as_ref().map(|it| it.session.sequence());
        let recorded = sequence.map(|sequence| bounded(Position { sequence, ..at }));
        if let Some(recorded) = recorded {
            shard.record(recorded);
        }
        let recorded = recorded.map(|it| it.sequence);
        self.check().map(|()| recorded)
    }

    /// What is written down as acknowledged is dealt with.
    fn check(&self) -> Result<(), String> {
        let (Some(open), Some(written)) = (&self.open, &self.written) else {
            return Ok(());
        };
        let session = &written.session;
        let is_early = |taken: &&Taken| {
            let Position {
                session: of,
                sequence,
                ..
            } = taken.position;
            of == session.digest()
                && !taken.is_late
                && sequence > open.from
                && sequence <= session.sequence()
        };
        match self.taken.values().find(is_early) {
            None => Ok(()),
            Some(taken) => Err(format!(
                "{} is written down, and {taken:?} is not dealt with",
                session.sequence()
            )),
        }
    }

    /// The session as of what is acknowledged.
    pub(crate) fn session(&self, shard: &Shard) -> Option<Session> {
        let session = shard.session()?;
        Some(match &self.open {
            Some(Open { at, positions, .. }) if at.session == session.digest() => {
                session.with_delivered(positions.delivered())
            }
            Some(_) | None => session,
        })
    }

    /// The process is gone: what the next one finds.
    pub(crate) fn die(&mut self) -> Option<Session> {
        self.written.as_ref().map(|it| it.session.clone())
    }

    /// The next process begins.
    pub(crate) fn next_life(&mut self, session: Option<&Session>, shard: &Shard) {
        (self.open, self.write_after) = (None, 0);
        self.taken.clear();
        self.written = session.map(|session| Written {
            session: session.clone(),
            guild_changes: shard.guild_changes(),
        });
    }
}

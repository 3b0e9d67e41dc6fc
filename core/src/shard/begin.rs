//! Shards that begin, with or without what another one left behind.

use alloc::vec::Vec;
use core::mem;
use core::time::Duration;

use super::Shard;
use crate::cache::memory::RestoredRows;
use crate::command_queue::CommandQueue;
use crate::config::{Acknowledge, Config};
use crate::counts::ShardCounts;
use crate::error::RequestError;
use crate::id::GuildId;
use crate::rng::Rng;
use crate::session::machine::Machine;
use crate::session::{OnStop, Session};
use crate::shard::restart::StopRequest;
use crate::time::Instant;
use crate::tracker::Tracker;

impl Shard {
    /// A shard that begins a new session at its first [`Input::Timeout`](crate::Input::Timeout).
    ///
    /// All that is random about it (jitter, back-off, nonces) follows from `seed`. Give each shard
    /// of each process a seed of its own.
    #[must_use]
    pub fn new(config: Config, seed: u64) -> Self {
        Self::build(Instant::ZERO, (config, seed), None)
    }

    /// A shard that goes on with a session that another shard left behind. One that was begun with
    /// other intents is given up, since a resume cannot change them: a new session takes its place,
    /// an [`Event::Gap`](crate::Event::Gap) says what of it is missing, and guilds that were asked
    /// for all their members are not asked again too soon.
    ///
    /// # Errors
    /// [`RequestError::ForeignSession`] if the session was begun by another shard.
    pub fn with_session(config: Config, seed: u64, session: Session) -> Result<Self, RequestError> {
        Self::begin(Instant::ZERO, (config, seed), Some(session), None)
    }

    /// As [`with_session`](Self::with_session), for a host whose store has rows of an earlier
    /// process: the resume begins at what these include, if that is lower than the session's
    /// sequence; what lies in between changes rows alone. Guilds are as whole as their rows, and
    /// asked for their members where these are not whole and that is automatic.
    ///
    /// Rows of another session, or of one that is given up, count for nothing:
    /// [`MemoryStore::inherit`] marks them.
    ///
    /// # Errors
    /// As [`with_session`](Self::with_session).
    ///
    /// [`MemoryStore::inherit`]: crate::cache::MemoryStore::inherit
    pub fn with_rows(
        config: Config,
        seed: u64,
        session: Session,
        rows: &RestoredRows,
    ) -> Result<Self, RequestError> {
        Self::begin(Instant::ZERO, (config, seed), Some(session), Some(rows))
    }

    /// A guild of the shard was asked for all its members so long ago, by a process of the bot
    /// before this one, and is not asked again before
    /// [`RequestConfig::gate`](crate::chunk::RequestConfig::gate) has passed since. A session that
    /// is given to the shard says the same of what was asked before it was fetched.
    pub fn asked_before(&mut self, guild: GuildId, ago: Duration) {
        self.tracker.asked_before(guild, ago);
    }

    /// The guilds that may not be asked for all their members yet, and how long ago they were: for
    /// the next process, where no session says so ([`asked_before`](Self::asked_before)).
    #[must_use]
    pub fn asked(&self) -> Vec<(GuildId, Duration)> {
        self.tracker.asked()
    }

    /// A shard that begins at `now`, with a session and the rows of it if they are there.
    pub(super) fn begin(
        now: Instant,
        (config, seed): (Config, u64),
        session: Option<Session>,
        rows: Option<&RestoredRows>,
    ) -> Result<Self, RequestError> {
        let Some(session) = session else {
            return Ok(Self::build(now, (config, seed), None));
        };
        if session.shard != config.shard {
            return Err(RequestError::ForeignSession);
        }
        let own = (session.shard, session.digest());
        let is_resumed = session.intents == config.intents;
        let rows = rows.filter(|rows| {
            let at = rows.position();
            is_resumed && (at.shard, at.session) == own
        });
        let session = match rows {
            Some(rows) => session.with_rows_as_of(rows.position().sequence),
            None => session,
        };
        Ok(Self::build(now, (config, seed), Some((session, rows))))
    }

    fn build(
        now: Instant,
        (config, seed): (Config, u64),
        session: Option<(Session, Option<&RestoredRows>)>,
    ) -> Self {
        let (mut session, rows) = session.unzip();
        // What an earlier process drew from the same seed may be in its session's replay.
        let moved = session.as_ref().map_or(0, |session| {
            session.digest() ^ session.sequence().rotate_left(32)
        });
        let mut rng = Rng::new(seed ^ moved);
        let settings = config.tracker.clone();
        let mut tracker = Tracker::new(config.shard, config.intents, settings, rng.next_u64());
        tracker.set_now(now);
        let (mut gaps, mut stop_request) = (Vec::new(), None);
        if let Some(session) = &mut session {
            if session.intents != config.intents {
                stop_request = Some(StopRequest::Restart(OnStop::End));
            }
            gaps = mem::take(&mut session.gaps);
            let delivered = mem::take(&mut session.delivered);
            let (digest, guilds) = (session.digest(), mem::take(&mut session.guilds));
            let dealt_with = (delivered, session.settled);
            tracker.restore(digest, &guilds, rows.flatten(), dealt_with);
        }
        if config.acknowledge != Acknowledge::OnReceipt {
            tracker.wait_for_acknowledgements();
        }
        Self {
            now,
            session: Machine::new(config, rng, session),
            tracker,
            command_queue: CommandQueue::default(),
            early_faults: 0,
            stop_request,
            gaps,
            counts: ShardCounts::default(),
        }
    }
}

//! Shards that begin, with or without what another one left behind.

use alloc::vec::Vec;
use core::mem;

use super::Shard;
use crate::cache::memory::RestoredRows;
use crate::command_queue::CommandQueue;
use crate::config::{Acknowledge, Config};
use crate::counts::ShardCounts;
use crate::error::RequestError;
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
        Self::build(config, seed, None)
    }

    /// A shard that goes on with a session that another shard left behind. One that was begun with
    /// other intents is given up, since a resume cannot change them: a new session takes its place,
    /// an [`Event::Gap`](crate::Event::Gap) says what of it is missing, and guilds that were asked
    /// for all their members are not asked again too soon.
    ///
    /// # Errors
    /// [`RequestError::ForeignSession`] if the session was begun by another shard.
    pub fn with_session(config: Config, seed: u64, session: Session) -> Result<Self, RequestError> {
        if session.shard != config.shard {
            return Err(RequestError::ForeignSession);
        }
        Ok(Self::build(config, seed, Some((session, None))))
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
        let at = rows.position();
        let are_own = (at.shard, at.session) == (session.shard, session.digest());
        if !are_own || session.shard != config.shard || session.intents != config.intents {
            return Self::with_session(config, seed, session);
        }
        let session = session.with_rows_as_of(at.sequence);
        Ok(Self::build(config, seed, Some((session, Some(rows)))))
    }

    fn build(config: Config, seed: u64, session: Option<(Session, Option<&RestoredRows>)>) -> Self {
        let (mut session, rows) = session.unzip();
        // What an earlier process drew from the same seed may be in its session's replay.
        let moved = session.as_ref().map_or(0, |session| {
            session.digest() ^ session.sequence().rotate_left(32)
        });
        let mut rng = Rng::new(seed ^ moved);
        let settings = config.tracker.clone();
        let mut tracker = Tracker::new(config.shard, config.intents, settings, rng.next_u64());
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
            now: Instant::ZERO,
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

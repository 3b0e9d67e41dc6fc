//! A shard whose inputs and calls are recorded, if its bot is.

use std::time::Duration;

use headcount_core::cache::memory::RestoredRows;
use headcount_core::id::GuildId;
use headcount_core::session::OnStop;
use headcount_core::{Input, Instant, Position, RequestError, Session, Shard};

use crate::record::{RecordedCall, ShardHeader, Tape};

/// A shard, and where what happens to it is recorded.
pub(crate) struct RecordedShard {
    pub(crate) shard: Shard,
    pub(crate) tape: Option<Box<Tape>>,
    /// How it was asked to stop since it was to begin.
    pub(crate) stop: Option<OnStop>,
    /// Whether it is to begin after another owner, and is as it was before that one.
    pub(crate) is_of_before: bool,
}

impl RecordedShard {
    pub(crate) fn acknowledge(&mut self, position: Position) {
        if self.shard.acknowledge(position)
            && let Some(tape) = &mut self.tape
        {
            tape.acknowledged(position.sequence);
        }
    }

    /// It has ended, and learns what time it is: what was asked of late was so long ago as of now,
    /// and not as of its last input.
    pub(crate) fn wake(&mut self, now: Instant) {
        if self.shard.halt().is_none() {
            return;
        }
        if let Some(tape) = &mut self.tape {
            tape.input(now, &Input::Timeout);
        }
        let actions = self.shard.handle(now, Input::Timeout);
        if let Some(tape) = &mut self.tape {
            tape.actions(&actions);
        }
    }

    /// It begins again without rows. The recording goes on if that is after another owner, and what
    /// it has made of the rows until then counts no more.
    pub(crate) fn start(
        &mut self,
        session: Option<Session>,
        begins_anew: bool,
    ) -> Result<(), RequestError> {
        let seed = self.shard.next_seed();
        let begin = ShardHeader::new(self.shard.id().number(), seed, session, begins_anew);
        match &mut self.tape {
            Some(tape) if self.is_of_before => tape.begun_again(&begin),
            Some(tape) => tape.started(),
            None => {}
        }
        begin.begin_in(&mut self.shard)
    }

    /// It begins again with rows, which a recording does not follow.
    pub(crate) fn start_with_rows(
        &mut self,
        session: Session,
        rows: &RestoredRows,
    ) -> Result<(), RequestError> {
        if let Some(tape) = &mut self.tape {
            tape.started();
        }
        self.shard.start_with_rows(session, rows)
    }

    pub(crate) fn asked_before(&mut self, guild: GuildId, ago: Duration) {
        if let Some(tape) = &mut self.tape {
            tape.call(&RecordedCall::asked_before(guild, ago));
        }
        self.shard.asked_before(guild, ago);
    }

    pub(crate) fn stop(&mut self, on_stop: OnStop) {
        if let Some(tape) = &mut self.tape {
            tape.call(&RecordedCall::stop(on_stop));
        }
        self.shard.stop(on_stop);
    }
}

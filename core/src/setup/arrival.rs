//! Guilds that come and go, and their members.

use core::time::Duration;

use alloc::vec::Vec;

use super::machine::Setup;
use super::news::{GuildLeave, GuildUnavailable, News};
use super::stage::{MemberCount, Origin, Outcome, Stage};
use crate::Instant;
use crate::chunk::{Ask, Chunk, ChunkOutcome, FinishReason, MemberQuery, Refusal};
use crate::id::GuildId;
use crate::intents::Intents;

/// Members were wanted, and cut short before anyone knew how many chunks there are.
const UNKNOWN_MISSING: Outcome = Outcome::Incomplete {
    missing: Vec::new(),
};

/// What setup needs to know of a guild that has come (`GUILD_CREATE`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arrival {
    pub(crate) guild: GuildId,
    /// How many members it has.
    pub(crate) members: u64,
    /// How many of them it lists.
    pub(crate) listed: u64,
    /// Whether the server calls it large.
    pub(crate) large: bool,
}

impl Setup {
    /// A guild has come with its data.
    pub(crate) fn guild_create(&mut self, now: Instant, arrival: Arrival, out: &mut Vec<News>) {
        let guild = arrival.guild;
        if !self.roster.contains(guild) && self.roster.len() >= self.config.guilds {
            self.untracked = self.untracked.saturating_add(1);
            return;
        }
        let origin = self.origin(now, guild);
        self.requests.swept(now, guild, &mut self.ended);
        self.requests.release(now, guild);
        self.tell_ended(now, out);
        if self.restarts.get(&guild).copied().unwrap_or(0) > self.config.restarts {
            let end = (UNKNOWN_MISSING, listed(&arrival));
            self.finish_guild(now, guild, origin, end, None, out);
        } else if self.config.sync.is_some() {
            let members = listed(&arrival);
            self.syncs.add(now, arrival);
            self.place(now, guild, Stage::Syncing { origin, members });
        } else {
            self.ask_or_finish(now, arrival, origin, Outcome::Complete, out);
        }
        self.conclude(out);
    }

    /// Takes the guild out of its stage, and tells how it comes into setup. Data that comes anew
    /// has swept away the members listed so far: their request ends, and a new one is made.
    fn origin(&mut self, now: Instant, guild: GuildId) -> Origin {
        let Some(standing) = self.roster.take(guild) else {
            return Origin::Join;
        };
        match standing.stage {
            Stage::Expected => {
                self.quiet_since = self.quiet_since.map(|_| now);
                Origin::Initial
            }
            Stage::Missed | Stage::Unavailable | Stage::Ready { .. } => Origin::Returned,
            Stage::Syncing { origin, .. } => {
                self.count_restart(guild);
                self.syncs.forget(guild);
                origin
            }
            Stage::Requested {
                origin, request, ..
            }
            | Stage::Receiving {
                origin, request, ..
            } => {
                self.count_restart(guild);
                self.requests
                    .finish(request, FinishReason::Superseded, &mut self.ended);
                origin
            }
        }
    }

    fn count_restart(&mut self, guild: GuildId) {
        let count = self.restarts.entry(guild).or_insert(0);
        *count = count.saturating_add(1);
    }

    /// The last step of setup: asks for the members, or ends with `otherwise`.
    fn ask_or_finish(
        &mut self,
        now: Instant,
        arrival: Arrival,
        origin: Origin,
        otherwise: Outcome,
        out: &mut Vec<News>,
    ) {
        let guild = arrival.guild;
        let wanted = self.config.chunking.wants(&arrival, origin)
            && self.intents.contains(Intents::GUILD_MEMBERS);
        if !wanted || self.is_halted() {
            let outcome = if wanted { UNKNOWN_MISSING } else { otherwise };
            let end = (outcome, listed(&arrival));
            return self.finish_guild(now, guild, origin, end, None, out);
        }
        let ask = Ask {
            guild,
            query: MemberQuery::All,
            presences: self.config.chunking.presences
                && self.intents.contains(Intents::GUILD_PRESENCES),
            auto: true,
            members: arrival.members,
            awaits_guild: false,
        };
        let request = self.requests.accept(now, ask);
        let members = MemberCount {
            expected: arrival.members,
            received: 0,
        };
        let stage = Stage::Requested {
            origin,
            request,
            members,
        };
        self.place(now, guild, stage);
    }

    /// The sync of a guild has come (client accounts only), and lists this many members.
    pub(crate) fn guild_sync(
        &mut self,
        now: Instant,
        guild: GuildId,
        listed: u64,
        out: &mut Vec<News>,
    ) {
        self.leave_sync(now, guild, Some(listed), out);
        self.conclude(out);
    }

    /// The sync of a guild will not come: it goes on with what it has.
    pub(super) fn give_up_sync(&mut self, now: Instant, guild: GuildId, out: &mut Vec<News>) {
        self.leave_sync(now, guild, None, out);
    }

    fn leave_sync(
        &mut self,
        now: Instant,
        guild: GuildId,
        listed: Option<u64>,
        out: &mut Vec<News>,
    ) {
        let Some(arrival) = self.syncs.forget(guild) else {
            return;
        };
        let origin = match self.roster.take(guild).map(|standing| standing.stage) {
            Some(Stage::Syncing { origin, .. }) => origin,
            Some(
                Stage::Expected
                | Stage::Requested { .. }
                | Stage::Receiving { .. }
                | Stage::Ready { .. }
                | Stage::Missed
                | Stage::Unavailable,
            )
            | None => Origin::Returned,
        };
        let otherwise = match listed {
            Some(_) => Outcome::Complete,
            None => UNKNOWN_MISSING,
        };
        let listed = listed.unwrap_or(0).max(arrival.listed);
        let arrival = Arrival { listed, ..arrival };
        self.ask_or_finish(now, arrival, origin, otherwise, out);
    }

    /// A guild went into an outage, also in place of its data. May be repeated, and may name a
    /// guild never seen.
    pub(crate) fn guild_unavailable(&mut self, now: Instant, guild: GuildId, out: &mut Vec<News>) {
        if !self.roster.contains(guild) && self.roster.len() >= self.config.guilds {
            self.untracked = self.untracked.saturating_add(1);
            return;
        }
        let was = self.drop_guild(now, guild, out);
        if was == Some(Stage::Unavailable) {
            return;
        }
        self.ledger.settle(guild, &Outcome::Unavailable);
        out.push(News::GuildUnavailable(GuildUnavailable {
            shard: self.shard,
            guild,
        }));
        self.place(now, guild, Stage::Unavailable);
        self.conclude(out);
    }

    /// A guild was left or deleted. Says nothing of guilds never seen.
    pub(crate) fn guild_delete(&mut self, now: Instant, guild: GuildId, out: &mut Vec<News>) {
        let Some(was) = self.drop_guild(now, guild, out) else {
            return;
        };
        self.roster.take(guild);
        self.ledger.settle(guild, &Outcome::Removed);
        out.push(News::GuildLeave(GuildLeave {
            shard: self.shard,
            guild,
            was_unavailable: was == Stage::Unavailable,
            while_disconnected: false,
        }));
        self.conclude(out);
    }

    /// Ends all that is under way for a guild; leaves it where it is only if in an outage.
    fn drop_guild(&mut self, now: Instant, guild: GuildId, out: &mut Vec<News>) -> Option<Stage> {
        let was = self.roster.take(guild);
        match was.as_ref().map(|standing| &standing.stage) {
            Some(Stage::Expected) => self.quiet_since = self.quiet_since.map(|_| now),
            Some(Stage::Unavailable) => {
                if let Some(standing) = was.clone() {
                    self.roster.put(guild, standing);
                }
            }
            Some(
                Stage::Syncing { .. }
                | Stage::Requested { .. }
                | Stage::Receiving { .. }
                | Stage::Ready { .. }
                | Stage::Missed,
            )
            | None => {}
        }
        self.restarts.remove(&guild);
        self.syncs.forget(guild);
        self.requests.guild_gone(guild, &mut self.ended);
        self.tell_ended(now, out);
        was.map(|standing| standing.stage)
    }

    /// A chunk of members has come.
    pub(crate) fn chunk(
        &mut self,
        now: Instant,
        chunk: &Chunk<'_>,
        out: &mut Vec<News>,
    ) -> ChunkOutcome {
        let outcome = self.requests.chunk(now, chunk, &mut self.ended);
        if let ChunkOutcome::Counted(Some(request)) = outcome
            && self.roster.request_of(chunk.guild) == Some(request)
        {
            let received = self.requests.received(request);
            self.roster.progress(now, chunk.guild, received);
        }
        self.tell_ended(now, out);
        self.conclude(out);
        outcome
    }

    /// The server refused a member request.
    pub(crate) fn rate_limited(
        &mut self,
        now: Instant,
        guild: GuildId,
        nonce: Option<&str>,
        retry_after: Duration,
        out: &mut Vec<News>,
    ) -> Refusal {
        let refusal = self
            .requests
            .rate_limited(now, guild, nonce, retry_after, &mut self.ended);
        self.tell_ended(now, out);
        self.conclude(out);
        refusal
    }
}

fn listed(arrival: &Arrival) -> MemberCount {
    MemberCount {
        expected: arrival.members,
        received: arrival.listed,
    }
}

//! Guilds that come and go, and their members.

use core::time::Duration;

use alloc::vec::Vec;

use super::arrival::Arrival;
use super::event::{GuildLeave, GuildUnavailable, SetupEvent};
use super::machine::Setup;
use super::stage::{MemberCount, Origin, Outcome, Stage};
use crate::Instant;
use crate::chunk::{Ask, Chunk, ChunkOutcome, FinishReason, Listed, MemberQuery, RateLimitOutcome};
use crate::id::GuildId;
use crate::intents::Intents;

/// How a guild ends whose members were wanted, and which was cut short before anyone knew how
/// many chunks there are.
fn cut_short(otherwise: Outcome) -> Outcome {
    match otherwise {
        Outcome::NotAsked => Outcome::Incomplete {
            missing: Vec::new(),
        },
        Outcome::Complete
        | Outcome::Incomplete { .. }
        | Outcome::Unread { .. }
        | Outcome::NoIntent
        | Outcome::HandedOver
        | Outcome::StoreFailed
        | Outcome::Missed
        | Outcome::Unavailable
        | Outcome::Removed
        | Outcome::Refused => otherwise,
    }
}

impl Setup {
    /// A guild has come with its data.
    pub(crate) fn guild_create(
        &mut self,
        now: Instant,
        arrival: Arrival,
        out: &mut Vec<SetupEvent>,
    ) {
        let guild = arrival.guild;
        if !self.registry.contains(guild) && self.registry.len() >= self.config.guilds {
            self.untracked = self.untracked.saturating_add(1);
            return;
        }
        let origin = self.origin(now, guild);
        self.lacking_rows.remove(&guild);
        self.storing.forget(guild);
        if self.storing.has_failed(guild) {
            // A store that does not have this yet takes it for the end of the failure.
            out.push(SetupEvent::StoreFailed(guild));
        }
        self.count_as_whole(&arrival);
        let lack = self.without_asking(&arrival).lack();
        self.presences.arrived(guild, lack, arrival.listed);
        self.requests.swept(now, guild, &mut self.ended);
        self.requests.release(now, guild);
        self.emit_ended(now, out);
        if self.restarts.get(&guild).copied().unwrap_or(0) > self.config.restarts {
            let outcome = cut_short(self.without_asking(&arrival));
            let end = (outcome, arrival.member_count());
            self.finish_guild(now, guild, origin, end, None, out);
        } else if self.config.sync.is_some() {
            let members = arrival.member_count();
            self.syncs.add(now, arrival);
            self.place(now, guild, Stage::Syncing { origin, members });
        } else {
            let otherwise = self.without_asking(&arrival);
            self.ask_or_finish(now, arrival, origin, otherwise, out);
        }
        out.push(SetupEvent::Presences(guild, self.presences.lack(guild)));
        self.conclude(out);
    }

    /// Takes the guild out of its stage, and returns how it comes into setup. Data that comes anew
    /// has swept away the members listed so far: their request ends, and a new one is made.
    fn origin(&mut self, now: Instant, guild: GuildId) -> Origin {
        let Some(standing) = self.registry.take(guild) else {
            return Origin::Join;
        };
        match standing.stage {
            Stage::Expected => {
                self.renew_quiet(now);
                Origin::Initial
            }
            Stage::Missed | Stage::Unavailable => Origin::Returned,
            // An earlier process may not have come to its end with it.
            Stage::Ready { .. } => self.take_unfinished(guild).unwrap_or(Origin::Returned),
            Stage::Storing { origin, .. } => {
                self.count_restart(guild);
                origin
            }
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

    /// Notes whether the guild itself lists all its members.
    fn count_as_whole(&mut self, arrival: &Arrival) {
        if self.without_asking(arrival) == Outcome::Complete {
            self.whole.insert(arrival.guild);
        } else {
            self.whole.remove(&arrival.guild);
        }
    }

    fn count_restart(&mut self, guild: GuildId) {
        let count = self.restarts.entry(guild).or_insert(0);
        *count = count.saturating_add(1);
    }

    /// How a guild ends that is not asked for its members.
    fn without_asking(&self, arrival: &Arrival) -> Outcome {
        let unread = arrival.listed.unread;
        if !self.intents.contains(Intents::GUILD_MEMBERS) {
            Outcome::NoIntent
        } else if arrival.is_whole() {
            Outcome::Complete
        } else if unread > 0 && arrival.lists(arrival.named()) {
            Outcome::Unread { members: unread }
        } else {
            Outcome::NotAsked
        }
    }

    /// Whether a guild that has come is asked for its members.
    pub(super) fn asks(&self, arrival: &Arrival, origin: Origin) -> bool {
        self.config.chunking.wants(arrival, origin) && self.intents.contains(Intents::GUILD_MEMBERS)
    }

    /// The last step of setup: asks for the members, or ends with `otherwise`.
    pub(super) fn ask_or_finish(
        &mut self,
        now: Instant,
        arrival: Arrival,
        origin: Origin,
        otherwise: Outcome,
        out: &mut Vec<SetupEvent>,
    ) {
        let guild = arrival.guild;
        let wanted = self.asks(&arrival, origin);
        if !wanted || self.is_halted() {
            let outcome = if wanted {
                cut_short(otherwise)
            } else {
                otherwise
            };
            let end = (outcome, arrival.member_count());
            return self.finish_guild(now, guild, origin, end, None, out);
        }
        let ask = Ask {
            guild,
            query: MemberQuery::All,
            presences: self.config.chunking.presences
                && self.intents.contains(Intents::GUILD_PRESENCES),
            auto: true,
            members: arrival.member_count().expected,
            awaits_guild: false,
        };
        if ask.presences {
            self.presences.asked(guild);
        }
        let request = self.requests.accept(now, ask);
        let members = MemberCount {
            received: 0,
            ..arrival.member_count()
        };
        let stage = Stage::Requested {
            origin,
            request,
            members,
        };
        self.place(now, guild, stage);
        out.push(SetupEvent::Asked(guild));
    }

    /// The sync of a guild has come (client accounts only); whether it makes its members whole.
    pub(crate) fn guild_sync(
        &mut self,
        now: Instant,
        guild: GuildId,
        listed: Listed,
        out: &mut Vec<SetupEvent>,
    ) -> bool {
        let whole = self.leave_sync(now, guild, Some(listed), out);
        self.conclude(out);
        whole
    }

    /// The sync of a guild will not come: it goes on with what it has.
    pub(super) fn give_up_sync(&mut self, now: Instant, guild: GuildId, out: &mut Vec<SetupEvent>) {
        self.leave_sync(now, guild, None, out);
    }

    fn leave_sync(
        &mut self,
        now: Instant,
        guild: GuildId,
        synced: Option<Listed>,
        out: &mut Vec<SetupEvent>,
    ) -> bool {
        let Some(mut arrival) = self.syncs.forget(guild) else {
            return false;
        };
        let origin = match self.registry.take(guild).map(|standing| standing.stage) {
            Some(Stage::Syncing { origin, .. }) => origin,
            Some(
                Stage::Expected
                | Stage::Requested { .. }
                | Stage::Receiving { .. }
                | Stage::Storing { .. }
                | Stage::Ready { .. }
                | Stage::Missed
                | Stage::Unavailable,
            )
            | None => Origin::Returned,
        };
        if let Some(listed) = synced.filter(|synced| synced.members >= arrival.listed.members) {
            arrival.listed = listed;
        }
        let otherwise = self.without_asking(&arrival);
        self.count_as_whole(&arrival);
        let whole = otherwise == Outcome::Complete;
        let otherwise = match synced {
            Some(_) => otherwise,
            None => cut_short(otherwise),
        };
        self.presences
            .arrived(guild, otherwise.lack(), arrival.listed);
        out.push(SetupEvent::Presences(guild, self.presences.lack(guild)));
        self.ask_or_finish(now, arrival, origin, otherwise, out);
        whole
    }

    /// A guild went into an outage, also in place of its data. May be repeated, and may name a
    /// guild never seen.
    pub(crate) fn guild_unavailable(
        &mut self,
        now: Instant,
        guild: GuildId,
        out: &mut Vec<SetupEvent>,
    ) {
        if !self.registry.contains(guild) && self.registry.len() >= self.config.guilds {
            self.untracked = self.untracked.saturating_add(1);
            return;
        }
        let was = self.drop_guild(now, guild, out);
        if was == Some(Stage::Unavailable) {
            return;
        }
        self.presences.forget(guild);
        self.tally.settle(guild, &Outcome::Unavailable);
        out.push(SetupEvent::GuildUnavailable(GuildUnavailable {
            shard: self.shard,
            guild,
        }));
        self.place(now, guild, Stage::Unavailable);
        self.conclude(out);
    }

    /// A guild was left or deleted. Says nothing of guilds never seen.
    pub(crate) fn guild_delete(&mut self, now: Instant, guild: GuildId, out: &mut Vec<SetupEvent>) {
        let Some(was) = self.drop_guild(now, guild, out) else {
            return;
        };
        self.registry.take(guild);
        self.presences.forget(guild);
        self.tally.settle(guild, &Outcome::Removed);
        out.push(SetupEvent::GuildLeave(GuildLeave {
            shard: self.shard,
            guild,
            was_unavailable: was == Stage::Unavailable,
            while_disconnected: false,
        }));
        self.conclude(out);
    }

    /// Ends all that is under way for a guild; leaves it where it is only if in an outage.
    fn drop_guild(
        &mut self,
        now: Instant,
        guild: GuildId,
        out: &mut Vec<SetupEvent>,
    ) -> Option<Stage> {
        let was = self.registry.take(guild);
        match was.as_ref().map(|standing| &standing.stage) {
            Some(Stage::Expected) => self.renew_quiet(now),
            Some(Stage::Unavailable) => {
                if let Some(standing) = was.clone() {
                    self.registry.put(guild, standing);
                }
            }
            Some(
                Stage::Syncing { .. }
                | Stage::Requested { .. }
                | Stage::Receiving { .. }
                | Stage::Storing { .. }
                | Stage::Ready { .. }
                | Stage::Missed,
            )
            | None => {}
        }
        self.restarts.remove(&guild);
        self.whole.remove(&guild);
        self.lacking_rows.remove(&guild);
        self.storing.forget(guild);
        self.syncs.forget(guild);
        self.requests.guild_gone(guild, &mut self.ended);
        self.emit_ended(now, out);
        was.map(|standing| standing.stage)
    }

    /// A chunk of members has come.
    pub(crate) fn chunk(
        &mut self,
        now: Instant,
        chunk: &Chunk<'_>,
        out: &mut Vec<SetupEvent>,
    ) -> ChunkOutcome {
        let outcome = self.requests.chunk(now, chunk, &mut self.ended);
        if let ChunkOutcome::Counted(Some(request)) = outcome
            && self.registry.request_of(chunk.guild) == Some(request)
        {
            let received = self.requests.received(request);
            self.registry.progress(now, chunk.guild, received);
        }
        self.emit_ended(now, out);
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
        out: &mut Vec<SetupEvent>,
    ) -> RateLimitOutcome {
        let refusal = self
            .requests
            .rate_limited(now, guild, nonce, retry_after, &mut self.ended);
        self.emit_ended(now, out);
        self.conclude(out);
        refusal
    }
}

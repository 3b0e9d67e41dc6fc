//! How guilds end their setup, and the summary once all have.

use alloc::vec::Vec;

use super::event::{GuildReady, SetupEvent, ShardFinishedChunking, ShardReady};
use super::machine::Setup;
use super::presences::PresencesSummary;
use super::stage::{MemberCount, Origin, Outcome, Stage};
use crate::Instant;
use crate::chunk::RequestId;
use crate::id::GuildId;

impl Setup {
    /// Emits which requests have ended, then which guilds are ready by that.
    pub(super) fn emit_ended(&mut self, now: Instant, out: &mut Vec<SetupEvent>) {
        let mut ready = Vec::new();
        for end in core::mem::take(&mut self.ended) {
            let outcome = self.outcome_of(&end);
            if end.full && outcome == Outcome::Complete && self.registry.in_setup(end.guild) {
                self.whole.insert(end.guild);
            }
            if end.full && self.presences.answered(&end, &outcome) {
                let lack = self.presences.lack(end.guild);
                out.push(SetupEvent::Presences(end.guild, lack));
            }
            if end.request.is_some() && self.registry.request_of(end.guild) == end.request {
                ready.push((end.guild, outcome, end.members));
            } else if end.full {
                self.answered(end.guild, outcome, end.members);
            }
            out.push(SetupEvent::RequestFinished(end));
        }
        for (guild, outcome, received) in ready {
            let Some(standing) = self.registry.take(guild) else {
                continue;
            };
            match standing.stage {
                Stage::Requested {
                    origin,
                    request,
                    members,
                }
                | Stage::Receiving {
                    origin,
                    request,
                    members,
                } => {
                    let members = MemberCount {
                        received,
                        ..members
                    };
                    self.finish_guild(now, guild, origin, (outcome, members), Some(request), out);
                }
                Stage::Expected
                | Stage::Syncing { .. }
                | Stage::Storing { .. }
                | Stage::Ready { .. }
                | Stage::Missed
                | Stage::Unavailable => self.registry.put(guild, standing),
            }
        }
    }

    /// The answer to a later request of the caller for everyone: it is what is known of a guild
    /// that is set up and not complete.
    fn answered(&mut self, guild: GuildId, outcome: Outcome, received: u64) {
        let outcome = self.with_rows(guild, outcome);
        let Some(mut standing) = self.registry.get(guild) else {
            return;
        };
        match &mut standing.stage {
            Stage::Ready {
                outcome: was,
                members,
                ..
            } if !matches!(was, Outcome::Complete | Outcome::StoreFailed) => {
                self.tally.settle(guild, &outcome);
                members.received = members.received.max(received);
                *was = outcome;
                self.registry.put(guild, standing);
            }
            Stage::Expected
            | Stage::Syncing { .. }
            | Stage::Requested { .. }
            | Stage::Receiving { .. }
            | Stage::Storing { .. }
            | Stage::Ready { .. }
            | Stage::Missed
            | Stage::Unavailable => {}
        }
    }

    /// How a guild ends that ends so as to its members: whatever comes of them, without the rows
    /// that it listed in an earlier process it is not whole.
    pub(super) fn with_rows(&self, guild: GuildId, members: Outcome) -> Outcome {
        if members == Outcome::Complete && self.lacking_rows.contains(&guild) {
            return Outcome::HandedOver;
        }
        members
    }

    /// All that a guild waits for has come, or will not: it is set up once that is stored.
    pub(super) fn finish_guild(
        &mut self,
        now: Instant,
        guild: GuildId,
        origin: Origin,
        (outcome, members): (Outcome, MemberCount),
        request: Option<RequestId>,
        out: &mut Vec<SetupEvent>,
    ) {
        let barrier = match self.is_halted() {
            true => None,
            false => self.storing.wait(now, guild),
        };
        let Some(barrier) = barrier else {
            return self.set_up(now, guild, origin, (outcome, members), request, out);
        };
        let stage = Stage::Storing {
            origin,
            request,
            outcome,
            members,
        };
        self.place(now, guild, stage);
        out.push(SetupEvent::Confirm(barrier));
    }

    /// A guild is set up. What came after all its members does not take them away again.
    pub(super) fn set_up(
        &mut self,
        now: Instant,
        guild: GuildId,
        origin: Origin,
        (mut outcome, mut members): (Outcome, MemberCount),
        request: Option<RequestId>,
        out: &mut Vec<SetupEvent>,
    ) {
        self.restarts.remove(&guild);
        if self.whole.remove(&guild) && outcome != Outcome::Complete {
            outcome = Outcome::Complete;
            members.received = members.received.max(members.expected);
        }
        outcome = self.with_rows(guild, outcome);
        if self.storing.has_failed(guild) {
            outcome = Outcome::StoreFailed;
            self.presences.fail(guild);
        }
        self.tally.settle(guild, &outcome);
        let stage = Stage::Ready {
            origin,
            outcome: outcome.clone(),
            members,
        };
        self.place(now, guild, stage);
        out.push(SetupEvent::GuildReady(GuildReady {
            shard: self.shard,
            guild,
            origin,
            outcome,
            presences: self.presences.outcome(guild),
            members,
            request,
        }));
    }

    /// Emits the summary, and that the shard is ready, once nothing holds them up.
    pub(super) fn conclude(&mut self, out: &mut Vec<SetupEvent>) {
        let Some(summary) = self.tally.close() else {
            return;
        };
        let presences = self.sum_up_presences();
        let restored = self.restored.take();
        let finished = ShardFinishedChunking {
            restored,
            ..ShardFinishedChunking::new(self.shard, summary, presences, self.untracked)
        };
        out.push(SetupEvent::ShardFinishedChunking(finished));
        if self.is_halted() {
            return;
        }
        let counts = self.registry.counts();
        out.push(SetupEvent::ShardReady(ShardReady {
            shard: self.shard,
            available: counts.ready,
            unavailable: counts.unavailable.saturating_add(counts.missed),
            restored,
        }));
    }

    /// The account of presences over the guilds of READY that are set up.
    fn sum_up_presences(&mut self) -> Option<PresencesSummary> {
        let settled = self.tally.settled();
        let set_up: Vec<GuildId> = settled
            .filter(|guild| self.registry.is_ready(*guild))
            .collect();
        for &guild in &set_up {
            if self.presences.lack(guild).is_none() {
                self.tally.note_presences(guild);
            }
        }
        self.presences.summary(set_up.into_iter())
    }
}

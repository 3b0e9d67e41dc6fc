//! What the gateway says to member requests: chunks, refusals, silence.

use core::time::Duration;

use alloc::vec::Vec;

use super::attempt::{Attempt, ChunkOutcome, Taken};
use super::finished::{ChunkRequestFinished, FinishReason};
pub(crate) use super::request_history::Chunk;
use super::request_id::RequestId;
use super::requests::{RequestPhase, Requests};
use crate::Instant;
use crate::id::GuildId;
use crate::wire::member_request::MemberQuery;
use crate::wire::nonce::Nonce;

/// What became of a `RATE_LIMITED`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RateLimitOutcome {
    /// The request waits and is sent again.
    Postponed(RequestId),
    /// It was refused too often, and has ended.
    Ended(RequestId),
    /// It names no attempt of ours that is under way.
    NotOurs,
}

impl Requests {
    /// Counts one chunk. Its members are the cache's business, whatever the outcome.
    pub(crate) fn chunk(
        &mut self,
        now: Instant,
        chunk: &Chunk<'_>,
        out: &mut Vec<ChunkRequestFinished>,
    ) -> ChunkOutcome {
        let Some(text) = chunk.nonce else {
            return ChunkOutcome::NoNonce;
        };
        let Some(nonce) = Nonce::new(text) else {
            return ChunkOutcome::NotAdopted;
        };
        match self.tag.read(&nonce) {
            Some((id, attempt)) => self.own_chunk(now, id, attempt, chunk, out),
            None => {
                let config = (&self.config, self.is_up());
                self.adopted.chunk(now, nonce, chunk, config, out)
            }
        }
    }

    fn own_chunk(
        &mut self,
        now: Instant,
        id: RequestId,
        attempt: u32,
        chunk: &Chunk<'_>,
        out: &mut Vec<ChunkRequestFinished>,
    ) -> ChunkOutcome {
        let Some(request) = self.requests.get_mut(&id) else {
            return if self.was_issued(id) {
                ChunkOutcome::Late
            } else {
                ChunkOutcome::NeverSent
            };
        };
        if request.ask.guild != chunk.guild {
            return ChunkOutcome::WrongGuild;
        }
        if attempt == 0 || attempt > request.history.attempts() {
            return ChunkOutcome::NeverSent;
        }
        if attempt < request.history.attempts() || request.phase == RequestPhase::AwaitingGuild {
            return ChunkOutcome::Late;
        }
        let Some(place) = chunk.place else {
            return ChunkOutcome::Unplaced;
        };
        let silence = self.config.silence_of(request.ask.members);
        let bound = self.config.chunks;
        match request.history.take(now, place, chunk.listed, bound) {
            None => return ChunkOutcome::Late,
            Some(Taken::Ignored(outcome)) => return outcome,
            Some(Taken::Counted | Taken::Whole) => {}
        }
        if let MemberQuery::Users(asked) = &request.ask.query {
            let known = chunk.not_found.iter().filter(|id| asked.contains(id));
            request.history.note_not_found(known.copied());
        }
        let whole = request
            .history
            .attempt()
            .and_then(Attempt::chunks)
            .is_some_and(|(come, all)| come == all);
        if whole {
            self.finish(id, FinishReason::Complete, out);
            return ChunkOutcome::Completed(Some(id));
        }
        // Also for an attempt that was given up and waits to be sent again: it is alive after all.
        if self.is_up() {
            self.set_phase(id, RequestPhase::Sent(now.after(silence)));
        }
        ChunkOutcome::Counted(Some(id))
    }

    /// The server refused a request and says when to ask again.
    ///
    /// Without a nonce it is taken for the oldest full request under way for that guild: were it
    /// not, one request would be sent again, and the answer to its last attempt would still count.
    pub(crate) fn rate_limited(
        &mut self,
        now: Instant,
        guild: GuildId,
        nonce: Option<&str>,
        retry_after: Duration,
        out: &mut Vec<ChunkRequestFinished>,
    ) -> RateLimitOutcome {
        let Some(id) = self.under_way(guild, nonce) else {
            return RateLimitOutcome::NotOurs;
        };
        let Some(request) = self.requests.get_mut(&id) else {
            return RateLimitOutcome::NotOurs;
        };
        request.refusals = request.refusals.saturating_add(1);
        let again = now.after(retry_after.min(self.config.retry_after_max));
        if request.ask.query.is_full() {
            self.gates.shut(guild, again);
        }
        self.retry(id, again, FinishReason::Refused, out);
        if self.requests.contains_key(&id) {
            RateLimitOutcome::Postponed(id)
        } else {
            RateLimitOutcome::Ended(id)
        }
    }

    /// The request whose attempt a refusal names, if that attempt is the one under way.
    fn under_way(&self, guild: GuildId, nonce: Option<&str>) -> Option<RequestId> {
        let sent = |id: &RequestId| {
            let request = self.requests.get(id)?;
            match request.phase {
                RequestPhase::Sent(_) if request.ask.guild == guild => Some(request),
                RequestPhase::Sent(_) | RequestPhase::Queued(_) | RequestPhase::AwaitingGuild => {
                    None
                }
            }
        };
        let Some(text) = nonce else {
            let full = |id: &RequestId| sent(id).is_some_and(|it| it.ask.query.is_full());
            return self.of_guild(guild).find(full);
        };
        let (id, attempt) = self.tag.read(&Nonce::new(text)?)?;
        let request = sent(&id)?;
        (request.history.attempts() == attempt).then_some(id)
    }

    /// Deals with every attempt and every adopted answer that has been silent for too long.
    pub(crate) fn timeout(&mut self, now: Instant, out: &mut Vec<ChunkRequestFinished>) {
        while let Some(id) = self.overdue(now) {
            if let Some(request) = self.requests.get_mut(&id) {
                request.timeouts = request.timeouts.saturating_add(1);
            }
            self.retry(id, now, FinishReason::TimedOut, out);
        }
        self.adopted.timeout(now, self.config.remembered, out);
        self.away(now, out);
        self.gates.prune(now);
    }

    /// The guild's data came anew, and has swept away what the answers under way have brought:
    /// they are asked for again.
    pub(crate) fn swept(
        &mut self,
        now: Instant,
        guild: GuildId,
        out: &mut Vec<ChunkRequestFinished>,
    ) {
        let ids: Vec<RequestId> = self.of_guild(guild).collect();
        for id in ids {
            let begun = self.received(id).is_some();
            if let Some(request) = self.requests.get_mut(&id).filter(|_| begun) {
                request.history.make_void();
                self.retry(id, now, FinishReason::TimedOut, out);
            }
        }
    }

    /// Puts a request in line again, or ends it once any of its bounds is reached.
    pub(super) fn retry(
        &mut self,
        id: RequestId,
        not_before: Instant,
        reason: FinishReason,
        out: &mut Vec<ChunkRequestFinished>,
    ) {
        let Some(request) = self.requests.get(&id) else {
            return;
        };
        let spent = request.timeouts >= self.config.attempts
            || request.refusals >= self.config.refusals
            || request.history.attempts() >= self.config.sends;
        if spent {
            self.finish(id, reason, out);
        } else {
            self.enqueue(id, not_before);
        }
    }
}

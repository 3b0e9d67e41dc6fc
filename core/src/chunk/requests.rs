//! The table of member requests: what waits, what is under way, and what may be sent when.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::ops::Bound;
use core::time::Duration;

use super::adopted::Adopted;
use super::attempt::Attempt;
use super::config::RequestConfig;
use super::finished::{ChunkRequestFinished, FinishReason};
use super::gate::Gates;
use super::request::{Ask, OpenRequest, RequestProgress};
use super::request_history::RequestHistory;
use super::request_id::RequestId;
use super::tag::Tag;
use crate::error::RequestError;
use crate::id::GuildId;
use crate::intents::Intents;
use crate::rng::Rng;
use crate::wire::member_request::RequestMembers;
use crate::{Instant, ShardId};

/// Whether requests can be sent and answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
enum Connectivity {
    /// No session has been active since then: nothing is sent, and no silence counts.
    Down(Instant),
    Up,
    /// For good.
    Halted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum RequestPhase {
    AwaitingGuild,
    /// The last attempt still counts until the next is sent.
    Queued(Instant),
    Sent(Instant),
}

#[derive(Clone, Debug)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Request {
    pub(super) ask: Ask,
    /// When it was made.
    since: Instant,
    pub(super) phase: RequestPhase,
    pub(super) history: RequestHistory,
    pub(super) timeouts: u32,
    pub(super) refusals: u32,
    /// In how many sessions it has waited for its guild after the first.
    sessions: u32,
}

impl Request {
    fn progress(&self) -> RequestProgress {
        let attempts = self.history.attempts();
        let attempt = self.history.attempt();
        match self.phase {
            RequestPhase::AwaitingGuild => RequestProgress::AwaitingGuild,
            RequestPhase::Queued(not_before) => RequestProgress::Queued {
                not_before,
                attempts,
            },
            RequestPhase::Sent(until) => match attempt.and_then(Attempt::chunks) {
                None => RequestProgress::Sent { until, attempts },
                Some((chunks, chunk_count)) => RequestProgress::Receiving {
                    until,
                    attempts,
                    chunks,
                    chunk_count,
                    members: attempt.map_or(0, |attempt| attempt.listed().members),
                },
            },
        }
    }
}

/// The machine of member requests. See the [module](super).
#[derive(Clone, Debug)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Requests {
    pub(super) shard: ShardId,
    pub(super) config: RequestConfig,
    pub(super) tag: Tag,
    pub(super) requests: BTreeMap<RequestId, Request>,
    by_guild: BTreeSet<(GuildId, RequestId)>,
    /// Waiting to be sent, by the time before which they may not.
    queue: BTreeSet<(Instant, RequestId)>,
    /// Sent, by the time at which the attempt has failed.
    pub(super) deadlines: BTreeSet<(Instant, RequestId)>,
    pub(super) gates: Gates,
    pub(super) adopted: Adopted,
    next: u64,
    /// Those that the caller made.
    callers: BTreeSet<RequestId>,
    connectivity: Connectivity,
}

impl Requests {
    /// A machine without requests; nothing is sent before [`Requests::new_session`].
    pub(crate) fn new(shard: ShardId, config: RequestConfig, rng: &mut Rng) -> Self {
        Self {
            shard,
            config: config.bounded(),
            tag: Tag::draw(rng),
            requests: BTreeMap::new(),
            by_guild: BTreeSet::new(),
            queue: BTreeSet::new(),
            deadlines: BTreeSet::new(),
            gates: Gates::default(),
            adopted: Adopted::new(shard),
            next: 1,
            callers: BTreeSet::new(),
            connectivity: Connectivity::Down(Instant::ZERO),
        }
    }

    /// What the next request will be called.
    pub(crate) const fn next_id(&self) -> RequestId {
        RequestId::new(self.next)
    }

    /// Accepts a request of the caller, after checking it.
    pub(crate) fn request(
        &mut self,
        now: Instant,
        ask: Ask,
        intents: Intents,
    ) -> Result<RequestId, RequestError> {
        ask.query.check(ask.presences, intents)?;
        if self.connectivity == Connectivity::Halted {
            return Err(RequestError::Halted);
        }
        if !self.shard.serves(ask.guild) {
            return Err(RequestError::OtherShard(ask.guild));
        }
        if self.callers.len() >= self.config.waiting {
            let bound = self.config.waiting;
            return Err(RequestError::QueueFull { bound });
        }
        Ok(self.accept(now, ask))
    }

    /// Accepts a request that needs no check: setup's own, bounded by the number of guilds.
    pub(crate) fn accept(&mut self, now: Instant, ask: Ask) -> RequestId {
        let id = RequestId::new(self.next);
        self.next = self.next.saturating_add(1);
        self.by_guild.insert((ask.guild, id));
        if !ask.auto {
            self.callers.insert(id);
        }
        let awaits = ask.awaits_guild;
        let request = Request {
            ask,
            since: now,
            phase: RequestPhase::AwaitingGuild,
            history: RequestHistory::default(),
            timeouts: 0,
            refusals: 0,
            sessions: 0,
        };
        self.requests.insert(id, request);
        if !awaits {
            self.enqueue(id, now);
        }
        id
    }

    /// The guilds that may not be asked for everyone yet, and for how long, in milliseconds.
    pub(crate) fn gates(&self, now: Instant) -> Vec<(GuildId, u64)> {
        self.gates.export(now)
    }

    /// Goes on with the gates of an earlier process, none longer than one of its own.
    pub(crate) fn restore_gates(&mut self, now: Instant, gates: &[(GuildId, u64)]) {
        for (guild, millis) in gates {
            let left = Duration::from_millis(*millis).min(self.config.gate);
            self.gates.keep_shut(*guild, now.after(left));
        }
    }

    /// A guild was asked for everyone so long ago, elsewhere.
    pub(crate) fn asked_before(&mut self, now: Instant, guild: GuildId, ago: Duration) {
        let left = self.config.gate.saturating_sub(ago);
        self.gates.keep_shut(guild, now.after(left));
    }

    /// Puts a request in line, not before a time nor before its guild's gate opens.
    pub(super) fn enqueue(&mut self, id: RequestId, not_before: Instant) {
        let Some(request) = self.requests.get(&id) else {
            return;
        };
        let full = request.ask.query.is_full();
        let gate = if full {
            self.gates.opens(request.ask.guild)
        } else {
            Instant::ZERO
        };
        self.set_phase(id, RequestPhase::Queued(not_before.max(gate)));
    }

    /// The only place where a phase changes, so that the ordered sets always agree with it.
    pub(super) fn set_phase(&mut self, id: RequestId, phase: RequestPhase) {
        let Some(request) = self.requests.get_mut(&id) else {
            return;
        };
        let before = core::mem::replace(&mut request.phase, phase);
        self.unlist(id, before);
        match phase {
            RequestPhase::AwaitingGuild => {}
            RequestPhase::Queued(at) => {
                self.queue.insert((at, id));
            }
            RequestPhase::Sent(until) => {
                self.deadlines.insert((until, id));
            }
        }
    }

    fn unlist(&mut self, id: RequestId, phase: RequestPhase) {
        match phase {
            RequestPhase::AwaitingGuild => {}
            RequestPhase::Queued(at) => {
                self.queue.remove(&(at, id));
            }
            RequestPhase::Sent(until) => {
                self.deadlines.remove(&(until, id));
            }
        }
    }

    /// The next attempt that may be sent now, marked as sent: call this only with room to send.
    pub(crate) fn next_request(&mut self, now: Instant) -> Option<RequestMembers> {
        self.gates.prune(now);
        while let Some(at) = self.sendable_at() {
            if at > now {
                return None;
            }
            let &(_, id) = self.queue.first()?;
            let request = self.requests.get_mut(&id)?;
            let guild = request.ask.guild;
            if request.ask.query.is_full() {
                let opens = self.gates.opens(guild);
                if opens > now {
                    self.set_phase(id, RequestPhase::Queued(opens));
                    continue;
                }
                self.gates.shut(guild, now.after(self.config.gate));
            }
            let attempt = request.history.attempts().saturating_add(1);
            let nonce = self.tag.nonce(id, attempt);
            request.history.begin(nonce);
            let sent = RequestMembers {
                guild,
                query: request.ask.query.clone(),
                presences: request.ask.presences,
                nonce,
            };
            let until = now.after(self.config.silence_of(request.ask.members));
            self.set_phase(id, RequestPhase::Sent(until));
            return Some(sent);
        }
        None
    }

    /// From when on there is something to send; `None` while nothing may be sent at all.
    pub(crate) fn sendable_at(&self) -> Option<Instant> {
        match self.connectivity {
            Connectivity::Down(_) | Connectivity::Halted => None,
            Connectivity::Up if self.deadlines.len() >= self.config.outstanding.max(1) => None,
            Connectivity::Up => self.queue.first().map(|&(at, _)| at),
        }
    }

    /// When [`Requests::timeout`] has something to do.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let all = [
            self.deadlines.first().map(|&(until, _)| until),
            self.adopted.deadline(),
            self.given_up_at(),
        ];
        all.into_iter().flatten().min()
    }

    /// Until when there has to be a connection again; `None` while there is one.
    pub(crate) fn away_until(&self) -> Option<Instant> {
        match self.connectivity {
            Connectivity::Down(since) => Some(since.after(self.config.patience)),
            Connectivity::Up | Connectivity::Halted => None,
        }
    }

    /// When the first of what waits for a connection has waited for too long.
    fn given_up_at(&self) -> Option<Instant> {
        let until = self.away_until()?;
        let first = self.requests.values().next();
        let own = first.map(|oldest| until.max(oldest.since.after(self.config.patience)));
        let adopted = (!self.adopted.is_empty()).then_some(until);
        own.into_iter().chain(adopted).min()
    }

    /// Ends what has waited for a connection for too long.
    pub(super) fn away(&mut self, now: Instant, out: &mut Vec<ChunkRequestFinished>) {
        if self.away_until().is_none_or(|until| until > now) {
            return;
        }
        let remembered = self.config.remembered;
        self.adopted
            .end_all(None, FinishReason::TimedOut, remembered, out);
        while self.given_up_at().is_some_and(|at| at <= now)
            && let Some((&oldest, _)) = self.requests.first_key_value()
        {
            self.finish(oldest, FinishReason::TimedOut, out);
        }
    }

    /// The first attempt whose silence has lasted too long.
    pub(super) fn overdue(&self, now: Instant) -> Option<RequestId> {
        let &(until, id) = self.deadlines.first()?;
        (until <= now).then_some(id)
    }

    /// The requests about one guild, oldest first.
    pub(super) fn of_guild(&self, guild: GuildId) -> impl Iterator<Item = RequestId> {
        let all = (guild, RequestId::new(0))..=(guild, RequestId::new(u64::MAX));
        self.by_guild.range(all).map(|&(_, id)| id)
    }

    /// The guild's own data has come, or never will: requests that waited for it may go.
    pub(crate) fn release(&mut self, now: Instant, guild: GuildId) {
        let ids: Vec<RequestId> = self.of_guild(guild).collect();
        for id in ids {
            match self.requests.get(&id).map(|request| request.phase) {
                Some(RequestPhase::AwaitingGuild) => self.enqueue(id, now),
                Some(RequestPhase::Queued(_) | RequestPhase::Sent(_)) | None => {}
            }
        }
    }

    /// Ends a request; the only way out of the table.
    pub(crate) fn finish(
        &mut self,
        id: RequestId,
        reason: FinishReason,
        out: &mut Vec<ChunkRequestFinished>,
    ) {
        let Some(request) = self.requests.remove(&id) else {
            return;
        };
        self.unlist(id, request.phase);
        self.by_guild.remove(&(request.ask.guild, id));
        self.callers.remove(&id);
        let guild = request.ask.guild;
        let asked = Some((id, &request.ask));
        out.push(request.history.finish(self.shard, guild, asked, reason));
    }

    /// The guild has gone: all requests about it end.
    pub(crate) fn guild_gone(&mut self, guild: GuildId, out: &mut Vec<ChunkRequestFinished>) {
        let ids: Vec<RequestId> = self.of_guild(guild).collect();
        for id in ids {
            self.finish(id, FinishReason::GuildGone, out);
        }
        let remembered = self.config.remembered;
        self.adopted
            .end_all(Some(guild), FinishReason::GuildGone, remembered, out);
    }

    /// The connection is lost: nothing is sent, no silence counts, and what lacks a whole answer
    /// is in line to be sent again. Chunks that the server replays still count.
    pub(crate) fn connection_lost(&mut self, now: Instant, out: &mut Vec<ChunkRequestFinished>) {
        if self.connectivity == Connectivity::Up {
            self.connectivity = Connectivity::Down(now);
        }
        self.adopted.pause(now);
        while let Some(&(_, id)) = self.deadlines.first() {
            self.retry(id, Instant::ZERO, FinishReason::TimedOut, out);
        }
    }

    /// The session goes on: what is in line is sent again.
    pub(crate) fn resumed(&mut self, now: Instant) {
        match self.connectivity {
            Connectivity::Down(_) => {
                self.connectivity = Connectivity::Up;
                self.adopted.resume(now);
            }
            Connectivity::Up | Connectivity::Halted => {}
        }
    }

    /// A new session: setup's requests end, since it makes them anew. Those of the caller are
    /// sent again once their guild has come; they end if the new session does not list it.
    pub(crate) fn new_session(
        &mut self,
        listed: impl Fn(GuildId) -> bool,
        out: &mut Vec<ChunkRequestFinished>,
    ) {
        self.connectivity = Connectivity::Up;
        let remembered = self.config.remembered;
        self.adopted
            .end_all(None, FinishReason::Superseded, remembered, out);
        let all: Vec<(RequestId, bool, GuildId)> = self
            .requests
            .iter()
            .map(|(&id, request)| (id, request.ask.auto, request.ask.guild))
            .collect();
        for (id, auto, guild) in all {
            if auto {
                self.finish(id, FinishReason::Superseded, out);
            } else if listed(guild) {
                self.await_guild(id, out);
            } else {
                self.finish(id, FinishReason::GuildGone, out);
            }
        }
    }

    /// A request is sent again once its guild has come, but does not wait so in session after
    /// session.
    fn await_guild(&mut self, id: RequestId, out: &mut Vec<ChunkRequestFinished>) {
        let spent = self.requests.get_mut(&id).is_some_and(|request| {
            request.sessions = request.sessions.saturating_add(1);
            request.sessions > self.config.sends
        });
        if spent {
            self.finish(id, FinishReason::TimedOut, out);
        } else {
            self.set_phase(id, RequestPhase::AwaitingGuild);
        }
    }

    /// The shard has ended for good, and with it every request.
    pub(crate) fn halted(&mut self, out: &mut Vec<ChunkRequestFinished>) {
        self.connectivity = Connectivity::Halted;
        let remembered = self.config.remembered;
        self.adopted
            .end_all(None, FinishReason::Halted, remembered, out);
        let all: Vec<RequestId> = self.requests.keys().copied().collect();
        for id in all {
            self.finish(id, FinishReason::Halted, out);
        }
    }

    /// Where a request stands; `None` once it has ended.
    pub(crate) fn progress(&self, id: RequestId) -> Option<RequestProgress> {
        self.requests.get(&id).map(Request::progress)
    }

    /// Those that were made after this one and have not ended, in that order.
    pub(crate) fn open(&self, after: Option<RequestId>) -> impl Iterator<Item = OpenRequest> + '_ {
        let above = (
            after.map_or(Bound::Unbounded, Bound::Excluded),
            Bound::Unbounded,
        );
        let requests = self.requests.range(above);
        requests.map(|(&id, request)| OpenRequest {
            request: id,
            guild: request.ask.guild,
            full: request.ask.query.is_full(),
            auto: request.ask.auto,
            since: request.since,
            progress: request.progress(),
        })
    }

    /// Members that could be read in the chunks of the last attempt; `None` when none came.
    pub(crate) fn received(&self, id: RequestId) -> Option<u64> {
        let attempt = self.requests.get(&id)?.history.attempt()?;
        attempt.chunks().map(|_| attempt.listed().members)
    }

    /// Whether an active session carries requests and answers.
    pub(crate) fn is_up(&self) -> bool {
        self.connectivity == Connectivity::Up
    }

    /// How many requests wait to be sent.
    pub(crate) fn queued(&self) -> usize {
        self.queue.len()
    }

    /// How many are sent and lack a whole answer.
    pub(crate) fn outstanding(&self) -> usize {
        self.deadlines.len()
    }

    /// Whether a request with this number was ever accepted.
    pub(super) const fn was_issued(&self, id: RequestId) -> bool {
        id.get() != 0 && id.get() < self.next
    }
}

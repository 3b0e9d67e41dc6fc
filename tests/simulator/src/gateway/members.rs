//! Requests for members: who is answered, and when each chunk goes.
use super::{Gateway, Task};
use crate::edge::{ConnectionId, Millis};
use crate::faults::Trouble;
use crate::intents;
use crate::json::Id;
use crate::ledger::{ChunkRecord, RequestKind, RequestOutcome};
use crate::requests::{Ask, Leaver, PendingAnswer};
use crate::rules::Rule;
use crate::session::{Session, View};
use serde_json::Value;

/// What a fault does to a chunk.
enum Mishap {
    Lost,
    Twice,
    Late(Millis),
}

impl Gateway {
    pub(super) fn request_members(&mut self, id: ConnectionId, session: u64, d: &Value) {
        let mut ask = match Ask::parse(d) {
            Ok(ask) => ask,
            Err(detail) => return self.punish(id, Rule::RequestArguments, detail, 4001),
        };
        let Some(view) = self.sessions.get(&session).map(|found| found.view) else {
            return;
        };
        for (rule, detail) in std::mem::take(&mut ask.breaches) {
            self.blame(id, rule, detail);
        }
        let mut record = ask.record(self.now, id, view);
        record.outcome = self.judge(id, view, &ask);
        let request = self.ledger.requests.len();
        match record.outcome {
            RequestOutcome::Ignored => self.ledger.requests.push(record),
            RequestOutcome::RateLimited { retry_after } => {
                self.ledger.requests.push(record);
                self.send_rate_limited(session, &ask, retry_after);
            }
            RequestOutcome::Served => {
                let Some(guild) = self.world.guild(ask.guild) else {
                    return;
                };
                let mut job = PendingAnswer::new(
                    &self.world,
                    guild,
                    request,
                    &record,
                    self.options.limits.chunk_members,
                );
                if self.options.pace.shuffle_chunks {
                    self.rng.shuffle(job.left.make_contiguous());
                }
                record.chunk_count = job.count;
                record.not_found = job.not_found().to_vec();
                self.ledger.requests.push(record);
                self.enqueue(session, job);
            }
        }
    }

    fn judge(&mut self, id: ConnectionId, view: View, ask: &Ask) -> RequestOutcome {
        if !view.owns(Some(ask.guild)) {
            self.blame(id, Rule::ForeignGuild, format!("guild {}", ask.guild));
            return RequestOutcome::Ignored;
        }
        let whole = ask.kind == RequestKind::All;
        if whole && !view.wants(intents::GUILD_MEMBERS) {
            self.blame(id, Rule::RequestIntent, format!("guild {}", ask.guild));
            return RequestOutcome::Ignored;
        }
        if !self
            .world
            .guild(ask.guild)
            .is_some_and(super::super::world::guild::Guild::is_available)
        {
            return RequestOutcome::Ignored;
        }
        let guild = ask.guild;
        if let Some(outcome) = self
            .faults
            .strike(Some(view.shard[0]), |trouble| match trouble {
                Trouble::IgnoreRequest { guild: own } if *own == guild => {
                    Some(RequestOutcome::Ignored)
                }
                Trouble::RefuseRequest {
                    guild: own,
                    retry_after,
                } if whole && *own == guild => Some(RequestOutcome::RateLimited {
                    retry_after: *retry_after,
                }),
                _ => None,
            })
        {
            return outcome;
        }
        if whole {
            self.pass_gate(id, guild)
        } else {
            RequestOutcome::Served
        }
    }

    /// One request for all members per guild within the gate's time.
    fn pass_gate(&mut self, id: ConnectionId, guild: u64) -> RequestOutcome {
        let free = self
            .asked
            .get(&guild)
            .map_or(0, |at| at + self.options.limits.request_gate);
        if free > self.now {
            let retry_after = free - self.now;
            self.blame(
                id,
                Rule::RequestPace,
                format!("guild {guild}, {retry_after} ms early"),
            );
            return RequestOutcome::RateLimited { retry_after };
        }
        self.asked.insert(guild, self.now);
        RequestOutcome::Served
    }

    fn send_rate_limited(&mut self, session: u64, ask: &Ask, retry_after: Millis) {
        self.dispatch(session, "RATE_LIMITED", |_, _, w| {
            w.field("retry_after", retry_after as f64 / 1000.0);
            w.field("opcode", 8_u32);
            w.object("meta", |w| {
                if let Some(nonce) = &ask.nonce {
                    w.field("nonce", nonce);
                }
                w.field("guild_id", Id(ask.guild));
            });
        });
    }

    /// Adds an answer to the session's others and sees that chunks flow.
    pub(super) fn enqueue(&mut self, session: u64, job: PendingAnswer) {
        let Some(found) = self.sessions.get_mut(&session) else {
            return;
        };
        found.jobs.push_back(job);
        if !found.chunking {
            found.chunking = true;
            self.agenda.plan(self.now, Task::Chunk(session));
        }
    }

    /// Sends the next burst; the answers take turns, chunk by chunk.
    pub(super) fn send_chunks(&mut self, session: u64) {
        let burst = self.options.pace.chunks;
        let size = if burst.every == 0 {
            u32::MAX
        } else {
            burst.size.max(1)
        };
        for _ in 0..size {
            let Some(found) = self.sessions.get_mut(&session) else {
                return;
            };
            let Some(mut job) = found.jobs.pop_front() else {
                found.chunking = false;
                return;
            };
            let Some(index) = job.left.pop_front() else {
                continue;
            };
            self.send_or_lose(session, &job, index);
            if !job.left.is_empty() {
                self.take_up(session, job);
            }
        }
        self.agenda
            .plan(self.now + burst.every.max(1), Task::Chunk(session));
    }

    /// Puts a job behind the others, unless its connection's end made it forgotten.
    pub(super) fn take_up(&mut self, session: u64, job: PendingAnswer) {
        let attached = |found: &Session| found.attached.is_some();
        let heard = self.sessions.get(&session).is_some_and(attached);
        if heard || self.options.pace.answers_outlive_connection {
            self.enqueue(session, job);
        } else {
            self.lose(job.request, job.left);
        }
    }

    /// Notes that chunks are never sent.
    pub(super) fn lose(&mut self, request: usize, chunks: impl IntoIterator<Item = u32>) {
        if let Some(record) = self.ledger.requests.get_mut(request) {
            record.lost.extend(chunks);
        }
    }

    fn send_or_lose(&mut self, session: u64, job: &PendingAnswer, index: u32) {
        let times = match self.mishap(session, job, index) {
            Some(Mishap::Late(by)) => {
                let late = Box::new(job.only(index));
                return self
                    .agenda
                    .plan(self.now + by, Task::LateChunk(session, late));
            }
            Some(Mishap::Lost) => return self.lose(job.request, [index]),
            Some(Mishap::Twice) => 2,
            None => 1,
        };
        (0..times).for_each(|_| self.send_chunk(session, job, index));
    }

    fn mishap(&mut self, session: u64, job: &PendingAnswer, number: u32) -> Option<Mishap> {
        let shard = self.sessions.get(&session).map(|found| found.view.shard[0]);
        let this = |guild: u64, index: u32| guild == job.guild && index == number;
        self.faults.strike(shard, |trouble| match trouble {
            Trouble::LoseChunk { guild, index } if this(*guild, *index) => Some(Mishap::Lost),
            Trouble::DuplicateChunk { guild, index } if this(*guild, *index) => Some(Mishap::Twice),
            Trouble::DelayChunk { guild, index, by } if this(*guild, *index) && !job.late => {
                Some(Mishap::Late(*by))
            }
            _ => None,
        })
    }

    fn send_chunk(&mut self, session: u64, job: &PendingAnswer, index: u32) {
        let Some(guild) = self
            .world
            .guild(job.guild)
            .filter(|guild| guild.is_available())
        else {
            return self.lose(job.request, [index]);
        };
        let mut members = job.members_of(guild, index);
        let leaver = self.leaver(job.guild, &members);
        members.retain(|user| Some(*user) != leaver.as_ref().map(|(user, _)| *user));
        if let Some(record) = self.ledger.requests.get_mut(job.request) {
            let chunk = ChunkRecord {
                times: 0,
                at: self.now,
                members: members.clone(),
            };
            let chunk = record.sent.entry(index).or_insert(chunk);
            (chunk.times, chunk.at) = (chunk.times + 1, self.now);
        }
        self.dispatch(session, "GUILD_MEMBERS_CHUNK", |world, _, w| {
            if let Some(guild) = world.guild(job.guild) {
                job.write(world, guild, index, &members, leaver.as_ref(), w);
            }
        });
    }

    /// One of these who leaves while the chunk that lists them is on its way.
    fn leaver(&mut self, guild: u64, members: &[u64]) -> Option<Leaver> {
        let bot = self.world.bot();
        let user = members.iter().copied().find(|user| *user != bot)?;
        let text = self.world.member_json(guild, user)?;
        self.faults.strike(None, |trouble| match trouble {
            Trouble::LeaveAmidChunk { guild: own } if *own == guild => Some(()),
            _ => None,
        })?;
        self.remove_member(guild, user);
        Some((user, text))
    }
}

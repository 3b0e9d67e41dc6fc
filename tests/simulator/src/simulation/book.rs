//! What anybody could note down about one shard from its events, and what must never come.
use headcount_core::chunk::{ChunkRequestFinished, FinishReason, RequestId};
use headcount_core::event::{Fault, Gap, Ticket};
use headcount_core::id::GuildId;
use headcount_core::session::Phase;
use headcount_core::setup::{GuildReady, Origin, ShardFinishedChunking};
use headcount_core::wire::Name;
use headcount_core::{Event, Session};
use serde_json::Value;
use std::collections::BTreeSet;

/// The account of one shard.
#[derive(Clone, Debug)]
pub(crate) struct Book {
    holds: bool,
    pub(crate) phase: Phase,
    /// The last sequence of the session, emitted or held.
    last: u64,
    /// Those that an earlier process emitted, above where this one takes the session up.
    delivered: BTreeSet<u64>,
    /// The sequences of the session that were emitted by any process.
    ever: BTreeSet<u64>,
    /// The sequences emitted, when events may be held and come late.
    emitted: BTreeSet<u64>,
    sessions: BTreeSet<String>,
    /// A session has begun, and was not reported to be lost.
    goes_on: bool,
    /// The commands that were queued when the last session was lost.
    stranded: BTreeSet<Ticket>,
    /// The guilds of the last READY, or of the session that was handed over.
    pub(crate) listed: BTreeSet<GuildId>,
    ready_once: BTreeSet<GuildId>,
    pub(crate) finished: bool,
    ready: bool,
    halted: bool,
    misunderstood: u64,
    /// Something of the session is dealt with beyond where it is taken up.
    brings_up: bool,
    ended: BTreeSet<RequestId>,
    pub(crate) asked: BTreeSet<RequestId>,
    pub(crate) tickets: BTreeSet<Ticket>,
    /// The guilds whose sync is awaited.
    pub(crate) synced: BTreeSet<GuildId>,
}

type Verdict = Result<(), String>;

fn ensure(holds: bool, wrong: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(wrong()) }
}

impl Book {
    pub(crate) const fn new(holds: bool) -> Self {
        Self {
            holds,
            phase: Phase::Idle,
            last: 0,
            delivered: BTreeSet::new(),
            ever: BTreeSet::new(),
            emitted: BTreeSet::new(),
            sessions: BTreeSet::new(),
            goes_on: false,
            stranded: BTreeSet::new(),
            listed: BTreeSet::new(),
            ready_once: BTreeSet::new(),
            finished: false,
            ready: false,
            halted: false,
            misunderstood: 0,
            brings_up: false,
            ended: BTreeSet::new(),
            asked: BTreeSet::new(),
            tickets: BTreeSet::new(),
            synced: BTreeSet::new(),
        }
    }

    /// The account of the shard that follows, with the session that it takes over, if it does,
    /// and the guilds of that session.
    /// With rows it may be taken up before that.
    pub(crate) fn next_life(
        &self,
        session: Option<&Session>,
        has_rows: bool,
        known: BTreeSet<GuildId>,
    ) -> Self {
        let delivered = session.into_iter().flat_map(Session::delivered);
        Self {
            listed: known,
            last: session.map_or(0, dealt_with),
            brings_up: session.is_some_and(|it| dealt_with(it) > it.sequence()) || has_rows,
            delivered: delivered.flatten().collect(),
            ever: self.ever.clone(),
            sessions: self.sessions.clone(),
            goes_on: session.is_some(),
            ..Self::new(self.holds)
        }
    }

    /// Notes an event, or says what is wrong with it.
    pub(crate) fn note(&mut self, event: &Event<'_>) -> Verdict {
        ensure(!self.halted, || "an event after the end".to_owned())?;
        match event {
            Event::Dispatch(dispatch) if dispatch.name() == Name::Ready => {
                self.session(dispatch.sequence(), dispatch.data())
            }
            Event::Dispatch(dispatch) if dispatch.name() == Name::Resumed => {
                self.end_of_replay(dispatch.sequence())
            }
            Event::Dispatch(dispatch) => self.sequence(dispatch.sequence()),
            Event::Misunderstood(it) => {
                // What is emitted late was counted when it came.
                // So was what is replayed to bring rows up to date, and not emitted again.
                let next = self.misunderstood + 1;
                let is_late = self.holds && it.count > 0;
                let counted = it.count == next || is_late || (self.brings_up && it.count > next);
                self.misunderstood = it.count;
                ensure(counted, || format!("{it:?} is miscounted"))?;
                match it.fault {
                    Fault::Malformed(_) => self.sequence(it.sequence),
                    // The dispatch itself has come before.
                    Fault::NoSubject(_) | Fault::Values => Ok(()),
                    Fault::UnknownOpcode(_) | Fault::Repeated | Fault::OutOfPlace => Ok(()),
                }
            }
            Event::StateChanged(it) => {
                let follows = it.from == self.phase && it.from != it.to;
                let was = core::mem::replace(&mut self.phase, it.to);
                ensure(follows, || format!("{it:?} in {was:?}"))
            }
            Event::Halted(_) => {
                self.halted = true;
                ensure(self.phase == Phase::Halted, || {
                    "halted, and not in that state".to_owned()
                })
            }
            Event::CommandFinished(it) => {
                self.stranded.remove(&it.ticket);
                ensure(self.tickets.remove(&it.ticket), || {
                    format!("{:?} ended twice or was never queued", it.ticket)
                })
            }
            Event::Gap(Gap { why, .. }) => {
                self.stranded = self.tickets.clone();
                let went_on = core::mem::replace(&mut self.goes_on, false);
                ensure(went_on, || format!("lost without a session: {why:?}"))
            }
            Event::Resumed { .. } => ensure(self.goes_on, || {
                "a session that was lost is resumed".to_owned()
            }),
            Event::GuildReady(it) => self.initial(it),
            Event::GuildJoin(it) => expect_origin(it, Origin::Join),
            Event::GuildRestored(it) => expect_origin(it, Origin::Returned),
            Event::ChunkRequestFinished(it) => self.request(it),
            Event::ShardFinishedChunking(it) => self.summary(it),
            Event::ShardReady(_) => {
                let fits = self.finished && !core::mem::replace(&mut self.ready, true);
                ensure(fits, || {
                    "ShardReady twice, or before the summary".to_owned()
                })
            }
            // The others are news that may come at any time; new kinds have no rule yet.
            _ => Ok(()),
        }
    }

    fn session(&mut self, sequence: Option<u64>, data: &str) -> Verdict {
        // What is no number for `serde_json` is one that is out of range.
        let data = data.replace("1e999", "null");
        let ready: Value =
            serde_json::from_str(&data).map_err(|error| format!("READY: {error}"))?;
        let id = |listed: &Value| listed["id"].as_str()?.parse().ok().and_then(GuildId::new);
        let session = ready["session_id"].as_str().unwrap_or_default();
        let listed = ready["guilds"].as_array();
        self.listed = listed.into_iter().flatten().filter_map(id).collect();
        self.ready_once.clear();
        self.emitted.clear();
        self.delivered.clear();
        self.ever.clear();
        (self.finished, self.ready) = (false, false);
        self.last = sequence.unwrap_or(0);
        let went_on = core::mem::replace(&mut self.goes_on, true);
        ensure(!went_on, || {
            format!("session {session} began, and nothing said that the last one was lost")
        })?;
        ensure(self.stranded.is_empty(), || {
            format!("{:?} outlived their session", self.stranded)
        })?;
        ensure(self.sessions.insert(session.to_owned()), || {
            format!("the READY of session {session} was emitted twice")
        })
    }

    /// RESUMED may repeat a sequence, that of an event which is held included.
    fn end_of_replay(&mut self, sequence: Option<u64>) -> Verdict {
        if self.holds || sequence <= Some(self.last) {
            self.ever.extend(sequence);
            return Ok(());
        }
        self.sequence(sequence)
    }

    /// Every sequence once, and in order unless events are held.
    fn sequence(&mut self, sequence: Option<u64>) -> Verdict {
        let Some(sequence) = sequence else {
            return Ok(());
        };
        self.ever.insert(sequence);
        if self.holds {
            let first = self.emitted.insert(sequence) && !self.delivered.contains(&sequence);
            return ensure(first, || format!("sequence {sequence} was emitted twice"));
        }
        let last = core::mem::replace(&mut self.last, sequence);
        let next = (last + 1..).find(|next| !self.delivered.contains(next));
        ensure(Some(sequence) == next, || {
            format!("sequence {sequence} after {last}")
        })
    }

    /// Whether an earlier process emitted the dispatch of this sequence.
    pub(crate) fn is_delivered(&self, sequence: Option<u64>) -> bool {
        sequence.is_some_and(|sequence| self.delivered.contains(&sequence))
    }

    /// The sequences of the session up to this one that no process has emitted; READY is not
    /// emitted again.
    pub(crate) fn lost(&self, reached: u64) -> Vec<u64> {
        let lost = (2..=reached).filter(|sequence| !self.ever.contains(sequence));
        lost.collect()
    }

    fn initial(&mut self, it: &GuildReady) -> Verdict {
        expect_origin(it, Origin::Initial)?;
        let listed = self.listed.contains(&it.guild) && !self.finished;
        ensure(listed, || {
            format!("{} is ready, and READY did not list it", it.guild)
        })?;
        ensure(self.ready_once.insert(it.guild), || {
            format!("{} is ready twice", it.guild)
        })
    }

    fn request(&mut self, it: &ChunkRequestFinished) -> Verdict {
        let whole = it.missed.is_empty() && it.chunk_count.is_some();
        ensure(it.reason != FinishReason::Complete || whole, || {
            format!("{:?} is complete, and lacks {:?}", it.request, it.missed)
        })?;
        let Some(request) = it.request else {
            return Ok(());
        };
        self.asked.remove(&request);
        ensure(self.ended.insert(request), || {
            format!("request {request} ended twice")
        })
    }

    /// The lists and the complete ones together are the guilds of READY, each once.
    fn summary(&mut self, it: &ShardFinishedChunking) -> Verdict {
        ensure(!self.finished, || {
            "a second ShardFinishedChunking".to_owned()
        })?;
        self.finished = true;
        let mut named = BTreeSet::new();
        for guild in it.other_guilds() {
            let fits = named.insert(guild) && self.listed.contains(&guild);
            ensure(fits, || {
                format!("{guild} has two outcomes, or READY did not list it")
            })?;
        }
        if let Some(presences) = &it.presences {
            let all = presences.complete <= it.complete
                && presences.complete + presences.lacking.len() <= self.listed.len();
            ensure(all, || format!("{presences:?} of {it:?}"))?;
        }
        let all = named.len() + it.complete;
        ensure(all == self.listed.len(), || {
            format!("{all} outcomes for {} guilds", self.listed.len())
        })
    }
}

/// Up to where all of a session is dealt with, also what is replayed to bring rows up to date.
fn dealt_with(session: &Session) -> u64 {
    let stored = serde_json::to_value(session).unwrap_or_default();
    let settled = stored["settled"].as_u64().unwrap_or(0);
    settled.max(session.sequence())
}

fn expect_origin(it: &GuildReady, origin: Origin) -> Verdict {
    ensure(it.origin == origin, || {
        format!("{it:?} is emitted as {origin:?}")
    })
}

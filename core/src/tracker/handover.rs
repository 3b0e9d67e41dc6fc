//! A session's guilds on their way from one process to the next.

use alloc::vec::Vec;
use core::time::Duration;

use super::Tracker;
use crate::action::{Action, Actions};
use crate::cache::memory::RestoredRows;
use crate::cache::memory::restored::RestoredGuild;
use crate::cache::{GuildStatus, Lack, Mutation, Op, Scope};
use crate::id::GuildId;
use crate::positions::{Position, session_digest};
use crate::sequences::Sequences;
use crate::setup::{KnownGuilds, KnownStage, SetupEvent, StageLog, StoredBefore};
use crate::wire::Name;
use crate::wire::view::View;

/// What a tracker keeps for the next process, and has from the one before.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Handover {
    /// Where guilds stood before what is not acknowledged; `None` if nobody acknowledges.
    log: Option<StageLog>,
    /// How often a guild came to stand elsewhere, or what moved it was acknowledged.
    changes: u64,
    /// The sequence of the last dispatch.
    last: Option<u64>,
    /// Guilds that an earlier process handed over, until the cache has heard of them.
    guilds: Vec<GuildId>,
    /// Those that it has heard of, until they have left.
    introduced: Vec<GuildId>,
    /// Guilds that were handed over and of which a store has missed a change.
    failed: Vec<GuildId>,
    /// The digest of the session; zero before the first.
    session: u64,
    /// Whether another process began the session.
    restored: bool,
    /// Guilds of which an earlier process had no rows any more, or none yet, until the session is
    /// resumed.
    without_rows: Vec<GuildId>,
    /// Guilds whose members or presences an earlier process was asking for.
    loading: Vec<(GuildId, Op<'static>)>,
    /// Dispatches that the consumer has had from an earlier process.
    delivered: Sequences,
    /// All that an earlier process had dealt with.
    settled: u64,
    /// All that had come to an earlier process, whose stores may have it.
    seen: u64,
}

impl Handover {
    /// Whether another process began the session.
    pub(super) const fn is_restored(&self) -> bool {
        self.restored
    }
}

/// A guild that a dispatch may move, and where it stands.
pub(super) struct PlaceBefore {
    sequence: u64,
    guild: GuildId,
    stage: Option<KnownStage>,
}

impl Tracker {
    /// From now on, [`Tracker::known`] returns the guilds as of what is acknowledged.
    pub(crate) fn wait_for_acknowledgements(&mut self) {
        self.handover.log = Some(StageLog::default());
    }

    /// Everything up to this sequence is acknowledged. Whether that is new of a guild.
    pub(crate) fn acknowledge(&mut self, sequence: u64) -> bool {
        let log = self.handover.log.as_mut();
        let is_new = log.is_some_and(|log| log.acknowledge(sequence));
        if is_new {
            self.handover.changes = self.handover.changes.wrapping_add(1);
        }
        is_new
    }

    /// The sequence of the oldest dispatch that is held for its guild.
    pub(crate) fn held_since(&self) -> Option<u64> {
        self.hold.as_ref()?.since()
    }

    /// How often a guild came to stand elsewhere, or what moved it was acknowledged, or a row that
    /// was removed is there again.
    pub(crate) const fn guild_changes(&self) -> u64 {
        let changes = self.handover.changes;
        changes.wrapping_add(self.tombstones.outdated())
    }

    /// The guilds of the session, for the process that goes on with it.
    pub(crate) fn known(&self) -> KnownGuilds {
        let undo = self.handover.log.as_ref().map(StageLog::undo);
        KnownGuilds {
            removed: self.tombstones.export(),
            seen: self.handover.seen.max(self.handover.last.unwrap_or(0)),
            ..self.setup.known(self.now, undo.into_iter().flatten())
        }
    }

    /// Takes over the guilds of a session that another process began, of which this is the digest,
    /// the rows that are there, the dispatches of which the consumer has had what may be replayed,
    /// and the sequence up to which everything is dealt with.
    pub(crate) fn restore(
        &mut self,
        session: u64,
        guilds: &KnownGuilds,
        rows: Option<&RestoredRows>,
        (delivered, settled): (Sequences, u64),
    ) {
        self.handover.session = session;
        self.handover.restored = true;
        self.handover.delivered = delivered;
        self.handover.settled = settled;
        self.tombstones.restore(&guilds.removed);
        let StoredBefore { failed, seen } = guilds.stored(rows);
        self.handover.failed = failed.iter().copied().collect();
        self.handover.seen = seen;
        let may_come = rows.filter(|rows| rows.others_may_come());
        let has_rows = |guild: &GuildId| may_come.is_none_or(|rows| rows.get(*guild).is_some());
        (self.handover.guilds, self.handover.without_rows) = guilds.present().partition(has_rows);
        let rows_of = |&guild| Some((guild, rows?.get(guild)?));
        let known = self.handover.guilds.iter().filter_map(rows_of);
        self.handover.loading = known.flat_map(given_up).collect();
        self.setup.restore(self.now, guilds, &failed, rows.cloned());
    }

    /// A guild was asked for all its members so long ago, by another process.
    pub(crate) fn asked_before(&mut self, guild: GuildId, ago: Duration) {
        self.setup.asked_before(self.now, guild, ago);
    }

    /// The guilds that may not be asked yet, and how long ago they were.
    pub(crate) fn asked(&self) -> Vec<(GuildId, Duration)> {
        let gate = self.config.requests.gate;
        let gates = self.setup.gates(self.now).into_iter();
        let ago = |left| gate.saturating_sub(Duration::from_millis(left));
        gates.map(|(guild, left)| (guild, ago(left))).collect()
    }

    /// Goes on after another tracker of the shard: with its counts, and asking no guild too soon
    /// that it has asked.
    pub(crate) fn go_on_after(&mut self, before: &mut Self) {
        self.count_on(before);
        self.setup.keep_gates(self.now, &before.setup);
    }

    /// Reports to the cache which guilds were handed over, before the first dispatch changes one of
    /// them; a new session names its guilds itself.
    pub(super) fn introduce_handed_over(&mut self, name: Name, out: &mut Actions<'_>) {
        if name == Name::Resumed {
            self.await_rows_no_longer();
            self.take_back(out);
        }
        if self.handover.guilds.is_empty() && self.handover.failed.is_empty() {
            return;
        }
        let guilds = core::mem::take(&mut self.handover.guilds);
        let failed = core::mem::take(&mut self.handover.failed).into_iter();
        let waits = |guild: &GuildId| self.handover.without_rows.contains(guild);
        let (later, failed): (Vec<_>, Vec<_>) = failed.partition(waits);
        self.handover.failed = later;
        let loading = core::mem::take(&mut self.handover.loading);
        if name == Name::Ready || self.config.kinds.is_empty() {
            return;
        }
        self.handover.introduced.extend(&guilds);
        let known = guilds.into_iter().map(|guild| (guild, Op::HandedOver));
        let stale = failed.into_iter();
        let stale = stale.map(|guild| (guild, Op::SetStatus(GuildStatus::Stale)));
        for (guild, op) in known.chain(stale).chain(loading) {
            out.push(Action::Mutate(Mutation::new(Some(guild)).with(op)));
        }
    }

    /// Guilds that have left in what was replayed go once more: a store that outlived its process
    /// may include that already, and pass over the dispatch, but not over their introduction.
    fn take_back(&mut self, out: &mut Actions<'_>) {
        let introduced = core::mem::take(&mut self.handover.introduced).into_iter();
        let is_known = |guild: &GuildId| self.setup.known_stage(*guild).is_some();
        let (known, left): (Vec<_>, Vec<_>) = introduced.partition(is_known);
        // What is replayed may name the end of an earlier replay.
        self.handover.introduced = known;
        for guild in left {
            let gone = Op::Cascade(Scope::Guild);
            out.push(Action::Mutate(Mutation::new(Some(guild)).with(gone)));
        }
    }

    /// What is replayed has brought guilds without rows, or has taken them away.
    fn await_rows_no_longer(&mut self) {
        let guilds = core::mem::take(&mut self.handover.without_rows);
        let is_away = |guild: &GuildId| {
            let stage = self.setup.known_stage(*guild);
            stage.is_none_or(|stage| stage == KnownStage::Away)
        };
        let (away, there): (Vec<_>, Vec<_>) = guilds.into_iter().partition(is_away);
        self.handover.failed.retain(|guild| !away.contains(guild));
        self.handover.guilds.extend(there);
    }

    /// Where a dispatch of this sequence stands.
    pub(super) fn position(&self, sequence: u64) -> Position {
        Position {
            shard: self.setup.shard(),
            session: self.handover.session,
            sequence,
        }
    }

    /// READY has begun a session.
    pub(super) fn begin_session(&mut self, id: &str) {
        self.handover.session = session_digest(id);
    }

    /// A dispatch comes.
    pub(super) fn note_sequence(&mut self, name: Name, sequence: Option<u64>) {
        self.handover.last = sequence.or(self.handover.last);
        if name == Name::Ready {
            self.handover.restored = false;
            self.handover.delivered = Sequences::default();
            self.handover.settled = 0;
            self.handover.seen = 0;
            self.handover.without_rows.clear();
            self.handover.introduced.clear();
        }
        let repeats = sequence.is_some_and(|sequence| sequence <= self.handover.seen);
        self.setup.set_repeats(repeats);
    }

    /// The dispatches that the consumer has had from an earlier process.
    pub(crate) const fn delivered(&self) -> &Sequences {
        &self.handover.delivered
    }

    /// Whether the consumer has had this dispatch from an earlier process.
    pub(super) fn is_delivered(&self, sequence: Option<u64>) -> bool {
        sequence.is_some_and(|sequence| self.handover.delivered.contains(sequence))
    }

    /// Whether an earlier process had dealt with all that follows from this dispatch.
    pub(super) fn is_settled(&self, sequence: Option<u64>) -> bool {
        sequence.is_some_and(|sequence| sequence <= self.handover.settled)
    }

    /// Guilds became ready, or were failed by their store, without a dispatch. The events that say
    /// a guild is ready hang on the last dispatch: until it is acknowledged, the next process has
    /// to emit them.
    pub(super) fn log_events(&mut self, events: &[SetupEvent]) {
        let Some(log) = &mut self.handover.log else {
            return;
        };
        let last = self.handover.last;
        for event in events {
            let changed = match event {
                SetupEvent::GuildReady(ready) => last.is_some_and(|last| {
                    log.note(
                        last,
                        ready.guild,
                        Some(KnownStage::Unfinished(ready.origin)),
                    );
                    true
                }),
                SetupEvent::StoreFailed(_) => true,
                SetupEvent::RequestFinished(_)
                | SetupEvent::Presences(..)
                | SetupEvent::Asked(_)
                | SetupEvent::Confirm(_)
                | SetupEvent::GuildStale(_)
                | SetupEvent::GuildUnavailable(_)
                | SetupEvent::GuildLeave(_)
                | SetupEvent::ShardFinishedChunking(_)
                | SetupEvent::ShardReady(_) => false,
            };
            let by = u64::from(changed);
            self.handover.changes = self.handover.changes.wrapping_add(by);
        }
    }

    /// Where the guild stands that a dispatch may move, if that will have to be undone.
    pub(super) fn place_before(
        &mut self,
        view: &View<'_>,
        sequence: Option<u64>,
    ) -> Option<PlaceBefore> {
        let log = self.handover.log.as_mut()?;
        if let View::Ready(_) = view {
            log.clear();
            self.handover.changes = self.handover.changes.wrapping_add(1);
            return None;
        }
        if !moves_guilds(view) {
            return None;
        }
        let guild = view.guild()?;
        Some(PlaceBefore {
            sequence: sequence?,
            guild,
            stage: self.setup.known_stage(guild),
        })
    }

    /// The dispatch has been taken in: notes where its guild stood, if it stands elsewhere now.
    pub(super) fn log_place(&mut self, before: Option<PlaceBefore>) {
        let Some(PlaceBefore {
            sequence,
            guild,
            stage,
        }) = before
        else {
            return;
        };
        if self.setup.known_stage(guild) != stage
            && let Some(log) = &mut self.handover.log
        {
            self.handover.changes = self.handover.changes.wrapping_add(1);
            log.note(sequence, guild, stage);
        }
    }
}

/// Nobody waits any more for what was asked about a guild.
fn given_up(
    (guild, row): (GuildId, &RestoredGuild),
) -> impl Iterator<Item = (GuildId, Op<'static>)> {
    let (loading, unanswered) = (Some(Lack::Loading), Lack::Unanswered);
    let members = (row.lack == loading).then_some(Op::Incomplete(unanswered));
    let presences =
        (row.presences_lack == loading).then_some(Op::SetPresencesLack(Some(unanswered)));
    let ops = members.into_iter().chain(presences);
    ops.map(move |op| (guild, op))
}

/// Whether a dispatch may move a guild from one stage to another.
const fn moves_guilds(view: &View<'_>) -> bool {
    matches!(
        view,
        View::GuildCreate(_)
            | View::GuildDelete(_)
            | View::GuildSync(_)
            | View::MembersChunk(_)
            | View::RateLimited(_)
    )
}

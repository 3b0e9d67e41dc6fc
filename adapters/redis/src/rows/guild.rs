//! Writing to one guild.

use headcount_core::Position;
use headcount_core::cache::memory::Applied;
use headcount_core::cache::{GuildStatus, Mutation, Op};
use headcount_core::id::{GuildId, RoleId};

use crate::rows::RowStore;
use crate::rows::changes::Changes;
use crate::rows::error::RowsError;
use crate::rows::head::{GuildHead, change_name};
use crate::rows::held::{GuildStep, HeldRows, SteppedGuild, apply};
use crate::rows::keys::{self, GuildKeys, PLACES};
use crate::rows::known::Missed;
use crate::rows::link::{InPlace, WriteOutcome};
use crate::rows::member_row::{A_BUCKET, bucket, divided};
use crate::rows::reads::Reads;
use crate::rows::steps::{GuildSteps, NextWork, delivers_anew};

/// How often a step is begun anew since somebody else has written the guild meanwhile.
const ATTEMPTS: u32 = 8;

/// So many hashes of members are read at once.
pub(crate) const BUCKETS: u32 = 64;

/// So many keys are taken away at once.
const KEYS: usize = 1_000;

impl RowStore {
    /// Applies a mutation of a guild, but for one with which the guild goes.
    pub(crate) async fn change(
        &self,
        guild: GuildId,
        mutation: &Mutation<'static>,
    ) -> Result<Applied, RowsError> {
        let origin = mutation.origin();
        let includes = |head: &Option<GuildHead>| {
            let head = head.as_ref();
            head.is_some_and(|head| head.includes(origin))
        };
        let mut head = match self.known.head(guild) {
            Some(head) => Some(self.judge_rows(guild, head, mutation).await?),
            None => self.find(guild, mutation).await?,
        };
        if includes(&head) {
            let mut applied = Applied::default();
            applied.replayed = true;
            return Ok(applied);
        }
        let (mut steps, name) = (GuildSteps::new(guild, mutation), change_name(origin));
        // Its last step may have been taken before, by an attempt that got no answer.
        while !includes(&head) {
            let older = head.as_ref().map_or(0, |head| head.older);
            let Some(work) = steps.next(older) else {
                return Ok(Applied::default());
            };
            let unfinished = (!steps.is_over()).then(|| name.clone());
            if let Some(head) = &mut head {
                head.unfinished.clone_from(&unfinished);
            }
            head = match (work, head) {
                (NextWork::Step(mut step), head) => {
                    step.unfinished = unfinished;
                    self.step(guild, head, &step).await?
                }
                (_, None) => None,
                (NextWork::Sweep, Some(head)) => Some(self.sweep(guild, head).await?),
                (NextWork::Strip(role), Some(head)) => Some(self.strip(guild, head, role).await?),
            };
        }
        Ok(Applied::default())
    }

    /// The head of a guild of which nothing was written here, or of which something may be missing.
    async fn find(
        &self,
        guild: GuildId,
        mutation: &Mutation<'static>,
    ) -> Result<Option<GuildHead>, RowsError> {
        let missed = self.known.missed(guild);
        if missed.as_ref().is_some_and(|missed| missed.fails(mutation)) {
            return Err(RowsError::Forgotten);
        }
        let keys = self.keys(guild);
        let found = self.link.head(&keys).await?;
        if missed.is_some_and(|missed| missed.is_lost(found.as_ref())) {
            return Err(RowsError::Forgotten);
        }
        match found {
            Some(head) => Ok(Some(self.judge_rows(guild, head, mutation).await?)),
            None => {
                self.clear(&keys).await?;
                Ok(None)
            }
        }
    }

    /// Rows that lack a change or a part of one, or are from before this session, are stale from
    /// here on, unless they are delivered anew; those of a session after this one are not for it to
    /// change.
    async fn judge_rows(
        &self,
        guild: GuildId,
        head: GuildHead,
        mutation: &Mutation<'static>,
    ) -> Result<GuildHead, RowsError> {
        let origin = mutation.origin();
        let is_of_another = head.is_of_another_session(origin);
        let missed = self.known.missed(guild);
        let lacks = |missed: &Missed| missed.is_lacking(&head, mutation);
        let is_same = match origin {
            Some(_) => head.unfinished == Some(change_name(origin)),
            None => missed.as_ref().is_some_and(|missed| missed.is(mutation)),
        };
        let is_in_part = head.unfinished.is_some() && !is_same;
        let is_lacking = is_in_part || missed.as_ref().is_some_and(lacks);
        if delivers_anew(mutation) {
            return Ok(head);
        }
        if !is_of_another && !is_lacking {
            // Whatever failed before has turned out to be there.
            if missed.is_some_and(|missed| !missed.is(mutation)) {
                self.known.set(guild, head.clone());
            }
            return Ok(head);
        }
        if self.is_superseded(guild, &head, origin) {
            return Err(RowsError::Superseded);
        }
        let just_before = |at: Position| Position {
            sequence: at.sequence.saturating_sub(1),
            ..at
        };
        let mut stale = Mutation::new(Some(guild)).with(Op::SetStatus(GuildStatus::Stale));
        // What the rows include already would change nothing.
        let before = origin.map(just_before);
        if let Some(before) = before.filter(|before| !head.includes(Some(*before))) {
            stale = stale.at(before);
        }
        let mut step = GuildStep::of(stale);
        step.is_anew = true;
        let next = self.step(guild, Some(head), &step).await?;
        next.ok_or(RowsError::Forgotten)
    }

    /// Whether a guild's rows, as they are found, follow a session after that of a dispatch.
    pub(crate) fn is_superseded(
        &self,
        guild: GuildId,
        found: &GuildHead,
        dispatch: Option<Position>,
    ) -> bool {
        let is_newer = |at| !self.known.are_older(guild, found, at);
        found.is_of_another_session(dispatch) && dispatch.is_some_and(is_newer)
    }

    pub(crate) fn keys(&self, guild: GuildId) -> GuildKeys {
        GuildKeys::new(&self.link.prefix, guild)
    }

    /// Takes one step, and divides hashes that have become too full by it.
    pub(crate) async fn step(
        &self,
        guild: GuildId,
        head: Option<GuildHead>,
        step: &GuildStep,
    ) -> Result<Option<GuildHead>, RowsError> {
        let reads = Reads::of(&step.mutation)?;
        let known = head.clone();
        let mut head = head;
        let written = match self.guess(guild, head.as_ref(), step, &reads).await? {
            Some(written) => Some(written),
            None => {
                let mut written = None;
                for _ in 0..ATTEMPTS {
                    let (found, rows) = self.look(guild, head, &reads).await?;
                    expect(known.as_ref(), found.as_ref())?;
                    let session = step.origin.or(known.as_ref().and_then(GuildHead::position));
                    let is_ours = |head: &GuildHead| !head.is_of_another_session(session);
                    if !step.is_anew && !found.as_ref().is_none_or(is_ours) {
                        return Err(RowsError::Superseded);
                    }
                    head = found;
                    if head.as_ref().is_some_and(|it| it.includes(step.origin)) {
                        return Ok(head);
                    }
                    let Some(stepped) = apply(guild, head.as_ref(), &rows, step)? else {
                        return Ok(head);
                    };
                    if let Some(next) = self.put(guild, head.as_ref(), &rows, stepped).await? {
                        written = Some(next);
                        break;
                    }
                }
                written
            }
        };
        let Some(next) = written else {
            return Err(RowsError::Contended);
        };
        let next = self.divide(guild, next).await?;
        self.known.set(guild, next.clone());
        Ok(Some(next))
    }

    /// Reads what a step may touch, with the head as it was then.
    async fn look(
        &self,
        guild: GuildId,
        head: Option<GuildHead>,
        reads: &Reads,
    ) -> Result<(Option<GuildHead>, HeldRows), RowsError> {
        let keys = self.keys(guild);
        let mut buckets = head.map_or(1, |head| head.buckets);
        for _ in 0..ATTEMPTS {
            let (head, rows) = self.link.read(&keys, buckets, reads).await?;
            match &head {
                Some(found) if found.buckets != buckets => buckets = found.buckets,
                Some(_) | None => return Ok((head, rows)),
            }
        }
        Err(RowsError::Contended)
    }

    /// Members who are not there, as most that are listed, are put there in one round trip:
    /// Redis looks whether they are. `None` if nothing was written.
    async fn guess(
        &self,
        guild: GuildId,
        head: Option<&GuildHead>,
        step: &GuildStep,
        reads: &Reads,
    ) -> Result<Option<GuildHead>, RowsError> {
        let Some(head) = head.filter(|_| reads.is_about_members()) else {
            return Ok(None);
        };
        let none = HeldRows::default();
        let Some(mut stepped) = apply(guild, Some(head), &none, step)? else {
            return Ok(None);
        };
        let is_all = stepped.rows.members.len() == reads.members.len();
        let is_count = |op: &Op<'_>| matches!(op, Op::CountMember { .. });
        let counts = stepped.head.state.lack().is_none() || step.mutation.ops().any(is_count);
        if !is_all {
            return Ok(None);
        }
        if head.members == 0 {
            stepped.head.make_room();
        }
        let (keys, buckets) = (self.keys(guild), stepped.head.buckets);
        let changes = Changes::between(&keys, buckets, &none, &stepped.rows)?;
        let found = if counts {
            InPlace::Nothing
        } else {
            InPlace::Same
        };
        let revision = Some(head.revision);
        let written = self
            .link
            .write(&keys, revision, &stepped.head, found, &changes);
        Ok(match written.await? {
            WriteOutcome::Done(added) => {
                stepped.head.members = head.members + added;
                Some(stepped.head)
            }
            WriteOutcome::Moved(_) | WriteOutcome::OtherRows => None,
        })
    }

    /// Writes what a step led to; `None` if somebody else has written the guild meanwhile.
    async fn put(
        &self,
        guild: GuildId,
        head: Option<&GuildHead>,
        rows: &HeldRows,
        mut stepped: SteppedGuild,
    ) -> Result<Option<GuildHead>, RowsError> {
        let (keys, has) = (self.keys(guild), head.map_or(0, |head| head.members));
        if has == 0 {
            stepped.head.make_room();
        }
        if head.is_none() {
            self.list(guild).await?;
        }
        let changes = Changes::between(&keys, stepped.head.buckets, rows, &stepped.rows)?;
        let found = InPlace::Any(stepped.head.members.wrapping_sub(has).cast_signed());
        let revision = head.map(|head| head.revision);
        let written = self
            .link
            .write(&keys, revision, &stepped.head, found, &changes);
        Ok(match written.await? {
            WriteOutcome::Done(_) => Some(stepped.head),
            WriteOutcome::Moved(_) | WriteOutcome::OtherRows => None,
        })
    }

    /// Divides hashes until none has too many members, as a rule.
    async fn divide(&self, guild: GuildId, mut head: GuildHead) -> Result<GuildHead, RowsError> {
        while head.members > A_BUCKET.saturating_mul(u64::from(head.buckets)) {
            let wanted = u32::try_from(head.members.div_ceil(A_BUCKET)).unwrap_or(u32::MAX);
            let half = 1 << head.buckets.ilog2();
            let more = (wanted - head.buckets)
                .min(BUCKETS)
                .min(2 * half - head.buckets);
            let keys = self.keys(guild);
            let sources = head.buckets..head.buckets + more;
            let rows = self.link.read_buckets(&keys, sources.map(divided)).await?;
            let mut changes = Changes::default();
            for (user, row) in &rows.members {
                let from = bucket(*user, head.buckets);
                let to = bucket(*user, head.buckets + more);
                if from != to {
                    changes.take_member(keys.bucket(from), *user, row);
                    changes.set_member(keys.bucket(to), *user, row, None)?;
                }
            }
            let revision = Some(head.revision);
            head.revision += 1;
            head.buckets += more;
            let written = self
                .link
                .write(&keys, revision, &head, InPlace::Any(0), &changes);
            if !matches!(written.await?, WriteOutcome::Done(_)) {
                return Err(RowsError::Contended);
            }
        }
        Ok(head)
    }

    /// Drops the members of older listings.
    async fn sweep(&self, guild: GuildId, head: GuildHead) -> Result<GuildHead, RowsError> {
        let generation = head.generation;
        self.scan(guild, head, |rows| {
            let mut left = rows.clone();
            left.members.retain(|_, row| row.generation == generation);
            Ok(left)
        })
        .await
    }

    /// Takes a role from all members.
    async fn strip(
        &self,
        guild: GuildId,
        head: GuildHead,
        role: RoleId,
    ) -> Result<GuildHead, RowsError> {
        let step = GuildStep::of(Mutation::new(Some(guild)).with(Op::StripRole(role)));
        let at = head.clone();
        self.scan(guild, head, |rows| {
            let stepped = apply(guild, Some(&at), rows, &step)?;
            Ok(stepped.map(|it| it.rows).unwrap_or_default())
        })
        .await
    }

    /// Changes all members, some hashes at a time.
    async fn scan(
        &self,
        guild: GuildId,
        mut head: GuildHead,
        change: impl Fn(&HeldRows) -> Result<HeldRows, RowsError> + Send,
    ) -> Result<GuildHead, RowsError> {
        let keys = self.keys(guild);
        let mut from = 0;
        while from < head.buckets {
            let to = from.saturating_add(BUCKETS).min(head.buckets);
            let rows = self.link.read_buckets(&keys, from..to).await?;
            from = to;
            let changed = change(&rows)?;
            let changes = Changes::between(&keys, head.buckets, &rows, &changed)?;
            if changes.is_empty() {
                continue;
            }
            let older = |rows: &HeldRows| {
                let rows = rows.members.values();
                rows.filter(|row| row.generation != head.generation).count() as u64
            };
            let gone = rows.members.len().saturating_sub(changed.members.len()) as u64;
            let (before, after) = (older(&rows), older(&changed));
            let revision = Some(head.revision);
            head.older = (head.older + after).saturating_sub(before);
            head.members = head.members.saturating_sub(gone);
            head.revision += 1;
            let less = InPlace::Any(-gone.cast_signed());
            let written = self
                .link
                .write(&keys, revision, &head, less, &changes)
                .await?;
            match written {
                WriteOutcome::Done(_) => {}
                WriteOutcome::Moved(found) if found < revision => {
                    return Err(RowsError::Forgotten);
                }
                WriteOutcome::Moved(_) | WriteOutcome::OtherRows => {
                    return Err(RowsError::Contended);
                }
            }
        }
        Ok(head)
    }

    /// Notes that a guild may have keys.
    async fn list(&self, guild: GuildId) -> Result<(), RowsError> {
        let mut command = redis::cmd("SADD");
        command
            .arg(keys::guilds(&self.link.prefix))
            .arg(guild.to_string());
        self.link.ask(&command).await
    }

    /// Takes a guild away with all its keys.
    pub(crate) async fn delete(
        &self,
        guild: GuildId,
        origin: Option<Position>,
    ) -> Result<Applied, RowsError> {
        let keys = self.keys(guild);
        let head = self.link.head(&keys).await?;
        let mut applied = Applied::default();
        if let Some(head) = &head {
            if head.includes(origin) {
                applied.replayed = true;
                return Ok(applied);
            }
            if self.is_superseded(guild, head, origin) {
                return Err(RowsError::Superseded);
            }
        }
        self.known.forget(guild);
        if let Some(head) = &head
            && !self.link.give_up_head(&keys, head.revision).await?
        {
            return Err(RowsError::Contended);
        }
        if self.clear(&keys).await? {
            let mut command = redis::cmd("SREM");
            command
                .arg(keys::guilds(&self.link.prefix))
                .arg(guild.to_string());
            self.link.ask::<u64>(&command).await?;
        }
        Ok(applied)
    }

    /// Takes away what is left of a guild that leaves; the note that it does so last. `false` if
    /// the guild is there again.
    async fn clear(&self, keys: &GuildKeys) -> Result<bool, RowsError> {
        let Some(buckets) = self.link.leaving(keys).await? else {
            return Ok(true);
        };
        let kinds = PLACES.iter().filter_map(|(kind, _)| keys.kind(*kind));
        let mut is_gone = self.link.clear(keys, kinds.collect()).await?;
        for from in (0..buckets).step_by(KEYS) {
            let some = from..buckets.min(from.saturating_add(KEYS as u32));
            let some = some.map(|at| keys.bucket(at));
            is_gone = is_gone && self.link.clear(keys, some.collect()).await?;
        }
        Ok(is_gone && self.link.clear(keys, vec![keys.leaving()]).await?)
    }
}

/// What is found may not be older than what is known.
fn expect(known: Option<&GuildHead>, found: Option<&GuildHead>) -> Result<(), RowsError> {
    let revision = |head: &GuildHead| head.revision;
    if known.map(revision) > found.map(revision) {
        return Err(RowsError::Forgotten);
    }
    Ok(())
}

impl GuildStep {
    /// One that neither begins nor ends a listing.
    pub(crate) const fn of(mutation: Mutation<'static>) -> Self {
        Self {
            origin: mutation.origin(),
            mutation,
            begins_listing: false,
            completes: false,
            is_anew: false,
            unfinished: None,
        }
    }
}

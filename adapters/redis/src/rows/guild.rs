//! Writing to one guild.

use headcount_core::Position;
use headcount_core::cache::memory::Applied;
use headcount_core::cache::{GuildStatus, Mutation, Op};
use headcount_core::id::{GuildId, RoleId};

use crate::rows::RowStore;
use crate::rows::changes::Changes;
use crate::rows::error::RowsError;
use crate::rows::head::GuildHead;
use crate::rows::held::{GuildStep, HeldRows, SteppedGuild, apply};
use crate::rows::keys::{self, GuildKeys, PLACES};
use crate::rows::known::Known;
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
        // Others may have written it meanwhile, or what was lost comes anew.
        if delivers_anew(mutation) {
            self.known.forget(guild);
        }
        let changed = self.take_steps(guild, mutation).await;
        if let (Err(RowsError::Forgotten), Some(origin)) = (&changed, mutation.origin()) {
            self.known.set(guild, Known::Lost(origin));
        }
        changed
    }

    async fn take_steps(
        &self,
        guild: GuildId,
        mutation: &Mutation<'static>,
    ) -> Result<Applied, RowsError> {
        let origin = mutation.origin();
        let includes = |head: &Option<GuildHead>| {
            let head = head.as_ref();
            head.is_some_and(|head| head.includes(origin))
        };
        let (mut head, has_lost) = self.begin(guild, origin).await?;
        if includes(&head) {
            let mut applied = Applied::default();
            applied.replayed = true;
            return Ok(applied);
        }
        admit(head.as_ref(), origin, delivers_anew(mutation))?;
        if head.is_some() && has_lost {
            let stale = Op::SetStatus(GuildStatus::Stale);
            let step = Mutation::new(Some(guild)).with(stale);
            head = self.step(guild, head, &GuildStep::of(step)).await?;
        }
        let mut steps = GuildSteps::new(guild, mutation);
        // Its last step may have been taken before, by an attempt that got no answer.
        while !includes(&head) {
            let older = head.as_ref().map_or(0, |head| head.older);
            let Some(work) = steps.next(older) else {
                return Ok(Applied::default());
            };
            head = match (work, head) {
                (NextWork::Step(step), head) => self.step(guild, head, &step).await?,
                (_, None) => None,
                (NextWork::Sweep, Some(head)) => Some(self.sweep(guild, head).await?),
                (NextWork::Strip(role), Some(head)) => Some(self.strip(guild, head, role).await?),
            };
        }
        Ok(Applied::default())
    }

    /// The guild's head, as it was written here or as it is found; and whether Redis had more
    /// before.
    async fn begin(
        &self,
        guild: GuildId,
        origin: Option<Position>,
    ) -> Result<(Option<GuildHead>, bool), RowsError> {
        match self.known.get(guild) {
            Some(Known::Head(head)) => Ok((Some(head), false)),
            Some(Known::Lost(at)) if Some(at) == origin => Err(RowsError::Forgotten),
            lost => {
                let keys = self.keys(guild);
                let head = self.link.head(&keys).await?;
                if head.is_none() {
                    self.clear(&keys).await?;
                }
                Ok((head, lost.is_some()))
            }
        }
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
                    admit(found.as_ref(), step.origin, step.is_anew)?;
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
        self.known.set(guild, Known::Head(next.clone()));
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
                    self.known.forget(guild);
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
        self.known.forget(guild);
        let keys = self.keys(guild);
        let head = self.link.head(&keys).await?;
        let mut applied = Applied::default();
        if head.as_ref().is_some_and(|head| head.includes(origin)) {
            applied.replayed = true;
            return Ok(applied);
        }
        if head.is_some() {
            let mut command = redis::cmd("RENAME");
            command.arg(keys.head()).arg(keys.leaving());
            self.link.ask::<()>(&command).await?;
        }
        self.clear(&keys).await?;
        let mut command = redis::cmd("SREM");
        command
            .arg(keys::guilds(&self.link.prefix))
            .arg(guild.to_string());
        self.link.ask::<u64>(&command).await?;
        Ok(applied)
    }

    /// Takes away what is left of a guild that leaves; the note that it does so last.
    async fn clear(&self, keys: &GuildKeys) -> Result<(), RowsError> {
        let Some(buckets) = self.link.leaving(keys).await? else {
            return Ok(());
        };
        let buckets = (0..buckets).map(|at| keys.bucket(at));
        let kinds = PLACES.iter().filter_map(|(kind, _)| keys.kind(*kind));
        let all: Vec<String> = kinds.chain(buckets).chain([keys.leaving()]).collect();
        for some in all.chunks(KEYS) {
            let mut command = redis::cmd("UNLINK");
            command.arg(some);
            self.link.ask::<u64>(&command).await?;
        }
        Ok(())
    }
}

/// What a session brings is for rows that follow the same one, unless it delivers them anew.
fn admit(
    head: Option<&GuildHead>,
    origin: Option<Position>,
    is_anew: bool,
) -> Result<(), RowsError> {
    match head {
        Some(head) if !is_anew && head.is_superseding(origin) => Err(RowsError::Superseded),
        Some(_) | None => Ok(()),
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
        }
    }
}

//! What an operator asks of a bot: what is not whole, what is under way, and what is left.

use headcount_core::chunk::OpenRequest;
use headcount_core::fleet::lease::Leases;
use headcount_core::fleet::{Fleet, IdentifyBudget};
use headcount_core::id::GuildId;
use headcount_core::setup::{GuildReadiness, Restored};
use headcount_core::{Shard, ShardId};

use super::Handle;
use super::owners::is_here;

/// A guild, its shard, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuildStanding {
    /// The guild.
    pub guild: GuildId,
    /// The shard that its events come to.
    pub shard: ShardId,
    /// Where it stands, what it waits for and until when.
    pub readiness: GuildReadiness,
}

impl Handle {
    /// The guilds that are not whole, at most so many: on their way, missed, in an outage, or set
    /// up without all of their members. Ascending by shard, then by guild, from the first behind
    /// `after`; how many there are is the sum of
    /// [`Readiness::not_whole`](headcount_core::setup::Readiness::not_whole) over all shards.
    ///
    /// Each shard is locked for those of its own that are returned, however many there are.
    ///
    /// ```
    /// # use headcount_driver::Handle;
    /// # fn ask(handle: &Handle) {
    /// let page = handle.not_whole(None, 100);
    /// for it in &page {
    ///     println!("{} on {}: {:?}", it.guild, it.shard, it.readiness.waits_for);
    /// }
    /// let last = page.last().map(|it| (it.shard, it.guild));
    /// let next_page = handle.not_whole(last, 100);
    /// # }
    /// ```
    #[must_use]
    pub fn not_whole(&self, after: Option<(ShardId, GuildId)>, most: usize) -> Vec<GuildStanding> {
        let from = after.map(|(shard, _)| shard);
        self.collect(from, most, |shard, room| {
            let after = after.filter(|(id, _)| *id == shard.id());
            let guilds = shard.not_whole(after.map(|(_, guild)| guild));
            guilds.take(room).map(standing(shard.id())).collect()
        })
    }

    /// What the bot began with: how many guilds the [state folder](crate::Builder::state) had rows
    /// of, with the session that is gone on with, and as of when; `None` without any. They are in
    /// the cache from the start, and counted once that session is resumed
    /// ([`FinishedChunking::restored`](headcount_core::event::FinishedChunking::restored)).
    ///
    /// ```
    /// # use headcount_driver::Handle;
    /// # fn ask(handle: &Handle) {
    /// if let Some(it) = handle.restored() {
    ///     println!("{} guilds as of {} ms after 1970", it.guilds, it.taken);
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn restored(&self) -> Option<Restored> {
        self.shared.restored
    }

    /// The guilds that hold up readiness, at most so many: those of the last READY of their shard
    /// without an outcome. Ascending by shard, then by guild; how many there are is the sum of
    /// [`Readiness::pending`](headcount_core::setup::Readiness::pending) over all shards.
    ///
    /// ```
    /// # use headcount_driver::Handle;
    /// # fn ask(handle: &Handle) {
    /// for it in handle.pending(10) {
    ///     println!("{} waits for {:?}", it.guild, it.readiness.waits_for);
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn pending(&self, most: usize) -> Vec<GuildStanding> {
        self.collect(None, most, |shard, room| {
            let guilds = shard.pending().take(room);
            guilds.map(standing(shard.id())).collect()
        })
    }

    /// The member requests that have not ended, at most so many, with the shard of each. Ascending
    /// by shard, then in the order in which they were made.
    ///
    /// ```
    /// # use headcount_driver::Handle;
    /// # fn ask(handle: &Handle) {
    /// for (shard, request) in handle.open_requests(10) {
    ///     println!("{shard} asks {}: {:?}", request.guild, request.progress);
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn open_requests(&self, most: usize) -> Vec<(ShardId, OpenRequest)> {
        self.collect(None, most, |shard, room| {
            let requests = shard.open_requests(None).take(room);
            requests.map(|request| (shard.id(), request)).collect()
        })
    }

    /// What is left of the identify budget, of how many, and when it is full again. Of a bot in
    /// several processes it is what they have left together, as this one knows it since it looked
    /// last: at the latest when a shard of it identified.
    ///
    /// ```
    /// # use headcount_driver::Handle;
    /// # fn ask(handle: &Handle) {
    /// let budget = handle.identify_budget();
    /// println!("{} of {} identifies left", budget.left, budget.total);
    /// # }
    /// ```
    #[must_use]
    pub fn identify_budget(&self) -> IdentifyBudget {
        let leases = self.shared.leases.as_ref();
        let shared = leases.and_then(|leases| leases.read(Leases::identify_budget));
        shared.unwrap_or_else(|| self.shared.fleet.read(Fleet::identify_budget))
    }

    /// Up to `most` things of the shards here from `from` on, each shard asked for as many as there
    /// is room for.
    fn collect<T>(
        &self,
        from: Option<ShardId>,
        most: usize,
        of: impl Fn(&Shard, usize) -> Vec<T>,
    ) -> Vec<T> {
        let (mut all, owners) = (Vec::new(), self.owners());
        for (id, cell) in self.shared.fleet.cells() {
            let room = most.saturating_sub(all.len());
            if room == 0 {
                break;
            }
            if from.is_some_and(|from| *id < from) {
                continue;
            }
            let owner = self.owner_of(*id, owners.as_ref());
            cell.read(|shard| {
                let halt = shard.halt();
                if is_here(owner, halt) && !self.is_to_begin(owner, halt) {
                    all.extend(of(shard, room));
                }
            });
        }
        all
    }
}

fn standing(shard: ShardId) -> impl Fn((GuildId, GuildReadiness)) -> GuildStanding {
    move |(guild, readiness)| GuildStanding {
        guild,
        shard,
        readiness,
    }
}

//! Which process of the bot runs which shard.

use headcount_core::ShardId;
use headcount_core::fleet::lease::ProcessId;
use headcount_core::manager::Owners;
use headcount_core::session::Halt;

use super::{Handle, ShardState};

/// Which process runs a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShardOwner {
    /// This one.
    Here,
    /// Another process of the bot, as this one knows it.
    Elsewhere(ProcessId),
    /// None, as far as this one knows: it may be about to be this one's.
    Nobody,
}

impl ShardState {
    /// Whether this process runs the shard, has it, or saw it end by itself and nobody has it
    /// since.
    #[must_use]
    pub fn is_here(&self) -> bool {
        is_here(self.owner, self.halt)
    }
}

/// [`ShardState::is_here`] of a shard with this owner, which has ended like this.
pub(super) fn is_here(owner: ShardOwner, halt: Option<Halt>) -> bool {
    match (owner, halt) {
        (ShardOwner::Here, _) | (_, None) => true,
        (ShardOwner::Nobody, Some(halt)) => halt != Halt::Stopped,
        (ShardOwner::Elsewhere(_), Some(_)) => false,
    }
}

impl Handle {
    /// The processes of the bot that live, and which of them has which shard, as this one knows it;
    /// `None` for a bot that runs in [one](crate::Builder::coordinate).
    ///
    /// ```
    /// # use headcount_driver::Handle;
    /// # fn ask(handle: &Handle) {
    /// for (shard, owner) in handle.owners().into_iter().flat_map(|it| it.shards) {
    ///     println!("{shard}: {owner:?}");
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn owners(&self) -> Option<Owners> {
        self.shared.leases.as_ref().map(|leases| leases.owners())
    }

    /// The number of this process among those of the bot; `None` for a bot that runs in one.
    ///
    /// ```
    /// # use headcount_driver::Handle;
    /// # fn ask(handle: &Handle) {
    /// println!("{:?}", handle.process());
    /// # }
    /// ```
    #[must_use]
    pub fn process(&self) -> Option<ProcessId> {
        self.shared.leases.as_ref().map(|leases| leases.me())
    }

    /// Who runs a shard, by what is known of all of them.
    pub(super) fn owner_of(&self, shard: ShardId, owners: Option<&Owners>) -> ShardOwner {
        let Some(owners) = owners else {
            return ShardOwner::Here;
        };
        let at = owners.shards.binary_search_by_key(&shard, |(it, _)| *it);
        let holder = at.ok().and_then(|at| owners.shards[at].1);
        match holder.filter(|holder| owners.live.contains_key(holder)) {
            Some(holder) if Some(holder) != self.process() => ShardOwner::Elsewhere(holder),
            // A lease that is over may be another's, whom this process does not hear of.
            Some(_) if self.shared.may_run(shard) => ShardOwner::Here,
            Some(_) | None => ShardOwner::Nobody,
        }
    }

    /// Whether this process holds the lease of a shard that has not begun since: what it was before
    /// says nothing of now.
    pub(super) fn is_to_begin(&self, owner: ShardOwner, halt: Option<Halt>) -> bool {
        let is_leased = self.shared.leases.is_some() && owner == ShardOwner::Here;
        is_leased && halt == Some(Halt::Stopped)
    }
}

//! A store that keeps the table of leases for all processes of a bot.

use alloc::vec::Vec;
use core::error::Error;
use core::future::Future;

use crate::fleet::lease::table::{Swap, Swapped};

/// Where the table of leases is kept: a database, or whatever else all processes of a bot reach.
///
/// It is asked to compare and swap single entries, and nothing else. What [`LeaseTable::swap`] does
/// it has to do all at once, whoever else swaps. Swaps of one process may run side by side; no two
/// of them are of one entry, unless an answer was not waited for any longer.
///
/// Numbers of [epochs](super::Epoch) are times by the store's clock, or higher, so that those of a
/// new table are above those of one that is lost. Where its clock is behind they are not, unless a
/// process lives that has seen the old ones; then what was written elsewhere under higher ones
/// (rows, snapshots) refuses what comes, until its epochs are deleted.
///
/// [`LeaseTable::swap`]: super::LeaseTable::swap
pub trait LeaseStore {
    /// Why there is no answer.
    type Error: Error;

    /// Carries out a swap. It may be dropped at any await, and may still be carried out then.
    ///
    /// # Errors
    /// Whatever befalls the store. The swap may have been carried out, and may even be later: it
    /// counts as [`Swapped::Unknown`].
    fn swap(&self, swap: &Swap) -> impl Future<Output = Result<Swapped, Self::Error>> + Send;

    /// How many [looks](Self::look_all) the store answers in one round trip; one, unless it says
    /// otherwise: then each is a swap of its own, side by side.
    fn looks_at_once(&self) -> usize {
        1
    }

    /// Carries out several swaps that only [look](super::Expected::Never), as many as
    /// [`looks_at_once`](Self::looks_at_once) says and 500 at most, with an answer for each, in the
    /// same order: each process looks at all shards of the bot about twice a second, and a store
    /// that answers many in one round trip is asked less. All answers have to come within
    /// [`LeaseConfig::patience`](super::LeaseConfig::patience).
    ///
    /// # Errors
    /// Whatever befalls the store: there is no answer to any. Where there is none to one alone,
    /// that is [`Swapped::Unknown`].
    fn look_all(
        &self,
        looks: &[Swap],
    ) -> impl Future<Output = Result<Vec<Swapped>, Self::Error>> + Send
    where
        Self: Sync,
    {
        async move {
            let mut answers = Vec::with_capacity(looks.len());
            for look in looks {
                answers.push(self.swap(look).await?);
            }
            Ok(answers)
        }
    }
}

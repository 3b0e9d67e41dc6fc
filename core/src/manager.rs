//! Shard managers: which connection serves which channel.
//!
//! A [`Manager`] is policy and nothing else. It looks at a [`Roster`] (the shards, their health and
//! their load) and writes what should happen into a [`Plan`]; the [`Supervisor`] keeps the roster,
//! checks every step and returns [`Decision`]s, which the host carries out. There is no IO here.
//!
//! ```
//! use headcount_core::manager::{Decision, Distributed, Options, Supervisor};
//! use headcount_core::Instant;
//!
//! let rooms = ["ann", "bob", "ann"];
//! let mut manager = Supervisor::new(Options::default(), rooms, |_| Distributed::default())?;
//! let decisions = manager.start_all(Instant::ZERO)?;
//! assert!(matches!(decisions[0], Decision::Open { .. }));
//! assert_eq!(decisions.len(), 3); // one shard, and each room once
//! # Ok::<_, headcount_core::manager::Refusal<&str>>(())
//! ```
//!
//! Built in are [`Single`] (one connection for everything), [`Distributed`] (so many channels per
//! shard) and [`Discord`] (computed: a guild's shard follows from its id). Your own needs one
//! method, [`Manager::assign`]; see the example `custom_manager`. Which of several processes runs
//! which of Discord's shards is up to a [`Placement`].

mod decision;
mod discord;
mod distributed;
mod options;
mod placement;
mod plan;
mod refusal;
mod roster;
mod single;
mod supervisor;

use core::fmt;

pub use crate::owners::{Owners, RunnableShards};
pub use decision::Decision;
pub use discord::Discord;
pub use distributed::{Distributed, Spread};
pub use options::Options;
pub use placement::Placement;
pub use plan::Plan;
pub use refusal::Refusal;
pub use roster::{Health, NewShard, Roster, RosterShard, ShardKey};
pub use single::Single;
pub use supervisor::Supervisor;

/// What shards are given to serve: a chat room, a guild's id, or a type of yours.
///
/// Equal values are the same channel, so normalise before; every fitting type has it for free.
pub trait ChannelKey: Clone + Ord + fmt::Debug + Send + 'static {}

impl<C: Clone + Ord + fmt::Debug + Send + 'static> ChannelKey for C {}

/// The policy that places channels on shards.
///
/// Only [`assign`](Self::assign) must be written. Every method sees the shards through the plan
/// and answers by writing into it. When a method returns a [`Refusal`], whatever it had planned is
/// undone, so it can try freely. What the roster knows need not be kept again; a manager that
/// remembers shard keys should expect them to be gone after a refusal.
///
/// The same calls in the same order should lead to the same decisions: ask no clock and no
/// random source.
pub trait Manager<C: ChannelKey> {
    /// Plans the first shards and places the initial channels, which come without duplicates.
    ///
    /// Nothing is opened before the start. By default each channel is assigned in turn.
    ///
    /// # Errors
    /// When the channels cannot all be served; then there is no manager at all.
    fn set_up(&mut self, plan: &mut Plan<'_, C>, initial: &[C]) -> Result<(), Refusal<C>> {
        initial
            .iter()
            .try_for_each(|channel| self.assign(plan, channel, true))
    }

    /// Places a channel that has no shard yet, by [`Plan::join`]; opens a shard first if need be.
    ///
    /// `initial` says whether the channel was given at set-up.
    ///
    /// # Errors
    /// When no shard can take it.
    fn assign(
        &mut self,
        plan: &mut Plan<'_, C>,
        channel: &C,
        initial: bool,
    ) -> Result<(), Refusal<C>>;

    /// Takes a channel away from its shard; by default it is parted at once.
    ///
    /// # Errors
    /// When the manager wants to keep it.
    fn unassign(&mut self, plan: &mut Plan<'_, C>, channel: &C) -> Result<(), Refusal<C>> {
        plan.part(channel);
        Ok(())
    }

    /// Adds a shard without channels because the user asked for one; by default refused.
    ///
    /// # Errors
    /// When the manager allows no further shard.
    fn add_shard(&mut self, plan: &mut Plan<'_, C>) -> Result<ShardKey, Refusal<C>> {
        let _ = plan;
        Err(Refusal::FixedShards)
    }

    /// Starts one shard and joins the channels it has.
    ///
    /// # Errors
    /// When there is no such shard.
    fn start(&mut self, plan: &mut Plan<'_, C>, shard: ShardKey) -> Result<(), Refusal<C>> {
        plan.start(shard)
    }

    /// Starts every shard that does not run, in the order in which they were opened.
    ///
    /// # Errors
    /// When the manager cannot start.
    fn start_all(&mut self, plan: &mut Plan<'_, C>) -> Result<(), Refusal<C>> {
        let keys = plan.roster().keys();
        keys.into_iter()
            .try_for_each(|shard| self.start(plan, shard))
    }

    /// Stops one shard; its channels stay assigned and are joined again at the next start.
    ///
    /// # Errors
    /// When there is no such shard.
    fn stop(&mut self, plan: &mut Plan<'_, C>, shard: ShardKey) -> Result<(), Refusal<C>> {
        plan.stop(shard)
    }

    /// Stops every shard.
    ///
    /// # Errors
    /// When the manager refuses to stop.
    fn stop_all(&mut self, plan: &mut Plan<'_, C>) -> Result<(), Refusal<C>> {
        let keys = plan.roster().keys();
        keys.into_iter()
            .try_for_each(|shard| self.stop(plan, shard))
    }

    /// The shard that sends to a channel; by default the one that serves it.
    ///
    /// On Twitch the sender need not have joined, and a connection does not see its own messages:
    /// answer with another shard than the serving one and the bot reads what it says.
    fn sender(&self, roster: &Roster<C>, channel: &C) -> Option<ShardKey> {
        roster.shard_of(channel)
    }

    /// Looks after the shards: called after every change of health, load or time.
    ///
    /// The place to move channels off a shard that is [given up](RosterShard::is_given_up) and to
    /// close one that is [idle](RosterShard::is_idle). By default nothing happens.
    fn tend(&mut self, plan: &mut Plan<'_, C>) {
        let _ = plan;
    }
}

impl<C: ChannelKey, M: Manager<C> + ?Sized> Manager<C> for alloc::boxed::Box<M> {
    fn set_up(&mut self, plan: &mut Plan<'_, C>, initial: &[C]) -> Result<(), Refusal<C>> {
        (**self).set_up(plan, initial)
    }

    fn assign(
        &mut self,
        plan: &mut Plan<'_, C>,
        channel: &C,
        initial: bool,
    ) -> Result<(), Refusal<C>> {
        (**self).assign(plan, channel, initial)
    }

    fn unassign(&mut self, plan: &mut Plan<'_, C>, channel: &C) -> Result<(), Refusal<C>> {
        (**self).unassign(plan, channel)
    }

    fn add_shard(&mut self, plan: &mut Plan<'_, C>) -> Result<ShardKey, Refusal<C>> {
        (**self).add_shard(plan)
    }

    fn start(&mut self, plan: &mut Plan<'_, C>, shard: ShardKey) -> Result<(), Refusal<C>> {
        (**self).start(plan, shard)
    }

    fn start_all(&mut self, plan: &mut Plan<'_, C>) -> Result<(), Refusal<C>> {
        (**self).start_all(plan)
    }

    fn stop(&mut self, plan: &mut Plan<'_, C>, shard: ShardKey) -> Result<(), Refusal<C>> {
        (**self).stop(plan, shard)
    }

    fn stop_all(&mut self, plan: &mut Plan<'_, C>) -> Result<(), Refusal<C>> {
        (**self).stop_all(plan)
    }

    fn sender(&self, roster: &Roster<C>, channel: &C) -> Option<ShardKey> {
        (**self).sender(roster, channel)
    }

    fn tend(&mut self, plan: &mut Plan<'_, C>) {
        (**self).tend(plan);
    }
}

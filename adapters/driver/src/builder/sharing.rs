//! How a bot runs in several processes, and who lets its shards identify.

use std::sync::Arc;

use headcount_core::cache::ShardSnapshots;
use headcount_core::fleet::lease::{LeaseConfig, LeaseStore};
use headcount_core::manager::Placement;

use super::Builder;
use crate::Runtime;
use crate::identify_gate::{GateQueue, IdentifyGate};

impl<R: Runtime> Builder<R> {
    /// Shares the bot with other processes: each builds the same bot with the same store of
    /// leases, `headcount_redis::Coordinator` for one, and shards run in one of them at a time.
    ///
    /// A shard begins here when its lease is given. It resumes the session that its owner before
    /// left in the table, from the last event that was acknowledged and recorded there: at the
    /// latest a second before that one was gone, so that what came in that second may come again,
    /// and nothing is lost. All identifies of all processes keep one pace, one order and one budget
    /// for the day. A process that is killed is missed after ten seconds
    /// ([`lease_config`](Self::lease_config)), and its shards go on in the others.
    ///
    /// A shard whose lease is over here, or that is to move, emits [`Event::Halted`] as its last:
    /// no other event of it is handed out from then on, not even one that waited already, however
    /// long the process stood still. Its connection is closed such that the session can be resumed,
    /// and its rows go from the cache in memory when it begins here again. Those of a shard that is
    /// resumed are not there: its guilds begin as [handed over], unless the rows are in
    /// [`shard_snapshots`](Self::shard_snapshots), or its members in a [`store`](Self::store) that
    /// the processes share.
    ///
    /// [`Builder::shards`] says which shards may have to run here, all by default. What one process
    /// cannot run, another one does: also a shard that has ended by itself, such as one that the
    /// service has refused, is left to the others from then on. All run the bot with one number of
    /// shards, that of whoever lives and came first: a process that comes takes it over, or
    /// [`connect`](Self::connect) fails if [`Builder::shards`] says another one. To change it, end
    /// them all.
    ///
    /// A table that is empty says nothing of who is there: the first shard identifies some 15 s
    /// after the first process has come to it, which is logged.
    ///
    /// The processes need no other folder or session: [`state`](Self::state) and
    /// [`sessions`](Self::sessions) cannot be given beside it.
    /// [`Bot::shutdown`](crate::Bot::shutdown), and dropping the bot, hand the shards over at once.
    ///
    /// [`Event::Halted`]: headcount_core::Event::Halted
    /// [handed over]: headcount_core::setup::Outcome::HandedOver
    ///
    /// ```
    /// # use headcount_driver::{Builder, Runtime};
    /// # use headcount_driver::core::fleet::lease::LeaseStore;
    /// # fn describe<R, S>(builder: Builder<R>, coordinator: S) -> Builder<R>
    /// # where
    /// #     R: Runtime,
    /// #     S: LeaseStore<Error: Send + Sync> + Send + Sync + 'static,
    /// # {
    /// builder.coordinate(coordinator) // in each of four processes
    /// # }
    /// ```
    #[must_use]
    pub fn coordinate<S>(mut self, store: S) -> Self
    where
        S: LeaseStore + Send + Sync + 'static,
        S::Error: Send + Sync + 'static,
    {
        self.sharing.store = Some(Arc::new(store));
        self
    }

    /// Leaves what the cache in memory has of each shard to whoever runs it next, under
    /// [`coordinate`](Self::coordinate): as often as [`snapshots`](Self::snapshots) says, 30 s by
    /// default, and the first time as soon as the shard has finished chunking. A takeover within
    /// five minutes puts these rows into its cache, resumes from where they are, and asks nobody
    /// again who is there; what nobody has dealt with yet comes to the consumer, and nothing twice.
    /// Where there is no snapshot that can be used, a guild begins as
    /// [handed over](headcount_core::setup::Outcome::HandedOver).
    ///
    /// The order in which rows were used last, and what lies in no guild, are left behind. One that
    /// cannot be left, or not be gone on from, is a warning.
    ///
    /// ```
    /// # use headcount_driver::{Builder, Runtime};
    /// # use headcount_driver::core::cache::ShardSnapshots;
    /// # fn describe<R, S>(builder: Builder<R>, snapshots: S) -> Builder<R>
    /// # where
    /// #     R: Runtime,
    /// #     S: ShardSnapshots<Error: Send + Sync> + Send + Sync + 'static,
    /// # {
    /// builder.shard_snapshots(snapshots) // the same in each process
    /// # }
    /// ```
    #[must_use]
    pub fn shard_snapshots<S>(mut self, store: S) -> Self
    where
        S: ShardSnapshots + Send + Sync + 'static,
        S::Error: Send + Sync + 'static,
    {
        self.shard_snapshots = Some(Arc::new(store));
        self
    }

    /// Which of the shards this process runs, under [`coordinate`](Self::coordinate): by default
    /// they are spread over the processes that live.
    ///
    /// ```
    /// # use headcount_driver::{Builder, Runtime};
    /// use headcount_driver::core::manager::Placement;
    /// # fn describe<R: Runtime>(builder: Builder<R>) -> Builder<R> {
    /// builder.placement(Placement::Numbers((0..16).collect())) // the others run the rest
    /// # }
    /// ```
    #[must_use]
    pub fn placement(mut self, placement: Placement) -> Self {
        self.sharing.placement = placement;
        self
    }

    /// Changes how long leases last, and how often they are renewed; the same in all processes, or
    /// nearly.
    ///
    /// ```
    /// # use headcount_driver::{Builder, Runtime};
    /// # use std::time::Duration;
    /// # fn describe<R: Runtime>(builder: Builder<R>) -> Builder<R> {
    /// builder.lease_config(|leases| leases.lease = Duration::from_secs(20))
    /// # }
    /// ```
    #[must_use]
    pub fn lease_config(mut self, change: impl FnOnce(&mut LeaseConfig)) -> Self {
        change(&mut self.sharing.config);
        self
    }

    /// Lets this gate say when shards may identify, in place of the bot's own pace and budget.
    ///
    /// ```
    /// # use headcount_driver::{Builder, Runtime};
    /// use headcount_driver::IdentifyGate;
    /// use headcount_driver::core::ShardId;
    ///
    /// struct Queue; // a client of a queue that you run
    ///
    /// impl IdentifyGate for Queue {
    ///     type Pass = ();
    ///
    ///     async fn admit(&self, shard: ShardId) {
    ///         # let _ = shard;
    ///         // ask, and wait for the answer
    ///     }
    /// }
    /// # fn describe<R: Runtime>(builder: Builder<R>) -> Builder<R> {
    /// builder.identify_gate(Queue)
    /// # }
    /// ```
    #[must_use]
    pub fn identify_gate(mut self, gate: impl IdentifyGate + Send + Sync + 'static) -> Self {
        self.gate = Some(GateQueue::new(gate));
        self
    }
}

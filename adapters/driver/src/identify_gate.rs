//! A queue for identifies that the user brings along.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use headcount_core::{Instant, ShardId};

use crate::Runtime;
use crate::metrics::{GateCounts, GateWaits};
use crate::panics::caught_in;

/// A gate that has panicked is asked again after so long.
const REST: Duration = Duration::from_secs(5);

/// Lets shards identify, one after the other: a queue that several bots or processes share, for
/// those who have one. Without it each bot paces its own identifies; processes of one bot that
/// share a [coordinator](crate::Builder::coordinate) need none.
///
/// The service's rules are the gate's to keep: one identify of a bucket (`shard number %
/// max_concurrency`) in five seconds, buckets in order, and no more than are left for the day
/// (<https://discord.com/developers/docs/events/gateway#rate-limiting>). What the bot knows of its
/// own pace and budget does not count.
pub trait IdentifyGate {
    /// What a shard has while it is let in: it is dropped once the identify is written, or will not
    /// be. Time between identifies counts from there, or from when it was given if that is safer.
    type Pass: Send + 'static;

    /// Waits until the shard may identify. Each shard waits once at a time; those that have a
    /// session to resume do not. The future is dropped with the bot. From its end to the identify
    /// the shard dials, which takes some seconds at most.
    fn admit(&self, shard: ShardId) -> impl Future<Output = Self::Pass> + Send;
}

type Pass = Box<dyn Any + Send>;

/// A gate whose passes have lost their type.
trait AnyIdentifyGate: Send + Sync {
    fn admit(&self, shard: ShardId) -> BoxFuture<'_, Pass>;
}

impl<G> AnyIdentifyGate for G
where
    G: IdentifyGate + Send + Sync,
{
    fn admit(&self, shard: ShardId) -> BoxFuture<'_, Pass> {
        let pass = async move { IdentifyGate::admit(self, shard).await };
        pass.map(|pass| Box::new(pass) as Pass).boxed()
    }
}

/// The shards at a gate.
pub(crate) struct GateQueue {
    gate: Arc<dyn AnyIdentifyGate>,
    shards: Mutex<ShardsAtGate>,
    waits: GateWaits,
}

#[derive(Default)]
struct ShardsAtGate {
    /// They are to be sent to the gate.
    new: BTreeSet<ShardId>,
    waiting: BTreeSet<ShardId>,
    passes: BTreeMap<ShardId, Pass>,
}

impl GateQueue {
    pub(crate) fn new(gate: impl IdentifyGate + Send + Sync + 'static) -> Self {
        Self {
            gate: Arc::new(gate),
            shards: Mutex::default(),
            waits: GateWaits::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, ShardsAtGate> {
        self.shards.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many wait, and were let in.
    pub(crate) fn counts(&self) -> GateCounts {
        self.waits.read()
    }

    /// A shard wants to identify. Whether that is new.
    pub(crate) fn want(&self, now: Instant, shard: ShardId) -> bool {
        self.waits.want(now, shard);
        let mut shards = self.lock();
        let old = shards.passes.remove(&shard);
        let is_new = !shards.waiting.contains(&shard) && shards.new.insert(shard);
        drop(shards);
        drop(old);
        is_new
    }

    /// It is let in.
    pub(crate) fn granted(&self, now: Instant, shard: ShardId) {
        self.waits.grant(now, shard);
    }

    /// The shard has identified, or has ended.
    pub(crate) fn give_back(&self, shard: ShardId) {
        let pass = self.lock().passes.remove(&shard);
        drop(pass);
    }

    fn admitted(&self, shard: ShardId, pass: Pass) {
        let mut shards = self.lock();
        shards.waiting.remove(&shard);
        shards.passes.insert(shard, pass);
    }
}

/// Waits at the gate for the shards of a bot.
pub(crate) struct GateWaiter<R> {
    runtime: R,
    admissions: FuturesUnordered<BoxFuture<'static, (ShardId, Pass)>>,
}

impl<R: Runtime> GateWaiter<R> {
    pub(crate) fn new(runtime: R) -> Self {
        Self {
            runtime,
            admissions: FuturesUnordered::new(),
        }
    }

    /// The next shard that is let in.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, queue: &GateQueue) -> Poll<ShardId> {
        let mut shards = queue.lock();
        while let Some(shard) = shards.new.pop_first() {
            shards.waiting.insert(shard);
            let (runtime, gate) = (self.runtime.clone(), Arc::clone(&queue.gate));
            self.admissions.push(admit(runtime, gate, shard).boxed());
        }
        drop(shards);
        match self.admissions.poll_next_unpin(cx) {
            Poll::Ready(Some((shard, pass))) => {
                queue.admitted(shard, pass);
                Poll::Ready(shard)
            }
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}

async fn admit<R: Runtime>(
    runtime: R,
    gate: Arc<dyn AnyIdentifyGate>,
    shard: ShardId,
) -> (ShardId, Pass) {
    loop {
        match caught_in(gate.admit(shard)).await {
            Ok(pass) => return (shard, pass),
            Err(error) => {
                tracing::error!(%error, "the gate for identifies failed, and is asked again");
                runtime.timer(REST).await;
            }
        }
    }
}

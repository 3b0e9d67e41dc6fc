//! All who listen to a bot's events beside its consumer.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use headcount_core::Event;
use headcount_core::interest::{Filter, InterestId, Interests, InterestsFull, Match};

use crate::coordination::SharedLeases;
use crate::event::BotEvent;
use crate::listener::{Listener, ListenerQueue};
use crate::panics::caught;

/// How many may listen to one bot at once.
const MOST: usize = 1024;

/// Who listens, and what of it can be asked without a lock.
pub(crate) struct Listeners {
    /// How many there are: while there are none, an event costs one look at this.
    count: AtomicUsize,
    /// The whole bot has been ready.
    ready: AtomicBool,
    /// By which it is known whose events may be heard.
    leases: Option<Arc<SharedLeases>>,
    table: Mutex<ListenerTable>,
}

struct ListenerTable {
    interests: Interests,
    queues: BTreeMap<InterestId, Arc<ListenerQueue>>,
    /// The bot has ended.
    ended: bool,
}

impl Listeners {
    pub(crate) const fn new(leases: Option<Arc<SharedLeases>>) -> Self {
        Self {
            count: AtomicUsize::new(0),
            ready: AtomicBool::new(false),
            leases,
            table: Mutex::new(ListenerTable {
                interests: Interests::new(MOST),
                queues: BTreeMap::new(),
                ended: false,
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, ListenerTable> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether an event may be handed out: nobody but this process has its shard.
    pub(crate) fn permit(&self, event: &BotEvent) -> bool {
        let leases = self.leases.as_ref();
        leases.is_none_or(|leases| leases.permit(event))
    }

    /// Whether the bot's readiness has passed by.
    pub(crate) fn has_been_ready(&self) -> bool {
        self.ready.load(Ordering::SeqCst)
    }

    /// Lets somebody listen from here on.
    pub(crate) fn add(self: &Arc<Self>, filter: Filter) -> Result<Listener, InterestsFull> {
        let queue = Arc::new(ListenerQueue::default());
        let mut table = self.lock();
        if table.ended {
            drop(table);
            queue.end();
            return Ok(Listener::new(None, queue, Arc::clone(self)));
        }
        let id = table.interests.add(filter)?;
        table.queues.insert(id, Arc::clone(&queue));
        self.count.store(table.queues.len(), Ordering::SeqCst);
        Ok(Listener::new(Some(id), queue, Arc::clone(self)))
    }

    /// Somebody listens no more.
    pub(crate) fn remove(&self, id: InterestId) {
        let mut table = self.lock();
        table.interests.remove(id);
        let queue = table.queues.remove(&id);
        self.count.store(table.queues.len(), Ordering::SeqCst);
        drop(table);
        drop(queue);
    }

    /// An event that is on its way to the consumer, or the end of all.
    pub(crate) fn observe(&self, event: Option<&BotEvent>) {
        let Some(event) = event else {
            return self.end();
        };
        if matches!(event.event, Event::BotReady(_)) {
            self.ready.store(true, Ordering::SeqCst);
        }
        if self.count.load(Ordering::SeqCst) == 0 {
            return;
        }
        let mut copy = None;
        for (one, queue) in self.matches(&event.event) {
            // Predicates are the user's code: they run outside of the lock.
            match caught(|| one.holds(&event.event)) {
                Ok(true) => {
                    let copy = copy.get_or_insert_with(|| Arc::new(event.copy()));
                    queue.push(Arc::clone(copy));
                }
                Ok(false) => {}
                Err(panicked) => queue.fail(panicked),
            }
        }
    }

    fn matches(&self, event: &Event<'static>) -> Vec<(Match, Arc<ListenerQueue>)> {
        let table = self.lock();
        let matches = table.interests.matches(event).into_iter();
        let with_queue = |one: Match| {
            let queue = table.queues.get(&one.id()).map(Arc::clone);
            queue.map(|queue| (one, queue))
        };
        matches.filter_map(with_queue).collect()
    }

    fn end(&self) {
        let mut table = self.lock();
        table.ended = true;
        let queues: Vec<_> = table.queues.values().map(Arc::clone).collect();
        drop(table);
        queues.iter().for_each(|queue| queue.end());
    }
}

use futures_channel::oneshot;
use futures_util::task::noop_waker;
use headcount_core::Dispatch;
use headcount_core::cache::Policies;
use headcount_core::cache::memory::Indexes;
use headcount_core::event::HeldOverflow;
use headcount_core::setup::ShardReady;

use super::*;
use crate::cache::CachePlan;
use crate::delivery::{BufferLimits, Events};
use crate::event::BotEvent;

/// Queues under test, with a consumer that takes everything.
struct Bench {
    queues: GuildQueues,
    delivery: Delivery,
    cache: Cache,
    events: Events,
}

/// Ends a change that is under way.
type End = oneshot::Sender<StoreOutcome>;

fn bench() -> Bench {
    let limits = BufferLimits {
        events: 4096,
        bytes: usize::MAX,
    };
    let (delivery, events) = Delivery::new(limits);
    let plan = CachePlan::new(1, Policies::default(), Indexes::empty());
    let plan = plan.kept_elsewhere(Kinds::MEMBERS);
    Bench {
        queues: GuildQueues::new(
            ShardId::ONE,
            Arc::new(Acknowledgements::new(Arc::default(), 8)),
        ),
        delivery,
        cache: Cache::new(plan, None),
        events,
    }
}

fn guild(id: u64) -> GuildId {
    GuildId::new(id).expect("not zero")
}

impl Bench {
    fn change(&mut self, of: GuildQueue, sequence: u64, alone: bool) -> End {
        let (job, end) = job(of, sequence);
        let job = Job { alone, ..job };
        self.queues.change(job, &mut self.delivery);
        end
    }

    /// A change that delivers the guild anew.
    fn deliver(&mut self, of: GuildQueue, sequence: u64) -> End {
        let (job, end) = job(of, sequence);
        let job = Job {
            delivers: true,
            ..job
        };
        self.queues.change(job, &mut self.delivery);
        end
    }

    fn inputs(&mut self) -> Vec<StoreInput> {
        std::iter::from_fn(|| self.queues.next_input()).collect()
    }

    fn dispatch(&mut self, of: u64, sequence: u64) {
        let data = format!(r#"{{"guild_id":"{of}"}}"#);
        let event = Dispatch::new("TYPING_START", Some(sequence), &data).into_owned();
        self.queues
            .event(Event::Dispatch(event), &mut self.delivery);
    }

    /// What comes out, as text.
    fn out(&mut self) -> Vec<String> {
        let waker = noop_waker();
        let mut cx = Context::from_waker(&waker);
        let _ = self.queues.poll(&mut cx, &mut self.delivery, &self.cache);
        let mut out = Vec::new();
        while let Some(Some(event)) = self.events.next().now_or_never() {
            out.push(emitted(&event));
        }
        out
    }
}

fn job(guild: GuildQueue, sequence: u64) -> (Job, End) {
    let (end, work) = oneshot::channel();
    let job = Job {
        guild,
        sequence: Some(sequence),
        alone: false,
        delivers: false,
        silent: Kinds::empty(),
        work: Box::new(|_| work.map(Result::unwrap_or_default).boxed()),
    };
    (job, end)
}

fn failed() -> StoreOutcome {
    let cause = std::io::Error::other("the disk is full");
    StoreOutcome {
        failures: vec![(Kinds::MEMBERS, Arc::new(cause))],
        ..StoreOutcome::default()
    }
}

fn emitted(event: &BotEvent) -> String {
    match &event.event {
        Event::Dispatch(dispatch) => {
            let mark = if dispatch.is_unstored() { "!" } else { "" };
            format!("{}{mark}", dispatch.sequence().unwrap_or(0))
        }
        Event::HeldOverflow(it) => format!("overflow {}", it.guild),
        Event::ShardReady(_) => "ready".into(),
        Event::StoreFailed(failure) => format!("failed: {}", failure.error),
        other => format!("{other:?}"),
    }
}

fn done() -> StoreOutcome {
    StoreOutcome::default()
}

#[test]
fn without_a_change_an_event_goes_at_once() {
    let mut bench = bench();
    bench.dispatch(1, 1);
    assert_eq!(bench.out(), ["1"]);
}

#[test]
fn an_event_waits_for_its_guild_alone() {
    let mut bench = bench();
    let end = bench.change(Some(guild(1)), 1, false);
    for (of, sequence) in [(1, 1), (2, 2), (1, 3)] {
        bench.dispatch(of, sequence);
    }
    assert_eq!(bench.out(), ["2"]);
    assert!(end.send(done()).is_ok());
    assert_eq!(bench.out(), ["1", "3"]);
}

#[test]
fn changes_of_one_guild_run_one_after_the_other() {
    let mut bench = bench();
    let first = bench.change(Some(guild(1)), 1, false);
    bench.dispatch(1, 1);
    let second = bench.change(Some(guild(1)), 2, false);
    bench.dispatch(1, 2);
    assert!(second.send(done()).is_ok(), "its work is not begun");
    assert_eq!(bench.out(), [""; 0]);
    assert!(first.send(done()).is_ok());
    assert_eq!(bench.out(), ["1", "2"]);
}

#[test]
fn readiness_and_a_new_session_wait_for_all_and_hold_what_follows() {
    let mut bench = bench();
    let one = bench.change(Some(guild(1)), 1, false);
    bench.queues.event(
        Event::ShardReady(ShardReady {
            shard: ShardId::ONE,
            available: 0,
            unavailable: 0,
            restored: None,
        }),
        &mut bench.delivery,
    );
    let alone = bench.change(None, 2, true);
    bench.dispatch(2, 3);
    assert_eq!(bench.out(), [""; 0]);
    assert!(one.send(done()).is_ok());
    assert_eq!(bench.out(), ["ready"]);
    assert!(alone.send(done()).is_ok());
    assert_eq!(bench.out(), ["3"]);
}

#[test]
fn a_failure_is_reported_before_the_event_which_says_so() {
    let mut bench = bench();
    let end = bench.change(Some(guild(1)), 1, false);
    bench.dispatch(1, 1);
    let overflow = HeldOverflow {
        guild: guild(1),
        events: 1,
        bytes: 1,
    };
    bench
        .queues
        .event(Event::HeldOverflow(overflow), &mut bench.delivery);
    assert!(end.send(failed()).is_ok());
    assert_eq!(
        bench.out(),
        ["failed: the disk is full", "1!", "overflow 1"]
    );
    assert_eq!(bench.inputs(), [StoreInput::Failed(guild(1))]);
    let status = bench.cache.read(|store| store.guild_status(guild(1)));
    assert_eq!(status, Some(GuildStatus::Stale), "before the shard knows");
}

#[test]
fn a_failure_of_what_is_delivered_anew_behind_it_is_reported_and_no_more() {
    let mut bench = bench();
    let first = bench.change(Some(guild(1)), 1, false);
    let other = bench.change(Some(guild(2)), 2, false);
    let anew = bench.deliver(Some(guild(1)), 3);
    for end in [first, other, anew] {
        assert!(end.send(failed()).is_ok());
        assert_eq!(bench.out(), ["failed: the disk is full"]);
    }
    let inputs = [2, 1].map(|of| StoreInput::Failed(guild(of)));
    assert_eq!(
        bench.inputs(),
        inputs,
        "that of the last alone, and of the other guild"
    );
}

#[test]
fn reading_stops_when_too_much_waits() {
    let mut bench = bench();
    let end = bench.change(Some(guild(1)), 1, false);
    (0..1024).for_each(|sequence| bench.dispatch(1, sequence));
    assert!(bench.queues.is_full());
    drop(end);
    let _ = bench.out();
    assert!(!bench.queues.is_full());
}

//! A tracker beside another library reads as a shard does.

use headcount_core::{Intents, ShardId, Tracker};

use super::forms::forms;
use super::host::{Host, NOW, Reading, config};
use super::payloads::{guild_create, others, ready};
use super::tree::{Order, Tree};

fn tracker() -> Tracker {
    let config = config(Intents::all()).tracker;
    let mut tracker = Tracker::new(ShardId::ONE, Intents::all(), config, 7);
    for (sequence, name, data) in [(1, "READY", ready()), (2, "GUILD_CREATE", guild_create())] {
        let data = data.to_string();
        drop(tracker.dispatch(NOW, name, Some(sequence), &data));
    }
    tracker
}

#[test]
fn a_tracker_beside_another_library_reads_as_a_shard_does() {
    let (tracker, (host, nonce)) = (tracker(), Host::asking(Intents::all()));
    let mut compared = 0;
    for (name, data) in others(&nonce) {
        let tree = Tree::new(&data, Order::Usual);
        for way in tree.places().iter().step_by(9) {
            for form in forms() {
                let text = tree.with(way, &form.text).text();
                let (shard, mut beside) = (host.try_dispatch(name, &text), Reading::default());
                let mut tracker = tracker.clone();
                for action in tracker.dispatch(NOW, name, Some(3), &text) {
                    beside.take(action, (name, &text));
                }
                assert_eq!(beside.dispatch, shard.dispatch, "{name} {text}");
                assert_eq!(beside.misunderstood, shard.misunderstood, "{name} {text}");
                // The shard has asked, and asks again.
                if name != "RATE_LIMITED" {
                    assert_eq!(beside.mutations, shard.mutations, "{name} {text}");
                }
                compared += 1;
            }
        }
    }
    assert!(compared > 2_000, "{compared}");
}

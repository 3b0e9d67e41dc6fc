//! A queue for identifies that the user brings along, on virtual time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use headcount_driver::core::{Intents, ShardId};
use headcount_driver::{Builder, IdentifyGate};
use serde_json::json;
use tokio::sync::oneshot;
use tokio::time::timeout;

mod memory;
use memory::{PLAIN, info, memory};

/// Shards that wait at the gate, in the order in which they came.
type Waiting = Arc<Mutex<Vec<(ShardId, oneshot::Sender<()>)>>>;

#[derive(Clone, Default)]
struct Gate {
    waiting: Waiting,
    /// The passes that are not given back.
    out: Arc<AtomicUsize>,
}

struct Pass(Arc<AtomicUsize>);

impl Drop for Pass {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl IdentifyGate for Gate {
    type Pass = Pass;

    async fn admit(&self, shard: ShardId) -> Pass {
        let (admit, admitted) = oneshot::channel();
        self.waiting.lock().expect("it").push((shard, admit));
        admitted.await.expect("the test lets it in");
        self.out.fetch_add(1, Ordering::SeqCst);
        Pass(Arc::clone(&self.out))
    }
}

#[tokio::test(start_paused = true)]
async fn a_shard_that_cannot_dial_gives_its_pass_back_before_it_waits_again() {
    let (runtime, listener) = memory();
    drop(listener);
    let gate = Gate::default();
    let builder = Builder::new(runtime, "token", Intents::GUILDS)
        .gateway(info(1))
        .seed(7);
    let _bot = builder
        .identify_gate(gate.clone())
        .connect()
        .await
        .expect("started");
    for _ in 0..3 {
        let admit = loop {
            if let Some((_, admit)) = gate.waiting.lock().expect("it").pop() {
                break admit;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        admit.send(()).expect("it waits");
        // Time stands still until the dial has failed.
        tokio::time::sleep(Duration::from_millis(10)).await;
        let is_asked = !gate.waiting.lock().expect("it").is_empty();
        let out = gate.out.load(Ordering::SeqCst);
        assert!(out == 0 && !is_asked, "{out} {is_asked}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_gate_of_ones_own_says_when_shards_identify() {
    let (runtime, mut listener) = memory();
    let gate = Gate::default();
    let builder = Builder::new(runtime, "token", Intents::GUILDS).gateway(info(3));
    let builder = builder.compression(PLAIN).identify_gate(gate.clone());
    let _bot = builder.connect().await.expect("started");
    let long = Duration::from_secs(60);
    assert!(timeout(long, listener.raw()).await.is_err(), "nobody dials");
    let mut waiting = std::mem::take(&mut *gate.waiting.lock().expect("it"));
    assert_eq!(waiting.len(), 3, "each once");
    for at in [1, 1, 0] {
        let (shard, admit) = waiting.remove(at);
        admit.send(()).expect("it waits");
        let mut gateway = listener.accept().await;
        assert_eq!(
            gate.out.load(Ordering::SeqCst),
            1,
            "until it has identified"
        );
        let identify = gateway.begin("s").await;
        assert_eq!(identify["d"]["shard"], json!([shard.number(), 3]));
        assert_eq!(gate.out.load(Ordering::SeqCst), 0);
        tokio::spawn(async move { gateway.closed().await });
    }
}

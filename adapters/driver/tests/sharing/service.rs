//! A gateway that lets every shard in, and remembers who came when.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::memory::{Gateway, Listener};

/// A shard identified or resumed.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    pub(crate) process: u32,
    pub(crate) shard: u32,
    pub(crate) resumed: bool,
    pub(crate) at: Instant,
}

#[derive(Clone, Default)]
pub(crate) struct Service {
    visits: Arc<Mutex<Vec<Visit>>>,
    /// Lets nobody in who identifies from this process with an odd shard.
    pub(crate) refuses: Option<u32>,
}

impl Service {
    /// Who came so far.
    pub(crate) fn visits(&self) -> Vec<Visit> {
        self.visits.lock().expect("visits").clone()
    }

    /// Lets in what a process dials.
    pub(crate) fn serve(&self, process: u32, mut listener: Listener) {
        let service = self.clone();
        tokio::spawn(async move {
            loop {
                let gateway = listener.accept().await;
                tokio::spawn(service.clone().visit(process, gateway));
            }
        });
    }

    async fn visit(self, process: u32, mut gateway: Gateway) {
        gateway.hello(Duration::from_secs(40)).await;
        let mut payload = gateway.any().await;
        while payload["op"] == 1 {
            payload = gateway.any().await;
        }
        let resumed = payload["op"] == 6;
        let shard = match resumed {
            true => payload["d"]["session_id"]
                .as_str()
                .and_then(|id| id.parse().ok()),
            false => payload["d"]["shard"][0].as_u64().map(|shard| shard as u32),
        };
        let shard = shard.expect("a shard");
        if self.refuses == Some(process) && shard % 2 == 1 {
            return gateway.close(4004).await;
        }
        let at = Instant::now();
        self.visits.lock().expect("visits").push(Visit {
            process,
            shard,
            resumed,
            at,
        });
        match resumed {
            true => {
                let resumed = json!({"op": 0, "s": 2, "t": "RESUMED", "d": {}});
                gateway.send(resumed).await;
            }
            false => gateway.ready(&shard.to_string()).await,
        }
        gateway.closed().await;
    }
}

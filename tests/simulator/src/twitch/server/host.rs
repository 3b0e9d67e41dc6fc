//! The model, its clock and the links to its connections, behind one lock.
use super::{Transport, TwitchHappening, TwitchObserver, TwitchServerConfig};
use crate::edge::{ConnectionId, Millis, Output};
use crate::server::link::{self, Link, Outbox};
use crate::twitch::act::TwitchAct;
use crate::twitch::model::Twitch;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// The host, shared by every task of the server.
#[derive(Clone)]
pub(super) struct SharedHost(Arc<Mutex<Host>>);

/// The model with everything that the outside world needs around it.
pub(super) struct Host {
    twitch: Twitch,
    started: Instant,
    speed: u32,
    links: BTreeMap<ConnectionId, Link>,
    observers: Vec<TwitchObserver>,
    told_violations: usize,
    waiting_limit: usize,
    changes: watch::Sender<()>,
}

impl SharedHost {
    pub(super) fn new(twitch: Twitch, config: TwitchServerConfig) -> Self {
        Self(Arc::new(Mutex::new(Host {
            twitch,
            started: Instant::now(),
            speed: config.speed.max(1),
            links: BTreeMap::new(),
            observers: config.observers,
            told_violations: 0,
            waiting_limit: config.waiting_limit,
            changes: watch::Sender::new(()),
        })))
    }

    /// The host; a panic of an observer or a test's closure does not lock everyone else out.
    pub(super) fn lock(&self) -> MutexGuard<'_, Host> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the model when it wants to be woken, for ever.
    pub(super) async fn keep_time(self) {
        let mut changes = self.lock().changes();
        loop {
            let wake = self.lock().wake();
            let sleep = async {
                match wake {
                    Some(wake) => tokio::time::sleep_until(wake.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = sleep => self.lock().advance(),
                _ = changes.changed() => {}
            }
        }
    }
}

impl Host {
    pub(super) fn twitch(&self) -> &Twitch {
        &self.twitch
    }

    /// Milliseconds since the start on the model's clock.
    pub(super) fn now(&self) -> Millis {
        let fast = self.started.elapsed().saturating_mul(self.speed);
        Millis::try_from(fast.as_millis()).unwrap_or(Millis::MAX)
    }

    /// Notified after every change of the model.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    fn wake(&self) -> Option<Instant> {
        let after = Duration::from_millis(self.twitch.poll_timeout()?) / self.speed;
        // Rounded up, so that the model's time has come when it is woken.
        self.started.checked_add(after + Duration::from_micros(1))
    }

    fn advance(&mut self) {
        let now = self.now();
        self.twitch.advance(now);
        self.settle(now);
    }

    pub(super) fn act(&mut self, act: TwitchAct) {
        let now = self.now();
        self.twitch.act(now, act);
        self.settle(now);
    }

    pub(super) fn open(&mut self, transport: Transport) -> (ConnectionId, Outbox) {
        let now = self.now();
        let connection = self.twitch.open(now);
        let (link, outbox) = link::pair();
        self.links.insert(connection, link);
        self.notify(
            now,
            &TwitchHappening::Opened {
                connection,
                transport,
            },
        );
        self.settle(now);
        (connection, outbox)
    }

    /// Bytes arrived; ignored when the model has let go of the connection already.
    pub(super) fn receive(&mut self, connection: ConnectionId, bytes: &[u8]) {
        if self.links.contains_key(&connection) {
            let now = self.now();
            self.notify(now, &TwitchHappening::Received { connection, bytes });
            self.twitch.receive(now, connection, bytes);
            self.settle(now);
        }
    }

    /// The client is gone; ignored when the model has let go of the connection already.
    pub(super) fn closed(&mut self, connection: ConnectionId) {
        if self.links.remove(&connection).is_some() {
            let now = self.now();
            self.notify(now, &TwitchHappening::Closed { connection });
            self.twitch.closed(now, connection);
            self.settle(now);
        }
    }

    /// Hands out what the model has to say, then lets the clock look at it.
    fn settle(&mut self, now: Millis) {
        while let Some((connection, output)) = self.twitch.poll_output() {
            self.relay(now, connection, output);
        }
        let violations = self.twitch.violations();
        for violation in violations.iter().skip(self.told_violations) {
            for observer in &mut self.observers {
                observer(now, &TwitchHappening::Violation(violation));
            }
        }
        self.told_violations = violations.len();
        self.changes.send_replace(());
    }

    fn relay(&mut self, now: Millis, connection: ConnectionId, output: Output) {
        match output {
            Output::Send(_) => {
                let Some(link) = self.links.get(&connection) else {
                    return;
                };
                if link.push(output) > self.waiting_limit {
                    link.cut();
                    self.links.remove(&connection);
                    self.notify(now, &TwitchHappening::Closed { connection });
                    self.twitch.closed(now, connection);
                }
            }
            Output::Close(_) | Output::Drop => {
                if let Some(link) = self.links.remove(&connection) {
                    link.push(output);
                    self.notify(now, &TwitchHappening::Closed { connection });
                }
            }
        }
    }

    fn notify(&mut self, now: Millis, happening: &TwitchHappening<'_>) {
        for observer in &mut self.observers {
            observer(now, happening);
        }
    }
}

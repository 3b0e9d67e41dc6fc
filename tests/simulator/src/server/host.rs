//! The model, its clock and the links to its connections, behind one lock.
use super::happening::{Happening, Observer};
use super::link::{self, Flow, Link, Outbox};
use crate::act::Act;
use crate::edge::{Accept, ConnectionId, Millis, Output, Upgrade};
use crate::gateway::Gateway;
use crate::rest::{Rest, RestReply};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// The host, shared by every task of the server.
#[derive(Clone)]
pub(super) struct SharedHost(Arc<Mutex<Host>>);

/// The model with everything that the outside world needs around it.
pub(super) struct Host {
    gateway: Gateway,
    started: Instant,
    links: BTreeMap<ConnectionId, Link>,
    observers: Vec<Observer>,
    told_violations: usize,
    waiting_limit: usize,
    changes: watch::Sender<()>,
}

/// How a handshake goes on.
pub(super) enum Handshake {
    Open(ConnectionId, Outbox),
    Refuse(u16),
    Silent,
}

impl SharedHost {
    pub(super) fn new(gateway: Gateway, observers: Vec<Observer>, waiting_limit: usize) -> Self {
        Self(Arc::new(Mutex::new(Host {
            gateway,
            started: Instant::now(),
            links: BTreeMap::new(),
            observers,
            told_violations: 0,
            waiting_limit,
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
            tokio::select! {
                () = sleep_until(wake) => self.lock().advance(),
                _ = changes.changed() => {}
            }
        }
    }
}

async fn sleep_until(wake: Option<Instant>) {
    match wake {
        Some(wake) => tokio::time::sleep_until(wake.into()).await,
        None => std::future::pending().await,
    }
}

impl Host {
    pub(super) fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    pub(super) fn gateway_mut(&mut self) -> &mut Gateway {
        &mut self.gateway
    }

    /// Milliseconds since the start.
    pub(super) fn now(&self) -> Millis {
        Millis::try_from(self.started.elapsed().as_millis()).unwrap_or(Millis::MAX)
    }

    /// Notified after every change of the model.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    fn wake(&self) -> Option<Instant> {
        self.started
            .checked_add(Duration::from_millis(self.gateway.poll_timeout()?))
    }

    fn advance(&mut self) {
        let now = self.now();
        self.gateway.advance(now);
        self.settle(now);
    }

    pub(super) fn act(&mut self, act: Act) {
        let now = self.now();
        self.gateway.act(now, act);
        self.settle(now);
    }

    pub(super) fn rest(&mut self, request: &Rest<'_>) -> RestReply {
        let now = self.now();
        let heard = self.gateway.heard().len();
        let reply = self.gateway.rest(now, request);
        let Rest { method, path, .. } = *request;
        let path = path.split('?').next().unwrap_or(path);
        let said = self
            .gateway
            .heard()
            .get(heard)
            .map(|said| said.text.clone());
        self.notify(
            now,
            &Happening::Rest {
                method,
                path,
                status: reply.status,
                said: said.as_deref(),
            },
        );
        self.settle(now);
        reply
    }

    pub(super) fn upgrade(&mut self, upgrade: Upgrade, query: &str) -> Handshake {
        let now = self.now();
        let resume_host = upgrade.resume_host;
        let handshake = match self.gateway.upgrade(now, upgrade) {
            Accept::Open(connection) => {
                let (link, outbox) = link::pair();
                self.links.insert(connection, link);
                self.notify(
                    now,
                    &Happening::Opened {
                        connection,
                        query,
                        resume_host,
                    },
                );
                Handshake::Open(connection, outbox)
            }
            Accept::Refuse(status) => {
                self.notify(
                    now,
                    &Happening::Refused {
                        status,
                        resume_host,
                    },
                );
                Handshake::Refuse(status)
            }
            Accept::Silent => {
                self.notify(now, &Happening::Unanswered);
                Handshake::Silent
            }
        };
        self.settle(now);
        handshake
    }

    /// A payload arrived; ignored when the model has let go of the connection already.
    pub(super) fn receive(&mut self, connection: ConnectionId, payload: &[u8]) {
        if self.links.contains_key(&connection) {
            let now = self.now();
            self.notify(
                now,
                &Happening::Received {
                    connection,
                    payload,
                },
            );
            self.gateway.receive(now, connection, payload);
            self.settle(now);
        }
    }

    /// The client closed; ignored when the model has let go of the connection already.
    pub(super) fn closed(&mut self, connection: ConnectionId, code: Option<u16>) {
        if self.links.remove(&connection).is_some() {
            let now = self.now();
            self.notify(now, &Happening::Closed { connection, code });
            self.gateway.closed(now, connection, code);
            self.settle(now);
        }
    }

    /// Cuts every connection at once, without a close frame.
    pub(super) fn cut_all(&mut self) {
        let now = self.now();
        for (connection, link) in std::mem::take(&mut self.links) {
            self.cut(now, connection, &link);
        }
        self.settle(now);
    }

    pub(super) fn set_flow(&mut self, flow: Flow) {
        self.links.values().for_each(|link| link.set_flow(flow));
    }

    /// Hands out what the model has to say, then lets the clock look at it.
    fn settle(&mut self, now: Millis) {
        self.tell_violations(now);
        while let Some((connection, output)) = self.gateway.poll_output() {
            self.relay(now, connection, output);
            self.tell_violations(now);
        }
        self.changes.send_replace(());
    }

    fn relay(&mut self, now: Millis, connection: ConnectionId, output: Output) {
        match output {
            Output::Send(_) => {
                let Some(link) = self.links.get(&connection) else {
                    return;
                };
                let waiting = link.push(output);
                if waiting > self.waiting_limit {
                    self.give_up(now, connection, waiting);
                }
            }
            Output::Close(code) => {
                self.let_go(connection, output);
                self.notify(now, &Happening::Closing { connection, code });
            }
            Output::Drop => {
                self.let_go(connection, output);
                self.notify(now, &Happening::Cut { connection });
            }
        }
    }

    fn let_go(&mut self, connection: ConnectionId, last: Output) {
        if let Some(link) = self.links.remove(&connection) {
            link.push(last);
        }
    }

    fn give_up(&mut self, now: Millis, connection: ConnectionId, waiting: usize) {
        if let Some(link) = self.links.remove(&connection) {
            self.notify(
                now,
                &Happening::Stuck {
                    connection,
                    waiting,
                },
            );
            link.cut();
            self.gateway.closed(now, connection, None);
        }
    }

    fn cut(&mut self, now: Millis, connection: ConnectionId, link: &Link) {
        self.notify(now, &Happening::Cut { connection });
        link.cut();
        self.gateway.closed(now, connection, None);
    }

    fn tell_violations(&mut self, now: Millis) {
        let violations = self.gateway.violations();
        for violation in violations.iter().skip(self.told_violations) {
            for observer in &mut self.observers {
                observer(now, &Happening::Violation(violation));
            }
        }
        self.told_violations = violations.len();
    }

    fn notify(&mut self, now: Millis, happening: &Happening<'_>) {
        for observer in &mut self.observers {
            observer(now, happening);
        }
    }
}

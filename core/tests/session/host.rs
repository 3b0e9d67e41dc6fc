//! A host on virtual time that does nothing but keep what the shard wants.

use std::time::Duration;

use headcount_core::session::{Phase, Reason, Session, Wait};
use headcount_core::wire::command::Command;
use headcount_core::{Action, Config, Event, Input, Instant, Intents, Shard, ShardId, Token};

pub(crate) const INTERVAL: Duration = Duration::from_millis(41_250);

pub(crate) struct Host {
    pub(crate) shard: Shard,
    pub(crate) now: Instant,
    pub(crate) done: Vec<Action<'static>>,
}

pub(crate) fn config() -> Config {
    let mut config = Config::new(Token::new("s3cr3t"), Intents::GUILDS, ShardId::ONE);
    config.url = "wss://base.example".into();
    config
}

impl Host {
    pub(crate) fn new(config: Config) -> Self {
        Self::of(Shard::new(config, 7))
    }

    pub(crate) fn of(shard: Shard) -> Self {
        Self {
            shard,
            now: Instant::ZERO,
            done: Vec::new(),
        }
    }

    /// A host whose shard has begun a session: READY has come.
    pub(crate) fn active() -> Self {
        let mut host = Self::new(config());
        host.begin();
        host
    }

    /// Connects, greets, and lets the shard begin a session, or go on with the one it has.
    pub(crate) fn begin(&mut self) {
        self.dial();
        self.hello();
        self.begin_session();
    }

    /// The server's answer to an identify or a resume.
    pub(crate) fn begin_session(&mut self) {
        self.receive(match self.shard.phase() {
            Phase::Resuming => RESUMED,
            _ => READY,
        });
        assert_eq!(self.shard.phase(), Phase::Active);
    }

    /// Waits until the shard dials, and lets it.
    pub(crate) fn dial(&mut self) {
        while self.shard.phase() != Phase::Connecting {
            self.wake();
        }
        self.input(Input::Opened);
    }

    pub(crate) fn hello(&mut self) {
        self.receive(r#"{"op":10,"d":{"heartbeat_interval":41250}}"#);
    }

    /// Hands an input in, and keeps what comes of it. Returns how much that was.
    pub(crate) fn input(&mut self, input: Input<'_>) -> usize {
        let before = self.done.len();
        for action in self.shard.handle(self.now, input) {
            self.done.push(action.into_owned());
        }
        self.done.len() - before
    }

    pub(crate) fn receive(&mut self, payload: &str) -> usize {
        self.input(Input::Payload(payload.as_bytes()))
    }

    /// Goes on to the shard's deadline, and says what it was for.
    pub(crate) fn wake(&mut self) -> Wait {
        let deadline = self.shard.poll_timeout().expect("a deadline");
        self.now = self.now.max(deadline.at);
        self.input(Input::Timeout);
        deadline.wait
    }

    pub(crate) fn pass(&mut self, wait: Duration) {
        self.now = self.now.after(wait);
    }

    /// Goes on for `wait`, waking the shard whenever it wants and answering each heartbeat.
    pub(crate) fn run(&mut self, wait: Duration) {
        let end = self.now.after(wait);
        while let Some(deadline) = self.shard.poll_timeout().filter(|d| d.at <= end) {
            self.now = self.now.max(deadline.at);
            let from = self.done.len();
            self.input(Input::Timeout);
            let beats = self.beats_since(from);
            for _ in 0..beats {
                self.receive(r#"{"op":11}"#);
            }
        }
        self.now = end;
    }

    pub(crate) fn beats_since(&self, from: usize) -> usize {
        let beat = |action: &&Action<'_>| matches!(action, Action::Send(Command::Heartbeat { .. }));
        self.done[from..].iter().filter(beat).count()
    }

    /// The actions so far, which are then forgotten.
    pub(crate) fn take(&mut self) -> Vec<Action<'static>> {
        std::mem::take(&mut self.done)
    }

    pub(crate) fn urls(&self) -> Vec<&str> {
        let mut urls = Vec::new();
        for action in &self.done {
            if let Action::Connect { url } = action {
                urls.push(&**url);
            }
        }
        urls
    }

    pub(crate) fn events(&self) -> impl Iterator<Item = &Event<'static>> {
        self.done.iter().filter_map(|action| match action {
            Action::Emit(event) => Some(event),
            _ => None,
        })
    }

    /// The changes of phase so far: from where, to where, and why.
    pub(crate) fn changes(&self) -> Vec<(Phase, Phase, Reason)> {
        let changes = self.events().filter_map(|event| match event {
            Event::StateChanged(change) => Some((change.from, change.to, change.reason)),
            _ => None,
        });
        changes.collect()
    }

    pub(crate) fn commands(&self) -> impl Iterator<Item = &Command> {
        self.done.iter().filter_map(|action| match action {
            Action::Send(command) => Some(command),
            _ => None,
        })
    }

    pub(crate) fn closes(&self) -> Vec<u16> {
        let code = |action: &Action<'_>| match action {
            Action::Close(code) => Some(*code),
            _ => None,
        };
        self.done.iter().filter_map(code).collect()
    }

    pub(crate) fn session(&self) -> Option<Session> {
        self.shard.session()
    }
}

pub(crate) const READY: &str = r#"{"t":"READY","s":1,"op":0,"d":{"v":10,"guilds":[],
    "user":{"id":"1","username":"bot"},"session_id":"5e55","application":{"id":"2","flags":0},
    "resume_gateway_url":"wss://resume.example"}}"#;
pub(crate) const RESUMED: &str = r#"{"t":"RESUMED","s":9,"op":0,"d":{}}"#;

/// A dispatch that means nothing to the session.
pub(crate) fn dispatch(sequence: u64) -> String {
    format!(r#"{{"t":"TYPING_START","s":{sequence},"op":0,"d":{{"user_id":"3"}}}}"#)
}

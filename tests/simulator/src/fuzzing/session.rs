//! One shard, whose host and gateway say whatever the bytes spell.
//!
//! Beside it lives a twin with the same seed that is woken more often, and a naive notebook of what
//! the protocol allows.
use crate::scenario::Source;
use headcount_core::session::{DialFailure, OnStop, Phase};
use headcount_core::wire::command::{Command, VoiceStateChange};
use headcount_core::{
    Action, Config, Event, Input, Instant, Intents, Session, Shard, ShardId, Token,
};
use serde_json::{Value, json};
use std::time::Duration;

/// The protocol's limit of sends in any window of a connection.
const SENDS: usize = 120;
/// That window, in milliseconds.
const WINDOW: u64 = 60_000;
/// The least time between two identifies, in milliseconds.
const SPACING: u64 = 5_000;
const TOKEN: &str = "hush-hush";

pub(super) fn run(bytes: &[u8]) {
    let source = &mut Source::bytes(bytes);
    let mut life = Life::new(config());
    life.wait(source, 0);
    while !source.is_spent() {
        life.step(source);
    }
}

fn config() -> Config {
    let intents = Intents::GUILDS | Intents::GUILD_MEMBERS;
    Config::new(Token::new(TOKEN), intents, ShardId::ONE)
}

/// The connection as the host sees it.
#[derive(Debug)]
enum Line {
    Down,
    Dialling,
    Open(Open),
}

/// An open connection: when something was sent on it, in milliseconds.
#[derive(Debug, Default)]
struct Open {
    sent: Vec<u64>,
}

struct Life {
    shard: Shard,
    twin: Shard,
    now: u64,
    line: Line,
    identified: Option<u64>,
    /// The session's id and last sequence, as anybody could note them down.
    session: Option<(String, u64)>,
    guilds: u64,
}

impl Life {
    fn new(config: Config) -> Self {
        let shard = Shard::new(config, 5);
        Self {
            twin: shard.clone(),
            shard,
            now: 0,
            line: Line::Down,
            identified: None,
            session: None,
            guilds: 0,
        }
    }

    fn step(&mut self, source: &mut Source<'_>) {
        match source.below(16) {
            0 => self.wait(source, 300),
            1 => self.wait(source, 6_000),
            2 => {
                let long = source.pick(&[45_000, 130_000, 700_000]);
                self.wait(source, long);
            }
            3 | 4 => self.answer_dial(source),
            5 => self.end(source),
            6 => self.restore(source),
            7 => self.user(source),
            8 => {
                let missed = Duration::from_millis(source.pick(&[0, 20, 9_000, 60_000]));
                self.feed(Input::Unread { missed });
            }
            9 => self.sleep(source),
            _ => self.payload(source),
        }
    }

    /// Time passes, deadline by deadline; the twin is woken in between as well.
    fn wait(&mut self, source: &mut Source<'_>, most: u64) {
        let end = self.now + source.below(most + 1);
        let mut still = 0;
        while let Some(deadline) = self.shard.poll_timeout() {
            let at = deadline.at.as_millis();
            if at > end {
                break;
            }
            still = if at > self.now { 0 } else { still + 1 };
            assert!(still < 50, "woken again and again: {deadline:?}");
            self.disturb(source, at);
            self.now = self.now.max(at);
            self.feed(Input::Timeout);
        }
        self.disturb(source, end);
        self.now = end;
    }

    /// Wakes the twin before `end`, when nothing is due.
    fn disturb(&mut self, source: &mut Source<'_>, end: u64) {
        let gap = end.saturating_sub(self.now);
        if gap > 1 && source.percent(60) {
            let early = Instant::from_millis(self.now + source.below(gap));
            let done = self.twin.handle(early, Input::Timeout);
            assert!(done.is_empty(), "an early wake-up does something: {done:?}");
        }
    }

    /// The host is late: several deadlines have passed at once.
    fn sleep(&mut self, source: &mut Source<'_>) {
        let long = source.pick(&[1_000, 50_000, 5_000_000]);
        self.now += source.below(long);
        self.feed(Input::Timeout);
    }

    /// Hands the same input to both, and notes what comes of it.
    fn feed(&mut self, input: Input<'_>) {
        let now = Instant::from_millis(self.now);
        let actions = self.shard.handle(now, input);
        let emitted = format!("{actions:?}");
        let twins = format!("{:?}", self.twin.handle(now, input));
        assert_eq!(emitted, twins, "time was split otherwise");
        assert!(!emitted.contains(TOKEN), "the token is shown");
        for action in actions {
            self.note(action);
        }
        let (is, twin) = (self.shard.poll_timeout(), self.twin.poll_timeout());
        assert_eq!(is, twin, "the twin waits for something else");
        let ended = self.shard.phase() == Phase::Halted;
        assert_eq!(is.is_none(), ended, "a wait without an end");
    }

    fn note(&mut self, action: Action<'_>) {
        match action {
            Action::Connect { .. } => self.line = Line::Dialling,
            Action::Close(_) => {
                // A shard that is stopped closes before it hears that there is nothing to close.
                let stopped = self.shard.phase() == Phase::Halted;
                let is_down = matches!(self.line, Line::Down);
                assert!(stopped || !is_down, "closes what is not there");
                self.line = Line::Down;
            }
            Action::Send(command) => self.sent(&command),
            Action::WantIdentify => panic!("a shard alone asks for an identify"),
            Action::Confirm(_) => panic!("nobody has said that stores are slow"),
            Action::Emit(Event::Halted(_)) => self.line = Line::Down,
            Action::Mutate(_) | Action::Emit(_) => {}
        }
    }

    fn sent(&mut self, command: &Command) {
        let Line::Open(open) = &mut self.line else {
            panic!("sends {command:?} over no connection");
        };
        let opens = matches!(command, Command::Identify(_) | Command::Resume(_));
        assert_eq!(open.sent.is_empty(), opens, "{command:?} at the wrong time");
        open.sent.push(self.now);
        let within = open
            .sent
            .iter()
            .filter(|at| **at + WINDOW > self.now)
            .count();
        assert!(within <= SENDS, "{within} sends within a minute");
        assert!(command.encode(&mut String::new()).len() <= 4096);
        match command {
            Command::Identify(_) => {
                let soon = self.identified.is_some_and(|at| at + SPACING > self.now);
                assert!(!soon, "identifies too soon");
                (self.identified, self.session) = (Some(self.now), None);
            }
            Command::Resume(resume) => {
                let (id, sequence) = self.session.as_ref().expect("a session to resume");
                assert_eq!(
                    (&*resume.session, resume.sequence),
                    (id.as_str(), *sequence)
                );
            }
            Command::Heartbeat { sequence } => {
                let last = self.session.as_ref().map(|(_, last)| *last);
                assert_eq!(*sequence, last, "beats with another sequence");
            }
            _ => assert_eq!(self.shard.phase(), Phase::Active, "{command:?}"),
        }
    }

    fn answer_dial(&mut self, source: &mut Source<'_>) {
        if !matches!(self.line, Line::Dialling) {
            return;
        }
        if source.percent(15) {
            self.line = Line::Down;
            return self.feed(Input::DialFailed(DialFailure::Other));
        }
        self.line = Line::Open(Open::default());
        self.feed(Input::Opened);
        if source.percent(90) {
            self.hello(source);
        }
    }

    fn hello(&mut self, source: &mut Source<'_>) {
        let interval = source.pick(&[41_250, 1_000, 0, 5_000, u64::MAX]);
        self.say(&json!({"op": 10, "d": {"heartbeat_interval": interval}}));
    }

    fn end(&mut self, source: &mut Source<'_>) {
        if matches!(self.line, Line::Open(_)) {
            self.line = Line::Down;
            let code = source.pick(&[
                None,
                Some(1000),
                Some(4000),
                Some(4009),
                Some(4007),
                Some(4004),
            ]);
            self.feed(Input::Closed(code));
        }
    }

    /// Anything that a gateway may say, at any time that it may say it.
    fn payload(&mut self, source: &mut Source<'_>) {
        if !matches!(self.line, Line::Open(_)) {
            return;
        }
        match source.below(12) {
            0 => self.hello(source),
            1 => self.say(&json!({"op": 11})),
            2 => self.say(&json!({"op": 1, "d": null})),
            3 => self.say(&json!({"op": 7, "d": null})),
            4 => self.say(&json!({"op": 9, "d": source.percent(50)})),
            5 | 6 => self.ready(source),
            7 => self.dispatch(source, "RESUMED", json!({})),
            8 => {
                let guild = 1 + source.below(4);
                let data = json!({"id": guild.to_string(), "name": "g", "member_count": 2,
                    "large": false, "members": [], "channels": [], "roles": [], "threads": [],
                    "presences": [], "voice_states": [], "emojis": [], "stickers": []});
                self.dispatch(source, "GUILD_CREATE", data);
            }
            9 => {
                let garbage: Vec<u8> = (0..source.below(9))
                    .map(|_| source.below(256) as u8)
                    .collect();
                self.feed(Input::Payload(&garbage));
            }
            10 => (0..40).for_each(|_| self.say(&json!({"op": 1}))),
            _ => self.dispatch(source, "TYPING_START", json!({"a": 1})),
        }
    }

    fn say(&mut self, payload: &Value) {
        let text = payload.to_string();
        if matches!(self.line, Line::Open(_)) {
            self.feed(Input::Payload(text.as_bytes()));
        }
    }

    fn ready(&mut self, source: &mut Source<'_>) {
        self.guilds = source.below(4);
        let guilds: Vec<Value> = (1..=self.guilds)
            .map(|id| json!({"id": id.to_string(), "unavailable": true}))
            .collect();
        let id = source.pick(&["one", "two", "th\"ree"]);
        let data = json!({
            "v": 10, "session_id": id, "resume_gateway_url": "ws://resume", "guilds": guilds,
            "user": {"id": "9", "username": "b"}, "application": {"id": "9", "flags": 0},
        });
        self.dispatch(source, "READY", data);
    }

    /// A dispatch; its sequence is mostly the next one. What it changes is noted before it is fed,
    /// since an answer may go out at once.
    fn dispatch(&mut self, source: &mut Source<'_>, name: &str, data: Value) {
        let last = self.session.as_ref().map_or(0, |(_, last)| *last);
        let sequence = match source.below(8) {
            0 => source.below(last + 5),
            _ => last + 1,
        };
        match (self.shard.phase(), name) {
            _ if self.host_stalled() => {}
            (Phase::Identifying | Phase::Resuming | Phase::Active, "READY") => {
                let id = data["session_id"].as_str().unwrap_or_default();
                let again = |(old, last): &(String, u64)| old == id && sequence <= *last;
                if !self.session.as_ref().is_some_and(again) {
                    self.session = Some((id.to_owned(), sequence));
                }
            }
            (Phase::Resuming | Phase::Active, _) => {
                if let Some((_, last)) = &mut self.session {
                    *last = sequence.max(*last);
                }
            }
            _ => {}
        }
        self.say(&json!({"op": 0, "s": sequence, "t": name, "d": data}));
    }

    /// Whether a payload is dropped, because the connection was left alone for too long.
    fn host_stalled(&self) -> bool {
        let probe = &mut self.shard.clone();
        let ask = Input::Payload(br#"{"op":99}"#);
        let _ = probe.handle(Instant::from_millis(self.now), ask);
        probe.misunderstood() == self.shard.misunderstood()
    }

    fn user(&mut self, source: &mut Source<'_>) {
        match source.below(6) {
            0 => {
                let guild = headcount_core::id::GuildId::new(1).expect("not zero");
                let state = VoiceStateChange {
                    guild,
                    channel: None,
                    self_mute: true,
                    self_deaf: false,
                };
                for _ in 0..source.below(140) {
                    let sent = self.shard.send(Command::UpdateVoiceState(state));
                    assert_eq!(sent, self.twin.send(Command::UpdateVoiceState(state)));
                }
            }
            1 => {
                let keep = source.pick(&[OnStop::Resume, OnStop::End]);
                self.shard.stop(keep);
                self.twin.stop(keep);
            }
            _ => {
                for _ in 0..source.below(10) {
                    let presence = Command::UpdatePresence(Box::default());
                    let sent = self.shard.send(presence.clone());
                    assert_eq!(sent, self.twin.send(presence));
                }
            }
        }
    }

    /// The process ends, and another goes on with the session from its stored form.
    fn restore(&mut self, source: &mut Source<'_>) {
        let Some(session) = self.shard.session() else {
            return;
        };
        let text = serde_json::to_string(&session).expect("a session has a JSON form");
        let stored: Session = serde_json::from_str(&text).expect("a session can be read back");
        assert_eq!(stored, session);
        let (_, last) = self.session.as_ref().expect("a session that is noted");
        assert_eq!(session.sequence(), *last);
        let seed = source.below(4);
        let take = |session| Shard::with_session(config(), seed, session).expect("its own session");
        (self.shard, self.twin) = (take(session.clone()), take(stored));
        assert_eq!(
            self.shard.session(),
            Some(session),
            "a session is restored whole"
        );
        // Another process: what the old one did does not bind it.
        (self.line, self.identified) = (Line::Down, None);
        self.feed(Input::Timeout);
    }
}

//! A session that is taken to another process at any step has the same future as at home.
use super::cases;
use headcount_core::cache::{Mutation, Op, Scope};
use headcount_core::session::Phase;
use headcount_core::wire::command::Command;
use headcount_core::{
    Action, Config, Event, Input, Instant, Intents, Session, Shard, ShardId, Token,
};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

const GUILDS: u64 = 5;

/// A shard with its clock and the sequence of its gateway.
struct Life {
    shard: Shard,
    now: u64,
    emitted: Vec<String>,
    resume: Option<Command>,
}

fn is_handover(op: &Op<'_>) -> bool {
    matches!(op, Op::HandedOver)
}

fn is_taking_back(mutation: &Mutation<'_>) -> bool {
    let is_gone = |op: &Op<'_>| matches!(op, Op::Cascade(Scope::Guild));
    mutation.origin().is_none() && mutation.ops().any(is_gone)
}

impl Life {
    fn new(shard: Shard) -> Self {
        Self {
            shard,
            now: 0,
            emitted: Vec::new(),
            resume: None,
        }
    }

    fn feed(&mut self, input: Input<'_>) {
        for action in self.shard.handle(Instant::from_millis(self.now), input) {
            match action {
                // A store in another process has to hear of the guilds, and of those that left.
                Action::Mutate(mutation) if mutation.ops().any(is_handover) => {}
                Action::Mutate(mutation) if is_taking_back(&mutation) => {}
                Action::Mutate(mutation) => self.emitted.push(format!("{mutation:?}")),
                Action::Emit(Event::StateChanged(_)) => {}
                // A restored shard reports its guilds anew.
                Action::Emit(Event::ShardReady(_) | Event::ShardFinishedChunking(_)) => {}
                Action::Emit(event) => self.emitted.push(format!("{event:?}")),
                Action::Send(command @ Command::Resume(_)) => self.resume = Some(command),
                _ => {}
            }
        }
    }

    fn say(&mut self, payload: &Value) {
        self.feed(Input::Payload(payload.to_string().as_bytes()));
    }

    fn dispatch(&mut self, sequence: u64, name: &str, data: &Value) {
        self.say(&json!({"op": 0, "s": sequence, "t": name, "d": data}));
    }

    /// Goes on until it wants a connection, and gives it one.
    fn connect(&mut self) {
        while self.shard.phase() != Phase::Connecting {
            let next = self.shard.poll_timeout().expect("it goes on");
            self.now = self.now.max(next.at.as_millis());
            self.feed(Input::Timeout);
        }
        self.feed(Input::Opened);
        self.say(&json!({"op": 10, "d": {"heartbeat_interval": 600_000}}));
    }
}

fn config() -> Config {
    let intents = Intents::GUILDS | Intents::GUILD_MEMBERS;
    Config::new(Token::new("t"), intents, ShardId::ONE)
}

/// A dispatch about one of a few guilds.
fn event() -> impl Strategy<Value = (&'static str, Value)> {
    (0..5_u8, 1..=GUILDS).prop_map(|(kind, guild)| {
        let id = guild.to_string();
        match kind {
            0 | 1 => (
                "GUILD_CREATE",
                json!({"id": id, "name": "g", "member_count": 1,
                "large": false, "roles": [], "channels": [], "members": []}),
            ),
            2 => ("GUILD_DELETE", json!({"id": id})),
            3 => ("GUILD_DELETE", json!({"id": id, "unavailable": true})),
            _ => (
                "GUILD_MEMBER_ADD",
                json!({"guild_id": id, "roles": [],
                "user": {"id": "7", "username": "u"}}),
            ),
        }
    })
}

fn ready() -> Value {
    let guilds: Vec<Value> = (1..GUILDS)
        .map(|id| json!({"id": id.to_string(), "unavailable": true}))
        .collect();
    json!({"v": 10, "session_id": "s", "user": {"id": "9", "username": "b"}, "guilds": guilds,
        "resume_gateway_url": "ws://resume", "application": {"id": "9", "flags": 0}})
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn a_restored_session_has_the_same_future(
        before in vec(event(), 0..12),
        after in vec(event(), 1..12),
        seed: u64,
    ) {
        let mut home = Life::new(Shard::new(config(), 1));
        home.connect();
        home.dispatch(1, "READY", &ready());
        let mut sequence = 1;
        for (name, data) in &before {
            sequence += 1;
            home.dispatch(sequence, name, data);
        }
        let session = home.shard.session().expect("a session");
        let stored = serde_json::to_string(&session).expect("it has a JSON form");
        let stored: Session = serde_json::from_str(&stored).expect("it can be read back");
        prop_assert_eq!(&stored, &session);
        let away = Shard::with_session(config(), seed, stored).expect("its own session");
        let mut away = Life::new(away);
        home.feed(Input::Closed(None));
        home.emitted.clear();
        for life in [&mut home, &mut away] {
            life.connect();
            let mut sequence = sequence;
            for (name, data) in &after {
                sequence += 1;
                life.dispatch(sequence, name, data);
            }
            life.dispatch(sequence + 1, "RESUMED", &json!({}));
        }
        prop_assert_eq!(&home.resume, &away.resume);
        prop_assert_eq!(home.shard.session(), away.shard.session());
        prop_assert_eq!(home.emitted, away.emitted);
    }
}

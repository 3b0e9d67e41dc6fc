//! A shard that is brought to where a payload belongs, and what it makes of the payload.

use headcount_core::cache::Kinds;
use headcount_core::chunk::MemberQuery;
use headcount_core::event::Misunderstood;
use headcount_core::id::{GuildId, UserId};
use headcount_core::setup::{AutoChunk, Chunking};
use headcount_core::wire::command::Command;
use headcount_core::{Action, Config, Event, Input, Instant, Intents, Shard, ShardId, Token};
use serde_json::Value;

use super::lines::Lines;
use super::payloads::{guild_create, ready};

/// A shard somewhere on its way.
#[derive(Clone)]
pub(super) struct Host {
    shard: Shard,
    sequence: u64,
}

/// What a payload has led to.
#[derive(Default)]
pub(super) struct Reading {
    /// The data of the dispatch, as it was handed on.
    pub(super) dispatch: Option<String>,
    /// What was not understood.
    pub(super) misunderstood: Option<Misunderstood>,
    /// What changes, as JSON.
    pub(super) mutations: Vec<String>,
    /// All else, and how the shard stands afterwards.
    pub(super) others: Vec<String>,
}

impl Reading {
    /// Whether both change the same, and lead to the same.
    pub(super) fn agrees(&self, other: &Self) -> bool {
        self.mutations == other.mutations && self.others == other.others
    }

    pub(super) fn lines(&self) -> Lines {
        let mut lines = Lines::default();
        for mutation in &self.mutations {
            let value: Value = serde_json::from_str(mutation).expect("a mutation is JSON");
            lines.add_mutation(&value);
        }
        lines
    }
}

pub(super) fn config(intents: Intents) -> Config {
    let mut config = Config::new(Token::new("s3cr3t"), intents, ShardId::ONE);
    config.url = "wss://base.example".into();
    config.tracker.kinds = Kinds::all();
    config.tracker.setup.chunking = Chunking {
        presences: true,
        ..AutoChunk::All.into()
    };
    config
}

/// A dispatch as it comes.
pub(super) fn frame(name: &str, sequence: u64, data: &str) -> String {
    format!(r#"{{"t":"{name}","s":{sequence},"op":0,"d":{data}}}"#)
}

fn take_nonce(action: &Action<'_>, nonce: &mut String) {
    if let Action::Send(Command::RequestMembers(request)) = action {
        *nonce = request.nonce.to_string();
    }
}

/// The time at which every payload comes.
pub(super) const NOW: Instant = Instant::from_millis(1_000);

impl Host {
    /// It has identified, and waits for READY.
    pub(super) fn identifying(intents: Intents) -> Self {
        let mut shard = Shard::new(config(intents), 7);
        let hello = br#"{"op":10,"d":{"heartbeat_interval":41250}}"#;
        for input in [Input::Timeout, Input::Opened, Input::Payload(hello)] {
            drop(shard.handle(NOW, input));
        }
        Self { shard, sequence: 0 }
    }

    /// READY has come; guild 1 has not.
    pub(super) fn expecting(intents: Intents) -> Self {
        let mut host = Self::identifying(intents);
        host.feed("READY", &ready().to_string(), |_| {});
        host
    }

    /// Guild 1 has come; its members have been asked for, if they may be. The nonce, too.
    pub(super) fn asking(intents: Intents) -> (Self, String) {
        let mut host = Self::expecting(intents);
        let mut nonce = String::new();
        let guild = guild_create().to_string();
        host.feed("GUILD_CREATE", &guild, |action| {
            take_nonce(&action, &mut nonce);
        });
        (host, nonce)
    }

    /// The same, and users 11 to 14 of it have been asked for. The nonce of that.
    pub(super) fn asking_for_some() -> (Self, String) {
        let (mut host, _) = Self::asking(Intents::all());
        let users = (11..15).filter_map(UserId::new).collect();
        let guild = GuildId::new(1).expect("not zero");
        let asked = host
            .shard
            .request_members(guild, MemberQuery::Users(users), true);
        asked.expect("a request that is as it should be");
        let mut nonce = String::new();
        for action in host.shard.handle(NOW, Input::Timeout) {
            take_nonce(&action, &mut nonce);
        }
        (host, nonce)
    }

    fn feed(&mut self, name: &str, data: &str, take: impl FnMut(Action<'_>)) {
        self.sequence += 1;
        let frame = frame(name, self.sequence, data);
        let actions = self.shard.handle(NOW, Input::Payload(frame.as_bytes()));
        actions.into_iter().for_each(take);
    }

    /// What comes of a dispatch; this host stays as it is.
    pub(super) fn try_dispatch(&self, name: &str, data: &str) -> Reading {
        let mut host = self.clone();
        let mut outcome = Reading::default();
        host.feed(name, data, |action| outcome.take(action, (name, data)));
        let readiness = GuildId::new(1).and_then(|guild| host.shard.guild(guild));
        let stands = (host.shard.phase(), host.shard.session(), readiness);
        outcome.others.push(format!("{stands:?}"));
        outcome
    }
}

impl Reading {
    /// Takes in one action of those that a dispatch leads to.
    ///
    /// Mutations come first, then the dispatch, then what of it was not understood.
    pub(super) fn take(&mut self, action: Action<'_>, (name, data): (&str, &str)) {
        let is_first = self.dispatch.is_none();
        match action {
            Action::Mutate(mutation) => {
                let text = serde_json::to_string(&mutation).expect("a mutation has a JSON form");
                self.mutations.push(text);
            }
            Action::Emit(Event::Dispatch(dispatch)) => {
                assert!(is_first, "emitted twice: {name} {data}");
                assert_eq!(dispatch.name().as_str(), name);
                self.dispatch = Some(dispatch.data().to_owned());
            }
            Action::Emit(Event::Misunderstood(event)) => {
                assert!(self.misunderstood.is_none(), "said twice: {name} {data}");
                let follows = |other: &String| {
                    let event = ["Emit(Guild", "Emit(Chunk", "Emit(Shard", "Send("];
                    event.iter().any(|kind| other.starts_with(kind))
                };
                let late = self.others.iter().any(follows);
                // A READY that begins no session is not emitted.
                let early = is_first && name != "READY";
                assert!(!early && !late, "out of order: {name} {data}");
                self.misunderstood = Some(*event);
            }
            other => self.others.push(format!("{other:?}")),
        }
    }
}

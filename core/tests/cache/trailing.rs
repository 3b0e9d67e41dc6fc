//! A tracker and its store, fed with what trails a removal.

use headcount_core::cache::memory::Completeness;
use headcount_core::cache::{Kind, Kinds, MemoryStore};
use headcount_core::chunk::MemberQuery;
use headcount_core::setup::{AutoChunk, SetupConfig};
use headcount_core::tracker::{TrackerConfig, TrackerInput};
use headcount_core::wire::command::Command;
use headcount_core::{Action, Actions, Event, Instant, Intents, ShardId, Tracker};
use serde_json::{Value, json};

use crate::world::{guild, guild_1, member_json, ready, user, user_json};

/// Guild 1 has come, and nobody has asked for its members.
pub(crate) struct Trail {
    pub(crate) tracker: Tracker,
    pub(crate) store: MemoryStore,
    now: u64,
    nonces: Vec<String>,
    /// What the last dispatch changed, as any store hears it.
    pub(crate) changed: String,
    /// How many members each answer had that has ended.
    pub(crate) answered: Vec<u64>,
}

impl Trail {
    pub(crate) fn new() -> Self {
        Self::remembering(TrackerConfig::default().tombstones)
    }

    /// No more than so many removals are remembered.
    pub(crate) fn remembering(tombstones: usize) -> Self {
        Self::with(TrackerConfig {
            setup: SetupConfig {
                chunking: AutoChunk::Never.into(),
                ..SetupConfig::default()
            },
            kinds: Kinds::all(),
            tombstones,
            ..TrackerConfig::default()
        })
    }

    pub(crate) fn with(config: TrackerConfig) -> Self {
        let mut trail = Self {
            tracker: Tracker::new(ShardId::ONE, Intents::all(), config, 7),
            store: MemoryStore::new(7),
            now: 0,
            nonces: Vec::new(),
            changed: String::new(),
            answered: Vec::new(),
        };
        trail.feed("READY", ready(&[1]));
        trail.feed("GUILD_CREATE", guild_1());
        trail
    }

    /// A dispatch, of guild 1 unless it says otherwise.
    pub(crate) fn feed(&mut self, name: &str, mut data: Value) {
        if data.get("guild_id").is_none() && !matches!(name, "READY" | "GUILD_CREATE") {
            data["guild_id"] = json!("1");
        }
        self.tell_as_it_is(name, &data);
    }

    pub(crate) fn tell_as_it_is(&mut self, name: &str, data: &Value) {
        let now = Instant::from_millis(self.now);
        let text = data.to_string();
        self.changed.clear();
        let actions = self.tracker.dispatch(now, name, None, &text).into_owned();
        self.perform(actions);
    }

    fn perform(&mut self, actions: Actions<'static>) {
        for action in actions {
            match action {
                Action::Mutate(mutation) => {
                    self.changed.push_str(&format!("{mutation:?}"));
                    drop(self.store.apply(mutation));
                }
                Action::Send(Command::RequestMembers(request)) => {
                    self.nonces.push(request.nonce.to_string());
                }
                Action::Emit(Event::ChunkRequestFinished(end)) => self.answered.push(end.members),
                _ => {}
            }
        }
    }

    /// Asks for everyone; what the answer is called.
    pub(crate) fn ask(&mut self) -> String {
        let asked = self
            .tracker
            .request_members(guild(1), MemberQuery::All, false);
        assert!(asked.is_ok());
        while self.nonces.is_empty() {
            self.now += 1_000;
            let now = Instant::from_millis(self.now);
            let actions = self.tracker.handle(now, TrackerInput::Timeout);
            self.perform(actions.into_owned());
        }
        self.nonces.remove(0)
    }

    pub(crate) fn chunk(&mut self, nonce: &str, index: u64, count: u64, members: &[u64]) {
        let members: Vec<Value> = members.iter().map(|&id| member_json(id)).collect();
        let presences: Vec<Value> = members
            .iter()
            .map(|row| presence(&row["user"]["id"]))
            .collect();
        let data = json!({"nonce": nonce, "chunk_index": index, "chunk_count": count,
            "members": members, "presences": presences});
        self.feed("GUILD_MEMBERS_CHUNK", data);
    }

    pub(crate) fn leave(&mut self, id: u64) {
        self.feed("GUILD_MEMBER_REMOVE", json!({"user": user_json(id)}));
    }

    pub(crate) fn join(&mut self, id: u64) {
        self.feed("GUILD_MEMBER_ADD", member_json(id));
    }

    pub(crate) fn members(&self) -> Vec<u64> {
        let members = self.store.members(guild(1));
        let mut ids: Vec<u64> = members.map(|row| row.user().id().get()).collect();
        ids.sort_unstable();
        ids
    }

    pub(crate) fn has(&self, id: u64) -> bool {
        self.store.member(guild(1), user(id)).is_some()
    }

    pub(crate) fn rows(&self, kind: Kind) -> usize {
        self.store.rows(kind)
    }

    pub(crate) fn completeness(&self) -> Completeness {
        self.store
            .completeness(guild(1))
            .expect("the guild is there")
    }
}

pub(crate) fn presence(id: &Value) -> Value {
    json!({"user": {"id": id}, "status": "online", "client_status": {}, "activities": []})
}

/// The same member as a guest of a stage.
pub(crate) fn guest_json(id: u64) -> Value {
    let mut guest = member_json(id);
    guest["joined_at"] = Value::Null;
    guest
}

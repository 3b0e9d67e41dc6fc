//! A tracker beside another library: what it emits, what it keeps, and when it wants to be woken.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod client_accounts;
mod guilds;
mod holding;
mod members;
mod waiting;

use std::time::Duration;

use headcount_core::cache::MemoryStore;
use headcount_core::cache::memory::Completeness;
use headcount_core::chunk::{MemberQuery, RequestId};
use headcount_core::id::{GuildId, UserId};
use headcount_core::setup::{Chunking, Stage};
use headcount_core::tracker::{TrackerConfig, TrackerInput};
use headcount_core::wire::command::Command;
use headcount_core::{Action, Actions, Event, Instant, Intents, ShardId, Tracker};

const SECOND: u64 = 1_000;

fn guild(number: u64) -> GuildId {
    GuildId::new(number).unwrap()
}

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

/// A tracker with a store that follows it, and all that it emitted.
struct Beside {
    tracker: Tracker,
    store: MemoryStore,
    now: Instant,
    sent: Vec<Command>,
    emitted: Vec<Event<'static>>,
}

impl Beside {
    fn new(config: TrackerConfig) -> Self {
        Self {
            tracker: Tracker::new(ShardId::ONE, Intents::all(), config, 7),
            store: MemoryStore::new(7),
            now: at(0),
            sent: Vec::new(),
            emitted: Vec::new(),
        }
    }

    fn chunking(chunking: impl Into<Chunking>) -> Self {
        let mut config = TrackerConfig::default();
        config.setup.chunking = chunking.into();
        Self::new(config)
    }

    fn perform(&mut self, actions: Actions<'static>) {
        for action in actions {
            match action {
                Action::Mutate(mutation) => drop(self.store.apply(mutation)),
                Action::Send(command) => self.sent.push(command),
                Action::Emit(event) => self.emitted.push(event),
                other => panic!("a tracker has no connection: {other:?}"),
            }
        }
    }

    fn hear(&mut self, name: &str, data: &str) {
        let actions = self.tracker.dispatch(self.now, name, None, data);
        let actions = actions.into_owned();
        self.perform(actions);
    }

    fn handle(&mut self, input: TrackerInput<'_>) {
        let actions = self.tracker.handle(self.now, input).into_owned();
        self.perform(actions);
    }

    /// Lets time pass, through every deadline on the way.
    fn wait(&mut self, millis: u64) {
        let end = self.now.after(Duration::from_millis(millis));
        while let Some(next) = self.tracker.poll_timeout().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            self.handle(TrackerInput::Timeout);
        }
        self.now = end;
    }

    fn ready(&mut self, guilds: &[u64]) {
        let listed = guilds
            .iter()
            .map(|id| format!(r#"{{"id":"{id}","unavailable":true}}"#));
        let listed: Vec<String> = listed.collect();
        let data = format!(
            r#"{{"session_id":"s","guilds":[{}],"user":{{"id":"1","username":"b"}}}}"#,
            listed.join(",")
        );
        self.hear("READY", &data);
    }

    fn create(&mut self, number: u64, members: &[u64]) {
        let data = format!(
            r#"{{"id":"{number}","name":"g","owner_id":"9","roles":[],"channels":[],
            "members":[{}],"member_count":3}}"#,
            listed(members)
        );
        self.hear("GUILD_CREATE", &data);
    }

    fn nonce(&self) -> String {
        match self.sent.last() {
            Some(Command::RequestMembers(request)) => request.nonce.to_string(),
            other => panic!("no request was sent last: {other:?}"),
        }
    }

    fn chunk(&mut self, number: u64, members: &[u64], (index, count): (u32, u32)) {
        let nonce = self.nonce();
        self.chunk_as(&nonce, number, members, (index, count));
    }

    fn chunk_as(&mut self, nonce: &str, number: u64, members: &[u64], place: (u32, u32)) {
        let (members, (index, count)) = (listed(members), place);
        let data = format!(
            r#"{{"guild_id":"{number}","members":[{members}],"chunk_index":{index},
            "chunk_count":{count},"nonce":"{nonce}"}}"#
        );
        self.hear("GUILD_MEMBERS_CHUNK", &data);
    }

    fn ask(&mut self, number: u64, query: MemberQuery) -> RequestId {
        let asked = self.tracker.request_members(guild(number), query, false);
        asked.unwrap()
    }

    fn stage(&self, number: u64) -> Stage {
        self.tracker.stage(guild(number)).unwrap()
    }

    fn members(&self) -> Vec<u64> {
        let here = |id: &u64| {
            let user = UserId::new(*id).unwrap();
            self.store.member(guild(1), user).is_some()
        };
        (1..100).filter(here).collect()
    }

    fn completeness(&self) -> Completeness {
        self.store.completeness(guild(1)).unwrap()
    }

    /// The names of the dispatches that were delivered, which are then forgotten.
    fn delivered(&mut self) -> Vec<String> {
        let name = |event: &Event<'_>| match event {
            Event::Dispatch(dispatch) => Some(dispatch.name_text().to_string()),
            _ => None,
        };
        let names = self.emitted.iter().filter_map(name).collect();
        self.emitted.clear();
        names
    }
}

fn listed(members: &[u64]) -> String {
    let member = |id: &u64| {
        format!(
            r#"{{"user":{{"id":"{id}","username":"u{id}"}},"roles":[],
            "joined_at":"2020-01-01T00:00:00+00:00"}}"#
        )
    };
    let all: Vec<String> = members.iter().map(member).collect();
    all.join(",")
}

fn some() -> MemberQuery {
    MemberQuery::Users(vec![UserId::new(3).unwrap()])
}

//! What is changed at run time, and what the store then keeps.

use headcount_core::cache::{Kinds, MemoryStore};
use headcount_core::id::{GuildId, UserId};
use headcount_core::setup::AutoChunk;
use headcount_core::wire::command::Command;
use headcount_core::{Action, Config, Intents};

use crate::host::{Host, config};

fn guild() -> GuildId {
    GuildId::new(1).unwrap()
}

/// A shard with a store that does what it says.
struct Kept {
    host: Host,
    store: MemoryStore,
    sequence: u64,
    nonces: Vec<String>,
}

impl Kept {
    fn begin(config: Config) -> Self {
        let mut kept = Self {
            host: Host::new(config),
            store: MemoryStore::new(1),
            sequence: 0,
            nonces: Vec::new(),
        };
        kept.host.dial();
        kept.host.hello();
        let data = r#"{"session_id":"5e55","guilds":[{"id":"1","unavailable":true}],
            "user":{"id":"1","username":"bot"}}"#;
        kept.hear("READY", data);
        kept
    }

    fn hear(&mut self, name: &str, data: &str) {
        self.sequence += 1;
        let sequence = self.sequence;
        let frame = format!(r#"{{"op":0,"t":"{name}","s":{sequence},"d":{data}}}"#);
        self.host.receive(&frame);
        for action in self.host.take() {
            match action {
                Action::Mutate(mutation) => {
                    self.store.apply(mutation);
                }
                Action::Send(Command::RequestMembers(request)) => {
                    self.nonces.push(request.nonce.to_string());
                }
                _ => {}
            }
        }
    }

    /// The guild's data, with these members listed.
    fn create(&mut self, members: &[u64]) {
        let members = listed(members);
        let data = format!(
            r#"{{"id":"1","name":"g","owner_id":"9","roles":[],"channels":[],
            "members":[{members}],"member_count":3}}"#
        );
        self.hear("GUILD_CREATE", &data);
    }

    fn chunk(&mut self, members: &[u64], index: u32, count: u32) {
        let (members, nonce) = (listed(members), self.nonces.last().unwrap().clone());
        let data = format!(
            r#"{{"guild_id":"1","members":[{members}],"chunk_index":{index},
            "chunk_count":{count},"nonce":"{nonce}"}}"#
        );
        self.hear("GUILD_MEMBERS_CHUNK", &data);
    }

    fn members(&self) -> Vec<u64> {
        let all = (1..100).filter(|id| {
            let user = UserId::new(*id).unwrap();
            self.store.member(guild(), user).is_some()
        });
        all.collect()
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

fn sweeping(mode: AutoChunk) -> Config {
    let mut config = config();
    config.intents = Intents::GUILDS | Intents::GUILD_MEMBERS;
    config.tracker.setup.chunking = mode.into();
    config.tracker.sweep_after_chunk = true;
    config
}

#[test]
fn kinds_are_changed_on_a_running_shard() {
    let mut kept = Kept::begin(config());
    kept.create(&[]);
    let channel =
        |id: u64| format!(r#"{{"id":"{id}","guild_id":"1","type":0,"name":"c{id}","position":0}}"#);
    kept.hear("CHANNEL_CREATE", &channel(51));
    let kinds = Kinds::default();
    kept.host.shard.set_kinds(kinds.difference(Kinds::CHANNELS));
    kept.hear("CHANNEL_CREATE", &channel(52));
    kept.host.shard.set_kinds(kinds);
    kept.hear("CHANNEL_CREATE", &channel(53));
    let has = |id: u64| {
        let id = headcount_core::id::ChannelId::new(id).unwrap();
        kept.store.channel(id).is_some()
    };
    assert_eq!([51, 52, 53].map(has), [true, false, true]);
}

#[test]
fn old_members_stay_until_the_last_chunk_once_everyone_is_asked_for() {
    let mut kept = Kept::begin(sweeping(AutoChunk::Never));
    kept.create(&[2, 3]);
    // Nobody is asked for: those whom the guild does not list go at once.
    kept.create(&[3, 4]);
    assert_eq!(kept.members(), [3, 4]);
    kept.host.shard.set_chunking(AutoChunk::All.into());
    kept.create(&[5]);
    assert_eq!(kept.members(), [3, 4, 5], "they may be in the answer");
    kept.chunk(&[3], 0, 2);
    assert_eq!(kept.members(), [3, 4, 5]);
    kept.chunk(&[5], 1, 2);
    assert_eq!(kept.members(), [3, 5], "the answer is whole");
}

#[test]
fn old_members_go_at_once_when_nobody_is_asked_for_any_more() {
    let mut kept = Kept::begin(sweeping(AutoChunk::All));
    kept.create(&[2, 3]);
    kept.chunk(&[2, 3], 0, 1);
    kept.create(&[3]);
    assert_eq!(kept.members(), [2, 3]);
    kept.chunk(&[2, 3], 0, 1);
    kept.host.shard.set_chunking(AutoChunk::Never.into());
    kept.create(&[3]);
    assert_eq!(kept.members(), [3], "nothing else would drop the other");
}

#[test]
fn without_the_members_intent_who_types_is_known_in_passing() {
    let mut host = Host::new(config());
    host.begin();
    host.take();
    host.receive(
        r#"{"op":0,"t":"TYPING_START","s":2,"d":{"channel_id":"4","guild_id":"1","user_id":"7",
        "timestamp":1,"member":{"user":{"id":"7","username":"ann"},"nick":"new","roles":[]}}}"#,
    );
    let of_members = |action: &Action<'_>| match action {
        Action::Mutate(mutation) => format!("{mutation:?}").contains("Patch(Members"),
        _ => false,
    };
    assert!(host.done.iter().any(of_members), "{:?}", host.done);
}

//! A cache fed with dispatches as a tracker would feed it.

use headcount_core::cache::memory::{Applied, GuildRef, MemberRef};
use headcount_core::cache::{Deriver, Kind, Kinds, MemoryStore, Mutation, Router, Store};
use headcount_core::id::{ChannelId, GuildId, RoleId, UserId};
use headcount_core::wire::{Malformed, Name};
use headcount_core::{Position, ShardId};
use serde_json::{Value, json};

pub(crate) struct World {
    pub(crate) store: MemoryStore,
    pub(crate) deriver: Deriver,
    pub(crate) kinds: Kinds,
    /// Two stores that share the work of the one.
    pub(crate) routed: Vec<Router<MemoryStore, MemoryStore>>,
    /// What has been applied, if somebody wants to apply it again.
    pub(crate) history: Option<History>,
}

/// Mutations of one session after another, each with its position.
#[derive(Default)]
pub(crate) struct History {
    pub(crate) session: u64,
    pub(crate) mutations: Vec<Mutation<'static>>,
}

impl History {
    fn record(&mut self, name: Name, mutation: Mutation<'static>) -> Mutation<'static> {
        if name == Name::Ready {
            self.session += 1;
        }
        let position = Position {
            shard: ShardId::ONE,
            session: self.session,
            sequence: self.mutations.len() as u64 + 1,
        };
        let mutation = mutation.at(position);
        self.mutations.push(mutation.clone());
        mutation
    }

    /// Applies to a store whatever comes behind the position that it says it has.
    pub(crate) fn replay(&self, store: &mut MemoryStore) {
        let from = store.positions().next().map_or(0, |last| last.sequence);
        let from = usize::try_from(from).unwrap();
        for mutation in &self.mutations[from..] {
            store.apply(mutation.clone());
        }
    }
}

/// The bot's user.
pub(crate) const ME: u64 = 99;

impl World {
    /// Every kind is cached; the bot is user 99, and guild 1 has been delivered with members 99
    /// and 10, channels 100 (a category) and 101, and roles 1 and 200.
    pub(crate) fn new() -> Self {
        let mut world = Self::empty();
        world.feed("READY", &ready(&[1]));
        world.feed("GUILD_CREATE", &guild_1());
        world
    }

    pub(crate) fn empty() -> Self {
        Self::caching(Kinds::all(), ShardId::ONE)
    }

    pub(crate) fn caching(kinds: Kinds, shard: ShardId) -> Self {
        Self {
            store: MemoryStore::new(7),
            deriver: Deriver::new(shard, kinds),
            kinds,
            routed: SPLITS.iter().map(|kinds| routed(*kinds)).collect(),
            history: None,
        }
    }

    /// Keeps everything in this store, which need not keep as much as others would.
    pub(crate) fn keep_in(&mut self, store: MemoryStore) {
        self.routed.clear();
        self.store = store;
    }

    pub(crate) fn feed(&mut self, name: &str, data: &Value) -> Applied {
        let text = data.to_string();
        self.try_feed(name, &text).unwrap()
    }

    pub(crate) fn try_feed(&mut self, name: &str, data: &str) -> Result<Applied, Malformed> {
        let name = Name::from_wire(name);
        assert_ne!(name, Name::Unknown);
        Ok(match self.deriver.decode(name, data)? {
            Some(view) => {
                let mutation = self.deriver.derive(view);
                let mut owned = through_json(mutation);
                if let Some(history) = &mut self.history {
                    owned = history.record(name, owned);
                }
                self.through_routers(&owned);
                let applied = self.store.apply(owned);
                self.assert_routed_alike();
                applied
            }
            None => Applied::default(),
        })
    }

    pub(crate) fn member(&self, user_id: u64) -> Option<MemberRef<'_>> {
        self.store.member(guild(1), user(user_id))
    }

    pub(crate) fn member_count(&self) -> Option<u64> {
        self.store.guild(guild(1)).and_then(GuildRef::member_count)
    }

    /// Rows of every kind that the store keeps.
    pub(crate) fn rows(&self) -> Vec<(Kind, usize)> {
        let kinds = Kind::ALL.iter().copied();
        kinds
            .map(|kind| (kind, self.store.rows(kind)))
            .filter(|(_, rows)| *rows > 0)
            .collect()
    }

    pub(crate) fn member_ids(&self, guild_id: u64) -> Vec<u64> {
        let members = self.store.members(guild(guild_id));
        let mut ids: Vec<u64> = members.map(|member| member.user().id().get()).collect();
        ids.sort_unstable();
        ids
    }
}

/// Kinds that go to a store of their own, in one router each.
const SPLITS: [Kinds; 3] = [
    Kinds::MESSAGES,
    Kinds::MEMBERS.union(Kinds::PRESENCES),
    Kinds::CHANNELS
        .union(Kinds::THREADS)
        .union(Kinds::THREAD_MEMBERS),
];

fn routed(kinds: Kinds) -> Router<MemoryStore, MemoryStore> {
    Router::new(MemoryStore::new(1), MemoryStore::new(2), kinds)
}

impl World {
    fn through_routers(&mut self, mutation: &Mutation<'_>) {
        for router in &mut self.routed {
            let applied = router.apply(mutation.clone());
            assert!(applied.is_ok(), "memory does not fail");
        }
    }

    /// Each kind is kept by one of a router's stores, just as the one store keeps it. Users are
    /// with those that hold them, in both.
    pub(crate) fn assert_routed_alike(&self) {
        for (router, kinds) in self.routed.iter().zip(SPLITS) {
            for kind in Kind::ALL.iter().copied().filter(|kind| *kind != Kind::User) {
                let (here, other) = match kinds.contains(kind.only()) {
                    true => (&router.second, &router.first),
                    false => (&router.first, &router.second),
                };
                assert_eq!(
                    here.rows(kind),
                    self.store.rows(kind),
                    "{kind:?} of {kinds:?}"
                );
                assert_eq!(other.rows(kind), 0, "{kind:?} of {kinds:?}");
            }
        }
    }
}

/// Every mutation of these tests crosses a process border on its way to the store.
fn through_json(mutation: Mutation<'_>) -> Mutation<'static> {
    let text = serde_json::to_string(&mutation).unwrap();
    let back: Mutation<'static> = serde_json::from_str(&text).unwrap();
    assert_eq!(back, mutation);
    let owned = mutation.into_owned();
    assert_eq!(back, owned);
    owned
}

pub(crate) fn guild(id: u64) -> GuildId {
    GuildId::new(id).unwrap()
}

pub(crate) fn user(id: u64) -> UserId {
    UserId::new(id).unwrap()
}

pub(crate) fn channel(id: u64) -> ChannelId {
    ChannelId::new(id).unwrap()
}

pub(crate) fn role(id: u64) -> RoleId {
    RoleId::new(id).unwrap()
}

pub(crate) fn ready(guilds: &[u64]) -> Value {
    let guilds: Vec<Value> = guilds
        .iter()
        .map(|id| json!({"id": id.to_string(), "unavailable": true}))
        .collect();
    json!({
        "v": 10, "session_id": "abc", "resume_gateway_url": "wss://resume.example",
        "user": user_json(ME), "guilds": guilds, "shard": [0, 1],
        "application": {"id": "99", "flags": 8, "flags_new": "4294967304"},
        "private_channels": [], "_trace": ["x"],
    })
}

pub(crate) fn user_json(id: u64) -> Value {
    json!({
        "id": id.to_string(), "username": format!("user{id}"), "discriminator": "0",
        "global_name": format!("User {id}"), "avatar": "0123456789abcdef0123456789abcdef",
    })
}

pub(crate) fn member_json(id: u64) -> Value {
    json!({
        "user": user_json(id), "nick": null, "avatar": null, "roles": ["200"],
        "joined_at": "2023-09-01T14:48:02.222000+00:00", "premium_since": null,
        "deaf": false, "mute": false, "flags": 0, "pending": false,
        "communication_disabled_until": null,
    })
}

pub(crate) fn role_json(id: u64) -> Value {
    json!({
        "id": id.to_string(), "name": format!("role{id}"), "color": 0, "hoist": false,
        "position": 1, "permissions": "2048", "managed": false, "mentionable": false, "flags": 0,
    })
}

pub(crate) fn channel_json(id: u64) -> Value {
    json!({"id": id.to_string(), "type": 0, "name": format!("channel{id}"), "position": 0})
}

/// An event of guild 1 about a member.
pub(crate) fn in_guild(mut data: Value, id: u64) -> Value {
    data["guild_id"] = json!(id.to_string());
    data
}

pub(crate) fn guild_json(id: u64, members: &[u64], member_count: u64) -> Value {
    json!({
        "id": id.to_string(), "name": format!("guild{id}"), "owner_id": "10", "icon": null,
        "joined_at": "2023-09-01T14:48:02+00:00", "large": false, "member_count": member_count,
        "features": ["NEWS"], "verification_level": 1, "preferred_locale": "en-GB",
        "members": members.iter().map(|&id| member_json(id)).collect::<Vec<_>>(),
        "channels": [], "threads": [], "presences": [], "voice_states": [],
        "roles": [role_json(id)], "emojis": [], "stickers": [],
    })
}

pub(crate) fn guild_1() -> Value {
    let mut guild = guild_json(1, &[ME, 10], 5);
    guild["channels"] = json!([channel_json(100), channel_json(101)]);
    guild["roles"] = json!([role_json(1), role_json(200)]);
    guild
}

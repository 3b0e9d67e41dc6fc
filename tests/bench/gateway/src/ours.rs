//! headcount-core: a shard and the store in memory.

mod fields;

use std::hint::black_box;

use headcount_core::cache::memory::Indexes;
use headcount_core::cache::{Kind, Kinds, MemoryStore, Policies, Policy};
use headcount_core::id::{ChannelId, GuildId, RoleId, UserId};
use headcount_core::session::Phase;
use headcount_core::wire::{Name, Names};
use headcount_core::{Action, Config, Event, Input, Instant, Intents, Shard, ShardId, Token};
use peer_library::{Fields, Library, Question, RowKey};

use crate::library::Kept;

/// headcount: a shard with a session, and the store that it feeds.
pub struct Ours {
    shard: Shard,
    store: MemoryStore,
}

impl Ours {
    /// A shard that is past READY, without guilds, and an empty store.
    pub fn new() -> Self {
        Self::keeping(Kept::State)
    }

    /// A shard that is past READY, without guilds, and an empty store of what is to be kept.
    pub fn keeping(kept: Kept) -> Self {
        let shard = ShardId::new(0, 1);
        let mut config = Config::new(Token::new("none"), Intents::all(), shard);
        config.tracker.kinds = match kept {
            Kept::State | Kept::RecentMembers(_) | Kept::Indexed => STATE,
            Kept::Messages => STATE | Kinds::MESSAGES,
            Kept::Nothing => Kinds::empty(),
        };
        if let Kept::Nothing = kept {
            config.tracker.events = Names::NONE.with(Name::MessageCreate);
        }
        let mut store = MemoryStore::new(7);
        if let Kept::RecentMembers(most) = kept {
            let policies = Policies::default().with(Kind::Member, Policy::lru(most));
            store.set_policies(policies.expect("members have an order of use"));
        }
        if let Kept::Indexed = kept {
            store.set_indexes(Indexes::all());
        }
        let mut ours = Self {
            shard: Shard::new(config, 7),
            store,
        };
        ours.handle(Input::Timeout);
        ours.handle(Input::Opened);
        ours.handle(Input::Payload(HELLO));
        ours.handle(Input::Payload(READY));
        assert_eq!(ours.shard.phase(), Phase::Active, "the session has begun");
        ours
    }

    /// The shard for one thread, the store for all.
    pub fn into_parts(self) -> (Shard, MemoryStore) {
        (self.shard, self.store)
    }

    /// The loop of a host, without a network and without an application.
    fn handle(&mut self, input: Input<'_>) {
        for action in self.shard.handle(Instant::ZERO, input) {
            match action {
                Action::Mutate(mutation) => _ = black_box(self.store.apply(mutation)),
                Action::Emit(Event::Misunderstood(what)) => panic!("misunderstood: {what:?}"),
                Action::Emit(event) => _ = black_box(event),
                Action::Connect { .. }
                | Action::Send(_)
                | Action::Close(_)
                | Action::WantIdentify
                | Action::Confirm(_) => {}
            }
        }
        // All of a guild that goes counts, though a host may free it later.
        while self.store.next_expiry() == Some(Instant::ZERO) {
            self.store.advance(Instant::ZERO);
        }
    }
}

/// What everybody keeps.
const STATE: Kinds = Kinds::GUILDS
    .union(Kinds::CHANNELS)
    .union(Kinds::THREADS)
    .union(Kinds::ROLES)
    .union(Kinds::EMOJIS)
    .union(Kinds::STICKERS)
    .union(Kinds::MEMBERS)
    .union(Kinds::USERS)
    .union(Kinds::PRESENCES)
    .union(Kinds::VOICE_STATES);

const HELLO: &[u8] = br#"{"t":null,"s":null,"op":10,"d":{"heartbeat_interval":41250}}"#;

const READY: &[u8] = br#"{"t":"READY","s":1,"op":0,"d":{"v":10,
    "user":{"id":"1","username":"bot","discriminator":"0","bot":true},"guilds":[],
    "session_id":"session","resume_gateway_url":"wss://resume.example"}}"#;

impl Library for Ours {
    fn feed(&mut self, frame: &mut [u8]) {
        self.handle(Input::Payload(frame));
    }

    fn members(&self, guild: u64) -> usize {
        self.store.counts(guild_id(guild)).members
    }

    fn look_up(&self, guild: u64, users: &[u64]) -> u64 {
        let guild = guild_id(guild);
        let id = |&user: &u64| {
            let member = self.store.member(guild, user_id(user));
            member.expect("a cached member").id().get()
        };
        users.iter().map(id).fold(0, u64::wrapping_add)
    }

    fn look_up_roles(&self, guild: u64, users: &[u64]) -> u64 {
        let guild = guild_id(guild);
        let roles = |&user: &u64| {
            let member = self.store.member(guild, user_id(user));
            let roles = member.expect("a cached member").roles();
            roles.fold(0, |sum: u64, role| sum.wrapping_add(role.get()))
        };
        users.iter().map(roles).fold(0, u64::wrapping_add)
    }

    fn ask(&self, question: Question, guild: u64, ids: &[u64]) -> u64 {
        let (store, guild) = (&self.store, guild_id(guild));
        let answer = |&id: &u64| match question {
            Question::WithRole => {
                let role = RoleId::new(id).expect("no zero");
                let members = store.members_with_role(guild, role);
                members.fold(0, |sum: u64, member| sum.wrapping_add(member.id().get()))
            }
            Question::InVoice => {
                let channel = ChannelId::new(id).expect("no zero");
                let states = store.voice_states_in(guild, channel);
                states.fold(0, |sum: u64, state| sum.wrapping_add(state.user.get()))
            }
            Question::ThreadsOf => {
                let channel = ChannelId::new(id).expect("no zero");
                let threads = store.threads_of(guild, channel);
                threads.fold(0, |sum: u64, thread| sum.wrapping_add(thread.id.get()))
            }
            Question::SharedGuilds => {
                let guilds = store.guilds_of(user_id(id));
                guilds.fold(0, |sum: u64, guild| sum.wrapping_add(guild.get()))
            }
            Question::HighestRole => {
                let highest = store.highest_role(guild, user_id(id));
                highest.expect("its roles are cached").id.get()
            }
            Question::DisplayColor => {
                let color = store.display_color(guild, user_id(id));
                let color = color.expect("its roles are cached");
                color.map_or(0, u64::from)
            }
        };
        ids.iter().map(answer).fold(0, u64::wrapping_add)
    }

    fn row(&self, key: RowKey) -> Option<Fields> {
        fields::row(&self.store, key)
    }
}

fn guild_id(id: u64) -> GuildId {
    GuildId::new(id).expect("no zero")
}

fn user_id(id: u64) -> UserId {
    UserId::new(id).expect("no zero")
}

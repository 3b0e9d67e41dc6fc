//! One shard with what a host keeps for it.
use super::book::Book;
use super::journal::Journal;
use super::restored::HostRows;
use super::stores::{PATIENCE, Stores};
use crate::edge::Millis;
use crate::scenario::Setting;
use crate::snowflake::guild_id;
use headcount_core::config::{Acknowledge, Identifying};
use headcount_core::id::GuildId;
use headcount_core::setup::Restored;
use headcount_core::{Config, Position, Session, Shard, ShardId, Token};
use std::collections::VecDeque;

/// What an end of a line brings to the shard.
#[derive(Clone, Debug)]
pub(crate) enum Frame {
    Opened,
    Refused,
    Payload(Vec<u8>),
    End(Option<u16>),
}

/// A shard, its connection, and its consumer.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    pub(crate) id: ShardId,
    pub(crate) shard: Shard,
    /// The socket of the dial or connection under way.
    pub(crate) socket: Option<usize>,
    /// What has come and has not been read.
    pub(crate) inbox: VecDeque<Frame>,
    /// Until when the consumer stalls.
    pub(crate) stalled: Millis,
    /// Since when the host has not read, by its own clock, without having reported that to the
    /// shard.
    pub(crate) unread_since: Option<Millis>,
    pub(crate) book: Book,
    pub(crate) stores: Stores,
    /// What of its session is acknowledged and written down, if anybody does.
    pub(crate) journal: Option<Journal>,
    /// Up to where the store has made the changes of its session in an earlier process.
    pub(crate) stored: u64,
    /// Whether a process of its session was killed.
    pub(crate) after_kill: bool,
    /// Whether its rows were lost with such a process.
    pub(crate) rows_lost: bool,
    /// What it goes on from in its session.
    pub(crate) rows: Option<HostRows>,
    /// What its last summary said to be counted by rows that were there.
    pub(crate) summed: Option<Option<Restored>>,
    /// What it said so when it was ready.
    pub(crate) ready: Option<Option<Restored>>,
    /// Until when no process runs it.
    pub(crate) down: Millis,
    /// Each guild's stage when it was last looked at, by the guild's number.
    pub(crate) stages: Vec<u8>,
    lives: u64,
}

impl Host {
    pub(crate) fn new(setting: &Setting, number: u32) -> Self {
        let id = ShardId::new(number, setting.shards);
        Self {
            id,
            shard: Shard::new(config(setting, id), seed(setting, number, 0)),
            socket: None,
            inbox: VecDeque::new(),
            stalled: 0,
            unread_since: None,
            book: Book::new(setting.hold.is_some()),
            stores: Stores::new(seed(setting, number, 0)),
            journal: setting
                .state
                .then(|| Journal::new(seed(setting, number, 0))),
            stored: 0,
            after_kill: false,
            rows_lost: false,
            rows: None,
            summed: None,
            ready: None,
            down: 0,
            stages: Vec::new(),
            lives: 0,
        }
    }

    /// A new shard in place of the old one, with the session that it left behind, if it did, and
    /// the rows that are there. Returns its seed.
    pub(crate) fn restart(
        &mut self,
        setting: &Setting,
        session: Option<Session>,
        rows: Option<HostRows>,
        guilds: u32,
    ) -> u64 {
        self.lives += 1;
        let seed = seed(setting, self.id.number(), self.lives);
        let config = config(setting, self.id);
        let same = |at: &Position| {
            let digest = session.as_ref().map(Session::digest);
            Some(at.session) == digest
        };
        let reached = self.shard.position().filter(same);
        self.stored = reached.map_or(0, |at| at.sequence);
        self.shard = begin(config, seed, session.clone(), rows.as_ref());
        self.rows = rows;
        if let Some(rows) = &mut self.rows {
            rows.begin(&self.shard);
        }
        let known = self.known(guilds).collect();
        self.book = self
            .book
            .next_life(session.as_ref(), self.rows.is_some(), known);
        if let Some(journal) = &mut self.journal {
            // With rows, what lies before them is written down as dealt with.
            let written = self.rows.as_ref().and_then(|_| self.shard.session());
            journal.next_life(written.as_ref().or(session.as_ref()), &self.shard);
        }
        (self.socket, self.stalled, self.unread_since) = (None, 0, None);
        if session.is_none() {
            (self.after_kill, self.rows_lost) = (false, false);
        }
        self.inbox.clear();
        self.stores.clear();
        self.stages.clear();
        seed
    }

    /// The session for the next process.
    pub(crate) fn session(&self) -> Option<Session> {
        match &self.journal {
            Some(journal) => journal.session(&self.shard),
            None => self.shard.session(),
        }
    }

    /// Whether a store may have failed that it does not know of: that may not have been written
    /// down, and without rows nobody else tells it.
    pub(crate) const fn may_miss_failures(&self) -> bool {
        self.rows.is_none() && (self.after_kill || self.stored > 0)
    }

    /// Those of the first `guilds` guilds of the world that the shard knows.
    pub(crate) fn known(&self, guilds: u32) -> impl Iterator<Item = GuildId> {
        let ids = (0..guilds).filter_map(|number| GuildId::new(guild_id(number)));
        ids.filter(|guild| self.shard.guild(*guild).is_some())
    }

    /// Whether this shard serves the guild.
    pub(crate) fn serves(&self, guild: u64) -> bool {
        GuildId::new(guild).is_some_and(|guild| self.id.serves(guild))
    }
}

pub(super) fn seed(setting: &Setting, number: u32, life: u64) -> u64 {
    setting.seed ^ u64::from(number).rotate_left(40) ^ life.rotate_left(20)
}

fn begin(config: Config, seed: u64, session: Option<Session>, rows: Option<&HostRows>) -> Shard {
    let begun = session.map(|session| match rows {
        Some(rows) => Shard::with_rows(config.clone(), seed, session, &rows.rows),
        None => Shard::with_session(config.clone(), seed, session),
    });
    begun
        .and_then(Result::ok)
        .unwrap_or_else(|| Shard::new(config, seed))
}

pub(super) fn config(setting: &Setting, id: ShardId) -> Config {
    let mut config = Config::new(
        Token::new("Bot.token.of-the-simulation"),
        setting.intents,
        id,
    );
    config.url = "ws://base".into();
    if setting.state {
        config.acknowledge = Acknowledge::ByHost {
            in_heartbeats: true,
        };
    }
    config.large_threshold = setting.large_threshold;
    config.identify = match setting.fleet {
        true => Identifying::Fleet,
        false => Identifying::Alone,
    };
    let tracker = &mut config.tracker;
    tracker.setup.chunking = setting.chunking.into();
    tracker.setup.chunking.presences = setting.presences;
    tracker.setup.sync.clone_from(&setting.sync);
    tracker.setup.confirm = setting.slow_stores.then_some(PATIENCE);
    tracker.hold = setting.hold;
    tracker.kinds = setting.kinds;
    tracker.sweep_after_chunk = setting.sweep_after_chunk;
    config
}

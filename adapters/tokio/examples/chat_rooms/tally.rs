//! What is noted while rooms are joined.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use headcount_tokio::ChatEvent;
use headcount_tokio::driver::core::manager::ShardKey;
use headcount_tokio::driver::core::twitch::connection::End;
use headcount_tokio::driver::core::twitch::{ManagerKey, PoolEvent, Room};

/// Dials that fail before the first success, after which the server counts as out of reach.
const HOPELESS: usize = 3;

/// An account with its manager.
pub(crate) struct Crew {
    pub(crate) manager: ManagerKey,
    pub(crate) name: String,
    pub(crate) rooms: usize,
}

/// What is known of a shard.
#[derive(Default)]
pub(crate) struct ShardLine {
    /// How long each first join took.
    pub(crate) joins: Vec<Duration>,
    /// How long each join after a loss took.
    pub(crate) rejoins: Vec<Duration>,
    pub(crate) losses: usize,
    pub(crate) messages: u64,
}

/// The events that matter, as they come.
pub(crate) struct Tally {
    pub(crate) crews: Vec<Crew>,
    pub(crate) shards: BTreeMap<(ManagerKey, ShardKey), ShardLine>,
    joined: BTreeMap<(ManagerKey, Room), ShardKey>,
    failed: BTreeSet<(ManagerKey, Room)>,
    messages: u64,
    /// Whether any connection was ever up.
    reached: bool,
    dial_failures: usize,
}

impl Tally {
    pub(crate) fn new(crews: Vec<Crew>) -> Self {
        Self {
            crews,
            shards: BTreeMap::new(),
            joined: BTreeMap::new(),
            failed: BTreeSet::new(),
            messages: 0,
            reached: false,
            dial_failures: 0,
        }
    }

    /// Takes note of an event.
    pub(crate) fn note(&mut self, event: &ChatEvent) {
        match event {
            ChatEvent::Heard(heard) => {
                let command = heard
                    .message()
                    .map(|message| message.command() == "PRIVMSG");
                if command.unwrap_or(false) {
                    self.messages += 1;
                    self.shard(heard.manager(), heard.shard()).messages += 1;
                }
            }
            ChatEvent::Pool(event) => self.note_pool(event),
            ChatEvent::WantToken(_) => {}
            ChatEvent::Missed { messages } => self.messages += messages,
            _ => {}
        }
    }

    fn note_pool(&mut self, event: &PoolEvent<'static>) {
        match event {
            PoolEvent::Joined {
                manager,
                shard,
                room,
                took,
                again,
            } => {
                self.joined.insert((*manager, *room), *shard);
                self.failed.remove(&(*manager, *room));
                let line = self.shard(*manager, *shard);
                match again {
                    true => line.rejoins.push(*took),
                    false => line.joins.push(*took),
                }
            }
            PoolEvent::HandedOver {
                manager,
                shard,
                room,
            } => {
                self.joined.insert((*manager, *room), *shard);
            }
            PoolEvent::JoinFailed { manager, room, .. } => {
                self.failed.insert((*manager, *room));
            }
            PoolEvent::Parted { manager, room, .. } => {
                self.joined.remove(&(*manager, *room));
            }
            PoolEvent::ShardUp { .. } => self.reached = true,
            PoolEvent::LinkLost {
                manager,
                shard,
                end,
            } => {
                self.dial_failures += usize::from(matches!(end, End::DialFailed(_)));
                self.shard(*manager, *shard).losses += 1;
                let lost =
                    |key: &(ManagerKey, Room), home: &ShardKey| key.0 == *manager && home == shard;
                self.joined.retain(|key, home| !lost(key, home));
            }
            _ => {}
        }
    }

    fn shard(&mut self, manager: ManagerKey, shard: ShardKey) -> &mut ShardLine {
        self.shards.entry((manager, shard)).or_default()
    }

    /// Rooms wanted.
    pub(crate) fn rooms(&self) -> usize {
        self.crews.iter().map(|crew| crew.rooms).sum()
    }

    /// Rooms joined at the moment.
    pub(crate) fn joined(&self) -> usize {
        self.joined.len()
    }

    /// Rooms that a manager has joined at the moment.
    pub(crate) fn joined_by(&self, manager: ManagerKey) -> usize {
        self.joined.keys().filter(|(of, _)| *of == manager).count()
    }

    /// Rooms that a shard has joined at the moment.
    pub(crate) fn joined_on(&self, manager: ManagerKey, shard: ShardKey) -> usize {
        let there = self.joined.iter();
        there
            .filter(|((of, _), home)| *of == manager && **home == shard)
            .count()
    }

    /// Joins that came after a loss.
    pub(crate) fn rejoined(&self) -> usize {
        self.shards.values().map(|line| line.rejoins.len()).sum()
    }

    /// Rooms whose join failed and did not come true later.
    pub(crate) fn failed(&self) -> usize {
        self.failed.len()
    }

    /// Whether the server seems to be out of reach.
    pub(crate) fn is_out_of_reach(&self) -> bool {
        !self.reached && self.dial_failures >= HOPELESS
    }

    /// Chat messages seen.
    pub(crate) fn messages(&self) -> u64 {
        self.messages
    }
}

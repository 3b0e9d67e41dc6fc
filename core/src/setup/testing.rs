//! A setup machine with a clock and a notebook, for tests.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::machine::{Outgoing, Setup};
use super::{
    Arrival, AutoChunk, GuildReady, Outcome, SetupConfig, SetupEvent, ShardFinishedChunking,
};
use crate::cache::Kinds;
use crate::chunk::{Chunk, ChunkOutcome, ChunkPlace, Listed, RequestConfig};
use crate::id::GuildId;
use crate::intents::Intents;
use crate::rng::Rng;
use crate::{Instant, ShardId};

pub(super) fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

pub(super) fn guild(number: u64) -> GuildId {
    GuildId::new(number).unwrap()
}

pub(super) struct Scenario {
    pub(super) setup: Setup,
    pub(super) now: Instant,
    pub(super) events: Vec<SetupEvent>,
}

impl Scenario {
    /// All guilds are asked for their members.
    pub(super) fn new() -> Self {
        Self::chunking(AutoChunk::All)
    }

    pub(super) fn chunking(mode: AutoChunk) -> Self {
        Self::with(SetupConfig {
            chunking: mode.into(),
            ..SetupConfig::default()
        })
    }

    pub(super) fn with(config: SetupConfig) -> Self {
        Self::granted(config, Intents::all())
    }

    pub(super) fn granted(config: SetupConfig, intents: Intents) -> Self {
        let requests = RequestConfig::default();
        let mut rng = Rng::new(1);
        Self {
            setup: Setup::new(
                ShardId::ONE,
                config,
                requests,
                intents,
                Kinds::all(),
                &mut rng,
            ),
            now: at(0),
            events: Vec::new(),
        }
    }

    pub(super) fn ready(&mut self, guilds: core::ops::Range<u64>) {
        let guilds = guilds.filter_map(GuildId::new);
        self.setup.ready(self.now, guilds, &mut self.events);
    }

    pub(super) fn create(&mut self, number: u64) {
        self.create_listing(number, members(1));
    }

    /// A guild of 1500 members comes.
    pub(super) fn create_listing(&mut self, number: u64, listed: Listed) {
        let arrival = Arrival {
            guild: guild(number),
            members: Some(1500),
            listed,
            large: true,
            is_asked: false,
        };
        self.setup.guild_create(self.now, arrival, &mut self.events);
    }

    pub(super) fn outage(&mut self, number: u64) {
        self.setup
            .guild_unavailable(self.now, guild(number), &mut self.events);
    }

    pub(super) fn delete(&mut self, number: u64) {
        self.setup
            .guild_delete(self.now, guild(number), &mut self.events);
    }

    pub(super) fn lose(&mut self) {
        self.setup.connection_lost(self.now, &mut self.events);
    }

    pub(super) fn resume(&mut self) {
        self.setup.resumed(self.now, &mut self.events);
    }

    pub(super) fn send(&mut self) -> Vec<(GuildId, String)> {
        let mut sent = Vec::new();
        while let Some(outgoing) = self.setup.next_send(self.now) {
            match outgoing {
                Outgoing::Members(it) => sent.push((it.guild, it.nonce.to_string())),
                Outgoing::Sync(guilds) => {
                    sent.extend(guilds.into_iter().map(|guild| (guild, "sync".into())));
                }
            }
        }
        sent
    }

    /// Sends the one request that may be sent, and gives its nonce.
    pub(super) fn sent(&mut self) -> String {
        let sent = self.send();
        assert_eq!(sent.len(), 1, "{sent:?}");
        sent.into_iter().next().unwrap().1
    }

    pub(super) fn chunk(&mut self, number: u64, nonce: &str, index: u32, of: u32) -> ChunkOutcome {
        self.chunk_listing(number, nonce, (index, of), members(750))
    }

    pub(super) fn chunk_listing(
        &mut self,
        number: u64,
        nonce: &str,
        (index, count): (u32, u32),
        listed: Listed,
    ) -> ChunkOutcome {
        let chunk = Chunk {
            guild: guild(number),
            nonce: Some(nonce),
            place: Some(ChunkPlace { index, count }),
            listed,
            not_found: &[],
        };
        self.setup.chunk(self.now, &chunk, &mut self.events)
    }

    /// Goes to a time, through every deadline on the way.
    pub(super) fn wait_until(&mut self, millis: u64) {
        while let Some(next) = self.setup.deadline().filter(|next| *next <= at(millis)) {
            self.now = self.now.max(next);
            self.setup.timeout(self.now, &mut self.events);
            assert_ne!(
                self.setup.deadline(),
                Some(next),
                "a deadline does not move on"
            );
        }
        self.now = at(millis);
    }

    /// What was emitted to the user, one short word each, and forgets it.
    pub(super) fn emitted(&mut self) -> Vec<String> {
        self.events
            .drain(..)
            .filter_map(|event| word(&event))
            .collect()
    }

    /// The one summary emitted, and forgets everything emitted.
    pub(super) fn summary(&mut self) -> ShardFinishedChunking {
        let mut found = Vec::new();
        for event in self.events.drain(..) {
            if let SetupEvent::ShardFinishedChunking(summary) = event {
                found.push(summary);
            }
        }
        assert_eq!(found.len(), 1);
        found.remove(0)
    }
}

/// So many members, all of which can be read, and their presences.
pub(super) fn members(members: u64) -> Listed {
    Listed {
        members,
        ..Listed::NOTHING
    }
}

fn word(event: &SetupEvent) -> Option<String> {
    Some(match event {
        SetupEvent::Presences(..)
        | SetupEvent::Confirm(_)
        | SetupEvent::Asked(_)
        | SetupEvent::StoreFailed(_)
        | SetupEvent::GuildStale(_) => {
            return None;
        }
        SetupEvent::RequestFinished(end) => {
            alloc::format!("{:?} {}", end.reason, end.guild).to_lowercase()
        }
        SetupEvent::GuildReady(it) => {
            alloc::format!("{} {} {}", kind(it), it.guild, how(&it.outcome))
        }
        SetupEvent::GuildUnavailable(it) => alloc::format!("unavailable {}", it.guild),
        SetupEvent::GuildLeave(it) if it.while_disconnected => {
            alloc::format!("vanished {}", it.guild)
        }
        SetupEvent::GuildLeave(it) => alloc::format!("left {}", it.guild),
        SetupEvent::ShardFinishedChunking(_) => "finished".into(),
        SetupEvent::ShardReady(it) => {
            alloc::format!("shard ready {}+{}", it.available, it.unavailable)
        }
    })
}

fn kind(ready: &GuildReady) -> &'static str {
    match ready.origin {
        super::Origin::Initial => "ready",
        super::Origin::Join => "join",
        super::Origin::Returned => "restored",
    }
}

fn how(outcome: &Outcome) -> String {
    alloc::format!("{outcome:?}").to_lowercase()
}

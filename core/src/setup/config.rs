//! Which guilds are asked for their members, and the bounds and waits of setup.

use alloc::collections::BTreeSet;
use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::arrival::Arrival;
use super::chunk_filter::{ChunkCandidate, ChunkFilter};
use super::stage::Origin;
use crate::bounds::{ConfigError, LONGEST, pause, wait, within};
use crate::id::GuildId;

/// Which guilds are asked for their members without a call of the user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AutoChunk {
    /// None.
    #[default]
    Never,
    /// Those that the server calls large (more members than `large_threshold`).
    Large,
    /// Those that list fewer members than they have, or some that cannot be read, or that do not
    /// say how many they have; without the presence intent even small guilds list hardly anyone.
    Missing,
    /// All.
    All,
}

/// Automatic member requests. They need the members intent; without it none is made. Serialised, it
/// lacks its function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Chunking {
    /// Which guilds are asked.
    pub mode: AutoChunk,
    /// Whether presences are wanted too; needs the presences intent, and is dropped without it.
    pub presences: bool,
    /// Whether guilds of READY, and guilds that return, are asked. Default yes.
    pub at_start: bool,
    /// Whether guilds that the bot joins are asked. Default yes.
    pub on_join: bool,
    /// When given, only these guilds are asked.
    pub allow: Option<BTreeSet<GuildId>>,
    /// These guilds are never asked.
    pub deny: BTreeSet<GuildId>,
    /// When given, only guilds of which it holds are asked.
    #[serde(skip)]
    pub filter: Option<ChunkFilter>,
}

impl Default for Chunking {
    fn default() -> Self {
        Self::from(AutoChunk::Never)
    }
}

impl From<AutoChunk> for Chunking {
    fn from(mode: AutoChunk) -> Self {
        Self {
            mode,
            presences: false,
            at_start: true,
            on_join: true,
            allow: None,
            deny: BTreeSet::new(),
            filter: None,
        }
    }
}

impl Chunking {
    /// The same for guilds of which `holds` alone; see [`ChunkFilter::new`].
    ///
    /// ```
    /// use headcount_core::setup::{AutoChunk, Chunking};
    ///
    /// let chunking = Chunking::from(AutoChunk::Missing);
    /// let chunking = chunking.when(|it| it.members.is_some_and(|members| members < 10_000));
    /// # assert!(chunking.filter.is_some());
    /// ```
    #[must_use]
    pub fn when(mut self, holds: impl Fn(&ChunkCandidate) -> bool + Send + Sync + 'static) -> Self {
        self.filter = Some(ChunkFilter::new(holds));
        self
    }

    /// The same, with `guard` around its function: a host catches panics with it, which this crate
    /// cannot.
    #[must_use]
    pub fn guarded(
        mut self,
        guard: impl Fn(&dyn Fn() -> bool) -> bool + Send + Sync + 'static,
    ) -> Self {
        let guarded = |filter: ChunkFilter| ChunkFilter::new(move |it| guard(&|| filter.holds(it)));
        self.filter = self.filter.map(guarded);
        self
    }

    /// Whether every guild is asked, however it comes.
    pub(crate) fn is_all(&self) -> bool {
        let any = self.allow.is_none() && self.deny.is_empty() && self.filter.is_none();
        self.mode == AutoChunk::All && self.at_start && self.on_join && any
    }

    /// Whether this guild is to be asked for its members.
    pub(crate) fn wants(&self, arrival: &Arrival, origin: Origin) -> bool {
        let time = match origin {
            Origin::Initial | Origin::Returned => self.at_start,
            Origin::Join => self.on_join,
        };
        let named = self.allow.as_ref();
        let allowed = named.is_none_or(|allow| allow.contains(&arrival.guild));
        let wanted = match self.mode {
            AutoChunk::Never => false,
            AutoChunk::Large | AutoChunk::Missing if arrival.is_asked => true,
            AutoChunk::Large => arrival.large,
            AutoChunk::Missing => !arrival.is_whole(),
            AutoChunk::All => true,
        };
        let asked = time && allowed && wanted && !self.deny.contains(&arrival.guild);
        let filter = self.filter.as_ref().filter(|_| asked);
        filter.map_or(asked, |filter| filter.holds(&arrival.candidate()))
    }
}

/// Guild sync, for client accounts on servers that speak the old protocol.
///
/// Not allowed on Discord itself, which closes the connection of a bot that sends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SyncConfig {
    /// How many guilds one message names, at most 50 (the old protocol's bound).
    pub batch: usize,
    /// How long a batch may gather before it is sent. Default 500 ms.
    pub gather: Duration,
    /// The silence after which a guild's sync has failed. Default 10 s.
    pub silence: Duration,
    /// How often a guild's sync may fail before it goes on without. Default 2.
    pub attempts: u32,
    /// How often a guild is named at most, times cut short by a lost connection included. Default
    /// 10, as for member requests.
    pub sends: u32,
}

impl Default for SyncConfig {
    fn default() -> Self {
        Self {
            batch: 50,
            gather: Duration::from_millis(500),
            silence: Duration::from_secs(10),
            attempts: 2,
            sends: 10,
        }
    }
}

/// Bounds and waits of setup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SetupConfig {
    /// Automatic member requests. Default never.
    pub chunking: Chunking,
    /// The silence after which the guilds of READY that have not come are missed; each one that
    /// comes, or turns out to be gone, renews it.
    ///
    /// Default 15 s. Other libraries wait 2 s (a hiccup loses guilds), 15 s and 75 s after the
    /// last guild; on a healthy connection guilds follow each other within a second.
    pub silence: Duration,
    /// How long they are waited for all in all since READY, or since the last one that came, while
    /// the connection is cut again and again or stays away. Default 5 min: `silence` counts only
    /// the time in which a guild could come, and the gateway keeps a session for a few minutes.
    pub patience: Duration,
    /// How many guilds a shard follows. Default 262,144: a hundred times the 2,500 guilds that
    /// the gateway allows on a shard. Further ones are counted, and reach the cache alone.
    pub guilds: usize,
    /// How often a guild's data may come anew while it is being set up. Default 3; after that
    /// the guild ends incomplete rather than hold up the shard for ever.
    pub restarts: u32,
    /// Guild sync for client accounts. Default off.
    pub sync: Option<SyncConfig>,
    /// Whether the host says what becomes of the changes that it is handed, and how long each guild
    /// waits for that.
    ///
    /// Then a guild is set up when its changes are stored: the host answers each
    /// [`Action::Confirm`](crate::Action::Confirm) with [`Input::Stored`](crate::Input::Stored). A
    /// guild that waits in vain ends as one whose store has failed. Default `None`: a change that
    /// is handed out counts as stored, unless the host says that it is not.
    pub confirm: Option<Duration>,
}

impl Default for SetupConfig {
    fn default() -> Self {
        Self {
            chunking: Chunking::default(),
            silence: Duration::from_secs(15),
            patience: Duration::from_secs(300),
            guilds: 262_144,
            restarts: 3,
            sync: None,
            confirm: None,
        }
    }
}

impl SyncConfig {
    fn check(&self) -> Result<(), ConfigError> {
        let Self {
            batch,
            gather,
            silence,
            attempts,
            sends,
        } = self;
        within("batch", *batch, &(1..=50))?;
        pause("gather", *gather)?;
        wait("silence", *silence)?;
        within("attempts", *attempts, &(1..=1_000))?;
        within("sends", *sends, &(1..=1_000))
    }
}

impl SetupConfig {
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let Self {
            chunking: _,
            silence,
            patience,
            guilds,
            restarts,
            sync,
            confirm,
        } = self;
        wait("silence", *silence)?;
        within("patience", *patience, &(*silence..=LONGEST))?;
        within("guilds", *guilds, &(1..=1 << 24))?;
        within("restarts", *restarts, &(0..=1_000))?;
        if let Some(confirm) = confirm {
            wait("confirm", *confirm)?;
        }
        match sync {
            Some(sync) => sync.check().map_err(|error| error.of("sync")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::Listed;

    fn arrival(guild: u64, members: u64, listed: u64, large: bool) -> Arrival {
        Arrival {
            guild: GuildId::new(guild).unwrap(),
            members: Some(members),
            listed: Listed {
                members: listed,
                ..Listed::NOTHING
            },
            large,
            is_asked: false,
        }
    }

    #[test]
    fn modes_choose() {
        let (small, partial, large) = (
            arrival(1, 10, 10, false),
            arrival(1, 10, 1, false),
            arrival(1, 1000, 1000, true),
        );
        for (mode, expected) in [
            (AutoChunk::Never, [false, false, false]),
            (AutoChunk::Large, [false, false, true]),
            (AutoChunk::Missing, [false, true, false]),
            (AutoChunk::All, [true, true, true]),
        ] {
            let chunking = Chunking::from(mode);
            let wanted = [&small, &partial, &large].map(|it| chunking.wants(it, Origin::Initial));
            assert_eq!(wanted, expected, "{mode:?}");
        }
    }

    #[test]
    fn lists_and_times_choose() {
        let guild = |number| GuildId::new(number).unwrap();
        let mut chunking = Chunking::from(AutoChunk::All);
        chunking.allow = Some([guild(1), guild(2)].into());
        chunking.deny = [guild(2)].into();
        for (number, expected) in [(1, true), (2, false), (3, false)] {
            let it = arrival(number, 1, 1, false);
            assert_eq!(chunking.wants(&it, Origin::Initial), expected);
        }
        let it = arrival(1, 1, 1, false);
        chunking.on_join = false;
        let by_origin = |chunking: &Chunking| {
            [Origin::Initial, Origin::Join, Origin::Returned].map(|from| chunking.wants(&it, from))
        };
        assert_eq!(by_origin(&chunking), [true, false, true]);
        (chunking.on_join, chunking.at_start) = (true, false);
        assert_eq!(by_origin(&chunking), [false, true, false]);
    }

    #[test]
    fn a_function_chooses_among_those_that_are_wanted() {
        let small = |it: &ChunkCandidate| it.members.is_some_and(|members| members < 5);
        let chunking = Chunking::from(AutoChunk::Missing).when(small);
        assert!(!Chunking::from(AutoChunk::All).when(small).is_all());
        assert!(chunking == chunking.clone() && chunking != chunking.clone().when(small));
        for (members, listed, expected) in [(4, 1, true), (4, 4, false), (5, 1, false)] {
            let it = arrival(1, members, listed, false);
            assert_eq!(chunking.wants(&it, Origin::Initial), expected, "{members}");
        }
        let guarded = chunking.guarded(|ask| !ask());
        assert!(guarded.wants(&arrival(1, 5, 1, false), Origin::Initial));
    }
}

//! The guilds of a session, for the process that goes on with it.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::machine::Setup;
use super::stage::{MemberCount, Origin, Outcome, Stage};
use crate::Instant;
use crate::cache::tombstones::Tombstone;
use crate::chunk::Listed;
use crate::id::GuildId;
use crate::intents::Intents;

/// Which guilds a session has; a resume does not list them again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KnownGuilds {
    /// Their data has come. Ascending, as the others.
    pub(crate) arrived: Vec<GuildId>,
    /// Listed by READY; their data may be among what is replayed.
    pub(crate) expected: Vec<GuildId>,
    /// In an outage, or never came.
    pub(crate) away: Vec<GuildId>,
    /// What the session has removed from them, the oldest first; setup itself knows of none.
    #[serde(default)]
    pub(crate) removed: Vec<Tombstone>,
}

impl Setup {
    /// The guilds as they are now.
    pub(crate) fn known(&self) -> KnownGuilds {
        let mut known = KnownGuilds::default();
        for guild in self.registry.guilds() {
            let list = match self.registry.get(guild).map(|standing| standing.stage) {
                Some(Stage::Expected) => &mut known.expected,
                Some(Stage::Missed | Stage::Unavailable) => &mut known.away,
                Some(
                    Stage::Syncing { .. }
                    | Stage::Requested { .. }
                    | Stage::Receiving { .. }
                    | Stage::Storing { .. }
                    | Stage::Ready { .. },
                ) => &mut known.arrived,
                None => continue,
            };
            list.push(guild);
        }
        known.arrived.sort_unstable();
        known.away.sort_unstable();
        known
    }

    /// Takes over the guilds of a session that another process began, so that one that comes
    /// again is not mistaken for one that the bot was added to. Of their members nothing is known
    /// here. They hold up no readiness: the session's first process reported that.
    pub(crate) fn restore(&mut self, now: Instant, known: &KnownGuilds) {
        let outcome = match self.intents.contains(Intents::GUILD_MEMBERS) {
            true => Outcome::NotAsked,
            false => Outcome::NoIntent,
        };
        let lack = outcome.lack();
        for guild in known.arrived.iter().take(self.config.guilds) {
            self.presences.arrived(*guild, lack, Listed::NOTHING);
        }
        let arrived = Stage::Ready {
            origin: Origin::Initial,
            outcome,
            members: MemberCount::default(),
        };
        let lists = [
            (&known.arrived, arrived),
            (&known.expected, Stage::Expected),
            (&known.away, Stage::Unavailable),
        ];
        for (guilds, stage) in lists {
            for guild in guilds.iter().take(self.config.guilds) {
                self.place(now, *guild, stage.clone());
            }
        }
    }
}

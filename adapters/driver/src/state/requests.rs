//! Which guilds were asked for all their members of late: the next process asks none too soon.

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use headcount_core::ShardId;
use headcount_core::id::GuildId;
use serde::{Deserialize, Serialize};

use super::bot_key::BotKey;
use super::disk::{Disk, replace_unsynchronised};
use super::document::Document;
use super::layout::{requests_file, shards_in};
use super::recent_times::RecentTimes;
use super::saved::Unused;
use super::trouble::Trouble;
use super::{millis, read};

/// The guilds, and when each was asked last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RecentRequests {
    recent: RecentTimes<GuildId>,
}

impl RecentRequests {
    /// Guilds that were asked so long before `now`.
    pub(crate) fn new(
        now: SystemTime,
        asked: impl IntoIterator<Item = (GuildId, Duration)>,
    ) -> Self {
        let at = |ago| millis(now.checked_sub(ago).unwrap_or(SystemTime::UNIX_EPOCH));
        let asked = asked.into_iter();
        Self {
            recent: RecentTimes(asked.map(|(guild, ago)| (guild, at(ago))).collect()),
        }
    }

    /// Whether there are none.
    pub(crate) const fn is_empty(&self) -> bool {
        self.recent.0.is_empty()
    }

    /// Those of every shard.
    pub(super) fn read_all(
        disk: &dyn Disk,
        bot: Option<BotKey>,
        unused: &mut Vec<Unused>,
    ) -> io::Result<Self> {
        let shards = 0..shards_in(disk.journal_length()?);
        let recent = shards.flat_map(|number| Self::of_shard(disk, number, bot, unused).recent.0);
        Ok(Self {
            recent: RecentTimes(recent.collect()),
        })
    }

    /// Those of one.
    pub(super) fn of_shard(
        disk: &dyn Disk,
        number: u32,
        bot: Option<BotKey>,
        unused: &mut Vec<Unused>,
    ) -> Self {
        read(disk, &requests_file(number), bot, unused)
    }

    /// Guilds that were asked, and how long before `now`. By a clock that was put back since, one
    /// was asked just now.
    pub(crate) fn ages(&self, now: SystemTime) -> impl Iterator<Item = (GuildId, Duration)> {
        self.recent.ages(now)
    }

    /// Counts a request, and forgets those that are longer ago than the wait between two.
    fn count(&mut self, guild: GuildId, now: u64, gate: Duration) {
        let is_same = |other: &GuildId| *other == guild;
        self.recent.count(guild, now, gate, is_same);
    }
}

/// Writes down which guilds a shard asks for all their members.
pub(crate) struct RequestLog {
    disk: Arc<dyn Disk>,
    bot: BotKey,
    shard: ShardId,
    /// Time between two requests for everyone of one guild.
    gate: Duration,
    requests: RecentRequests,
    trouble: Trouble,
}

impl RequestLog {
    pub(super) fn new(
        (disk, bot, shard): (Arc<dyn Disk>, BotKey, ShardId),
        gate: Duration,
        found: RecentRequests,
        trouble: Trouble,
    ) -> Self {
        Self {
            disk,
            bot,
            shard,
            gate,
            requests: found,
            trouble,
        }
    }

    /// A guild is about to be asked. It is written when this returns, and not synchronised with the
    /// disk: a machine that was off has waited for long enough.
    pub(crate) fn note(&mut self, guild: GuildId) {
        self.note_at(SystemTime::now(), guild);
    }

    pub(super) fn note_at(&mut self, now: SystemTime, guild: GuildId) {
        self.requests.count(guild, millis(now), self.gate);
        let document = Document {
            bot: self.bot,
            generation: 0,
            content: &self.requests,
        };
        let name = requests_file(self.shard.number());
        let bytes = document.encode();
        let written = bytes.and_then(|bytes| replace_unsynchronised(&*self.disk, &name, &bytes));
        self.trouble.note(&format_args!("the file {name}"), written);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: u64 = 1_800_000_000_000;
    const GATE: Duration = Duration::from_millis(30_500);

    fn ages(requests: &RecentRequests, now: u64) -> Vec<(u64, u64)> {
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(now);
        let ages = requests.ages(now);
        ages.map(|(guild, age)| (guild.get(), age.as_millis() as u64))
            .collect()
    }

    fn count(requests: &mut RecentRequests, guild: u64, now: u64) {
        let guild = GuildId::new(guild).expect("not zero");
        requests.count(guild, now, GATE);
    }

    #[test]
    fn those_within_a_gate_are_known_and_the_last_of_each_guild() {
        let mut requests = RecentRequests::default();
        for (guild, time) in [(1, 0), (2, 100), (1, 30_400), (3, 30_600)] {
            count(&mut requests, guild, START + time);
        }
        assert_eq!(ages(&requests, START + 31_000), [(1, 600), (3, 400)]);
    }

    #[test]
    fn a_clock_that_was_put_back_makes_no_guild_wait_for_longer_than_a_gate() {
        let mut requests = RecentRequests::default();
        count(&mut requests, 1, START);
        assert_eq!(ages(&requests, START - 1_000_000), [(1, 0)]);
        count(&mut requests, 2, START - 1_000_000);
        let both = [(1, 1_000), (2, 1_000)];
        assert_eq!(ages(&requests, START - 999_000), both);
    }
}

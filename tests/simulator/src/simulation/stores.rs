//! Stores of a host that take their time: they report to the shard late or never, or report a
//! failure.
use super::Simulation;
use crate::edge::Millis;
use crate::rng::Rng;
use headcount_core::Input;
use headcount_core::id::GuildId;
use headcount_core::setup::Barrier;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a guild waits for them.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// What is reported to a shard.
#[derive(Clone, Copy, Debug)]
enum Word {
    Stored(Barrier),
    Failed(GuildId),
}

/// What one host's stores have still to say.
#[derive(Clone, Debug)]
pub(crate) struct Stores {
    rng: Rng,
    /// By when they say it, and in which order at one time.
    words: BTreeMap<(Millis, u64), Word>,
    count: u64,
}

impl Stores {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            rng: Rng::of(&[seed]),
            words: BTreeMap::new(),
            count: 0,
        }
    }

    /// A shard that is gone hears nothing.
    pub(crate) fn clear(&mut self) {
        self.words.clear();
    }

    /// When they say something next.
    pub(crate) fn next_at(&self) -> Option<Millis> {
        self.words.first_key_value().map(|(&(at, _), _)| at)
    }

    /// The shard wants to know when a guild's changes are stored.
    fn confirm(&mut self, now: Millis, barrier: Barrier) {
        let longest = self.rng.pick(&[1, 100, 5_000]);
        let at = now + self.rng.below(longest);
        let failed = Word::Failed(barrier.guild());
        match self.rng.below(20) {
            // They are stuck, and nobody says so.
            0 => {}
            1 | 2 => {
                self.say(at, failed);
                self.say(at, Word::Stored(barrier));
            }
            3 | 4 => {
                self.say(at, Word::Stored(barrier));
                let later = at + self.rng.below(60_000);
                self.say(later, failed);
            }
            _ => self.say(at, Word::Stored(barrier)),
        }
    }

    fn say(&mut self, at: Millis, word: Word) {
        self.count += 1;
        self.words.insert((at, self.count), word);
    }

    fn take_due(&mut self, now: Millis) -> Option<Word> {
        let first = self.words.first_entry().filter(|it| it.key().0 <= now)?;
        Some(first.remove())
    }
}

impl Simulation {
    pub(super) fn confirm(&mut self, host: usize, barrier: Barrier) {
        self.hosts[host].stores.confirm(self.now, barrier);
    }

    /// Reports to a shard what its stores have to say by now.
    pub(super) fn hear_stores(&mut self, host: usize) {
        while let Some(word) = self.hosts[host].stores.take_due(self.now) {
            match word {
                Word::Stored(barrier) => self.feed(host, Input::Stored(barrier)),
                Word::Failed(guild) => self.feed(host, Input::StoreFailed(guild)),
            }
        }
    }
}

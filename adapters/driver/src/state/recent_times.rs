//! When things were done of late: the next process keeps its distance from them.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::millis;

/// Of what something was done, and when, by the wall clock in milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct RecentTimes<K>(pub(super) Vec<(K, u64)>);

impl<K> Default for RecentTimes<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Copy> RecentTimes<K> {
    /// Of what, and how long before `now`. By a clock that was put back since, that was just now.
    pub(super) fn ages(&self, now: SystemTime) -> impl Iterator<Item = (K, Duration)> {
        let now = millis(now);
        let age = move |at: u64| Duration::from_millis(now.saturating_sub(at));
        self.0.iter().map(move |&(key, at)| (key, age(at)))
    }

    /// It is done once more, and takes the place of the last time of the same. Times that are
    /// `wait` ago or longer are forgotten.
    pub(super) fn count(&mut self, key: K, now: u64, wait: Duration, is_same: impl Fn(&K) -> bool) {
        self.0.retain_mut(|(other, at)| {
            // By a clock that was put back, that was just now.
            *at = (*at).min(now);
            !is_same(other) && Duration::from_millis(now - *at) < wait
        });
        self.0.push((key, now));
    }
}

//! The policies of a store, and what has to be remembered to enforce them.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use core::array;

use super::hash::Mixer;
use super::spot::Spot;
use crate::Instant;
use crate::cache::policy::Lifetimes;
use crate::cache::{Keep, Kind, Kinds, Policies, Policy};

#[derive(Debug)]
pub(super) struct Wards {
    pub(super) policies: Policies,
    lifetimes: [Option<Box<Lifetimes<Spot>>>; Kind::ALL.len()],
    /// Kinds whose rows are judged when they come.
    pub(super) judged: Kinds,
    /// Kinds whose changes concern a policy.
    pub(super) concerned: Kinds,
    /// Kinds with an order of use or an age.
    pub(super) tracked: Kinds,
    /// What the members' policy depends on.
    pub(super) watched: Keep,
    pub(super) now: Instant,
    mixer: Mixer,
}

impl Wards {
    pub(super) fn new(policies: Policies, mixer: Mixer) -> Self {
        let mut wards = Self {
            policies,
            lifetimes: array::from_fn(|_| None),
            judged: Kinds::empty(),
            concerned: Kinds::empty(),
            tracked: Kinds::empty(),
            watched: Keep::empty(),
            now: Instant::ZERO,
            mixer,
        };
        for &kind in Kind::ALL {
            wards.track(kind, [].into_iter());
        }
        wards
    }

    /// Watches rows of a kind as its policy wants it; those that are there have not been yet.
    pub(super) fn track(&mut self, kind: Kind, rows: impl Iterator<Item = Spot>) {
        self.judged = self.policies.select(Policy::judges);
        self.tracked = self.policies.select(Policy::is_tracked);
        self.watched = self.policies.get(Kind::Member).watched();
        self.concerned = match self.watched.is_empty() {
            true => self.judged,
            false => Kinds::all(),
        };
        let policy = self.policies.get(kind);
        let Some(place) = self.lifetimes.get_mut(kind as usize) else {
            return;
        };
        match place {
            _ if !policy.is_tracked() => *place = None,
            Some(lifetimes) => lifetimes.set_limits(policy.limits, |spot| group(policy, *spot)),
            None => {
                let mut lifetimes = Lifetimes::new(policy.limits, self.mixer);
                for spot in rows {
                    lifetimes.told(&spot, group(policy, spot), self.now, false);
                }
                *place = Some(Box::new(lifetimes));
            }
        }
    }

    pub(super) fn lifetimes(&self, kind: Kind) -> Option<&Lifetimes<Spot>> {
        self.lifetimes.get(kind as usize)?.as_deref()
    }

    pub(super) fn lifetimes_mut(&mut self, kind: Kind) -> Option<&mut Lifetimes<Spot>> {
        self.lifetimes.get_mut(kind as usize)?.as_deref_mut()
    }

    /// What the rows of a kind are counted by.
    pub(super) fn group(&self, kind: Kind, spot: Spot) -> u64 {
        group(self.policies.get(kind), spot)
    }

    /// A row is gone.
    pub(super) fn forget(&mut self, kind: Kind, spot: Spot) {
        if let Some(lifetimes) = self.lifetimes_mut(kind) {
            lifetimes.remove(&spot);
        }
    }

    /// When a row may have lived for long enough, one that comes from here on included.
    pub(super) fn next_expiry(&self) -> Option<Instant> {
        let all = self.lifetimes.iter().flatten();
        all.filter_map(|lifetimes| lifetimes.next_expiry(self.now))
            .min()
    }

    /// Whether a row may have lived for long enough.
    pub(super) fn may_expire(&self) -> bool {
        let all = self.lifetimes.iter().flatten();
        all.into_iter()
            .any(|lifetimes| lifetimes.may_expire(self.now))
    }
}

fn group(policy: &Policy, spot: Spot) -> u64 {
    match spot.guild {
        Some(guild) if !policy.is_per_channel() => guild.get(),
        // A channel outside guilds counts by itself.
        Some(_) | None => spot.first,
    }
}

/// The rows that a mutation may change.
#[derive(Debug, Default)]
pub(super) struct Touched {
    /// Something is told of these.
    pub(super) told: BTreeMap<Kind, alloc::vec::Vec<Spot>>,
    /// Something changes on which their policy may depend.
    pub(super) doubtful: BTreeMap<Kind, alloc::vec::Vec<Spot>>,
    /// These go by name.
    pub(super) gone: alloc::vec::Vec<(Kind, Spot)>,
}

impl Touched {
    pub(super) fn tell(&mut self, kind: Kind, spots: impl IntoIterator<Item = Spot>) {
        self.told.entry(kind).or_default().extend(spots);
    }

    /// The same, unless there is none.
    pub(super) fn tell_any(&mut self, kind: Kind, spots: alloc::vec::Vec<Spot>) {
        if !spots.is_empty() {
            self.tell(kind, spots);
        }
    }

    pub(super) fn doubt(&mut self, kind: Kind, spots: impl IntoIterator<Item = Spot>) {
        self.doubtful.entry(kind).or_default().extend(spots);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.told.is_empty() && self.doubtful.is_empty()
    }
}

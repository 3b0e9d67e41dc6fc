//! Which guild is in which stage: membership of a map is the state.

mod not_whole;

use alloc::collections::{BTreeMap, BTreeSet};

use super::stage::{MemberCount, Origin, Outcome, Stage, TimedStage};
use crate::Instant;
use crate::chunk::RequestId;
use crate::id::GuildId;

type Since = Instant;

/// Every guild known to a shard, in exactly one map.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct GuildRegistry {
    expected: BTreeMap<GuildId, Since>,
    syncing: BTreeMap<GuildId, (Since, Origin, MemberCount)>,
    requested: BTreeMap<GuildId, (Since, Origin, RequestId, MemberCount)>,
    receiving: BTreeMap<GuildId, (Since, Origin, RequestId, MemberCount)>,
    storing: BTreeMap<GuildId, (Since, Origin, Option<RequestId>, Outcome, MemberCount)>,
    ready: BTreeMap<GuildId, (Since, Origin, Outcome, MemberCount)>,
    missed: BTreeMap<GuildId, Since>,
    unavailable: BTreeMap<GuildId, Since>,
    /// Those of `ready` whose outcome is not complete.
    lacking: BTreeSet<GuildId>,
    /// The sum over all guilds; changes in `put` and `take` alone.
    members: MemberCount,
}

/// How many guilds are in each stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StageCounts {
    /// Listed in READY, and nothing has come yet.
    pub expected: usize,
    /// Waiting for their sync (client accounts only).
    pub syncing: usize,
    /// Members asked for, no chunk of the last attempt yet.
    pub requested: usize,
    /// Part of the members has come.
    pub receiving: usize,
    /// All has come, and is on its way into the stores.
    pub storing: usize,
    /// Set up.
    pub ready: usize,
    /// Did not come in time.
    pub missed: usize,
    /// In an outage.
    pub unavailable: usize,
}

impl StageCounts {
    /// Each stage by its [label](Stage::label), with how many guilds are in it.
    pub fn iter(self) -> impl Iterator<Item = (&'static str, usize)> {
        let Self {
            expected,
            syncing,
            requested,
            receiving,
            storing,
            ready,
            missed,
            unavailable,
        } = self;
        [
            ("expected", expected),
            ("syncing", syncing),
            ("requested", requested),
            ("receiving", receiving),
            ("storing", storing),
            ("ready", ready),
            ("missed", missed),
            ("unavailable", unavailable),
        ]
        .into_iter()
    }

    /// How many guilds are in any stage.
    #[must_use]
    pub fn total(self) -> usize {
        self.iter().map(|(_, guilds)| guilds).sum()
    }
}

impl GuildRegistry {
    /// Puts a guild into a stage, out of whichever it was in.
    pub(crate) fn put(&mut self, guild: GuildId, standing: TimedStage) {
        self.take(guild);
        self.count_in(&standing.stage);
        let since = standing.since;
        match standing.stage {
            Stage::Expected => drop(self.expected.insert(guild, since)),
            Stage::Syncing { origin, members } => {
                self.syncing.insert(guild, (since, origin, members));
            }
            Stage::Requested {
                origin,
                request,
                members,
            } => drop(
                self.requested
                    .insert(guild, (since, origin, request, members)),
            ),
            Stage::Receiving {
                origin,
                request,
                members,
            } => drop(
                self.receiving
                    .insert(guild, (since, origin, request, members)),
            ),
            Stage::Storing {
                origin,
                request,
                outcome,
                members,
            } => drop(
                self.storing
                    .insert(guild, (since, origin, request, outcome, members)),
            ),
            Stage::Ready {
                origin,
                outcome,
                members,
            } => {
                if outcome != Outcome::Complete {
                    self.lacking.insert(guild);
                }
                self.ready.insert(guild, (since, origin, outcome, members));
            }
            Stage::Missed => drop(self.missed.insert(guild, since)),
            Stage::Unavailable => drop(self.unavailable.insert(guild, since)),
        }
    }

    /// Takes a guild out; `None` when it is not known.
    pub(crate) fn take(&mut self, guild: GuildId) -> Option<TimedStage> {
        let standing = self.remove(guild)?;
        let members = members_of(&standing.stage);
        self.members.expected = self.members.expected.saturating_sub(members.expected);
        self.members.received = self.members.received.saturating_sub(members.received);
        Some(standing)
    }

    fn count_in(&mut self, stage: &Stage) {
        let members = members_of(stage);
        self.members.expected = self.members.expected.saturating_add(members.expected);
        self.members.received = self.members.received.saturating_add(members.received);
    }

    fn remove(&mut self, guild: GuildId) -> Option<TimedStage> {
        let standing = |since, stage| TimedStage { since, stage };
        if let Some((since, origin, outcome, members)) = self.ready.remove(&guild) {
            self.lacking.remove(&guild);
            return Some(standing(since, ready(origin, outcome, members)));
        }
        if let Some((since, origin, request, members)) = self.receiving.remove(&guild) {
            return Some(standing(since, receiving(origin, request, members)));
        }
        if let Some((since, origin, request, members)) = self.requested.remove(&guild) {
            return Some(standing(since, requested(origin, request, members)));
        }
        if let Some((since, origin, request, outcome, members)) = self.storing.remove(&guild) {
            return Some(standing(since, storing(origin, request, outcome, members)));
        }
        if let Some(since) = self.expected.remove(&guild) {
            return Some(standing(since, Stage::Expected));
        }
        if let Some((since, origin, members)) = self.syncing.remove(&guild) {
            return Some(standing(since, Stage::Syncing { origin, members }));
        }
        if let Some(since) = self.unavailable.remove(&guild) {
            return Some(standing(since, Stage::Unavailable));
        }
        let since = self.missed.remove(&guild)?;
        Some(standing(since, Stage::Missed))
    }

    /// Where a guild stands.
    pub(crate) fn get(&self, guild: GuildId) -> Option<TimedStage> {
        let standing = |since: &Since, stage| TimedStage {
            since: *since,
            stage,
        };
        if let Some((since, origin, outcome, members)) = self.ready.get(&guild) {
            return Some(standing(since, ready(*origin, outcome.clone(), *members)));
        }
        if let Some((since, origin, request, members)) = self.receiving.get(&guild) {
            return Some(standing(since, receiving(*origin, *request, *members)));
        }
        if let Some((since, origin, request, members)) = self.requested.get(&guild) {
            return Some(standing(since, requested(*origin, *request, *members)));
        }
        if let Some((since, origin, request, outcome, members)) = self.storing.get(&guild) {
            let outcome = outcome.clone();
            return Some(standing(
                since,
                storing(*origin, *request, outcome, *members),
            ));
        }
        if let Some(since) = self.expected.get(&guild) {
            return Some(standing(since, Stage::Expected));
        }
        if let Some((since, origin, members)) = self.syncing.get(&guild) {
            let (origin, members) = (*origin, *members);
            return Some(standing(since, Stage::Syncing { origin, members }));
        }
        if let Some(since) = self.unavailable.get(&guild) {
            return Some(standing(since, Stage::Unavailable));
        }
        let since = self.missed.get(&guild)?;
        Some(standing(since, Stage::Missed))
    }

    /// The request that a guild waits for.
    pub(crate) fn request_of(&self, guild: GuildId) -> Option<RequestId> {
        let waiting = self.receiving.get(&guild);
        let (_, _, request, _) = waiting.or_else(|| self.requested.get(&guild))?;
        Some(*request)
    }

    /// Notes how far a guild's request is: the stage follows from whether any member chunk of
    /// the last attempt has come (`Some`, with the members so far). Ignores other requests.
    pub(crate) fn progress(&mut self, now: Instant, guild: GuildId, received: Option<u64>) {
        let Some(request) = self.request_of(guild) else {
            return;
        };
        let Some(standing) = self.take(guild) else {
            return;
        };
        let (origin, mut members, was_receiving) = match standing.stage {
            Stage::Requested {
                origin, members, ..
            } => (origin, members, false),
            Stage::Receiving {
                origin, members, ..
            } => (origin, members, true),
            Stage::Expected
            | Stage::Syncing { .. }
            | Stage::Storing { .. }
            | Stage::Ready { .. }
            | Stage::Missed
            | Stage::Unavailable => return self.put(guild, standing),
        };
        members.received = received.unwrap_or(0);
        let since = if was_receiving == received.is_some() {
            standing.since
        } else {
            now
        };
        let stage = match received {
            Some(_) => receiving(origin, request, members),
            None => requested(origin, request, members),
        };
        self.put(guild, TimedStage { since, stage });
    }

    /// Whether the guild is known, in whichever stage.
    pub(crate) fn contains(&self, guild: GuildId) -> bool {
        self.in_setup(guild)
            || self.ready.contains_key(&guild)
            || self.missed.contains_key(&guild)
            || self.unavailable.contains_key(&guild)
    }

    /// Whether the guild is set up.
    pub(crate) fn is_ready(&self, guild: GuildId) -> bool {
        self.ready.contains_key(&guild)
    }

    /// Whether the guild is on its way to ready, so that its events may be held.
    pub(crate) fn in_setup(&self, guild: GuildId) -> bool {
        self.receiving.contains_key(&guild)
            || self.requested.contains_key(&guild)
            || self.storing.contains_key(&guild)
            || self.expected.contains_key(&guild)
            || self.syncing.contains_key(&guild)
    }

    /// The guilds that have not come, ascending.
    pub(crate) fn expected(&self) -> impl Iterator<Item = GuildId> {
        self.expected.keys().copied()
    }

    /// The guilds that wait for their sync, ascending.
    pub(crate) fn syncing(&self) -> impl Iterator<Item = GuildId> {
        self.syncing.keys().copied()
    }

    /// Every guild, ascending within each stage.
    pub(crate) fn guilds(&self) -> impl Iterator<Item = GuildId> {
        let waiting = self.requested.keys().chain(self.receiving.keys());
        let waiting = waiting.chain(self.storing.keys());
        let settled = self.ready.keys().chain(self.missed.keys());
        let early = self.expected.keys().chain(self.syncing.keys());
        early
            .chain(waiting)
            .chain(settled)
            .chain(self.unavailable.keys())
            .copied()
    }

    /// How many guilds are in each stage. Constant time.
    pub(crate) fn counts(&self) -> StageCounts {
        StageCounts {
            expected: self.expected.len(),
            syncing: self.syncing.len(),
            requested: self.requested.len(),
            receiving: self.receiving.len(),
            storing: self.storing.len(),
            ready: self.ready.len(),
            missed: self.missed.len(),
            unavailable: self.unavailable.len(),
        }
    }

    /// How many guilds there are. Constant time.
    pub(crate) fn len(&self) -> usize {
        let counts = self.counts();
        [
            counts.expected,
            counts.syncing,
            counts.requested,
            counts.receiving,
            counts.storing,
            counts.ready,
            counts.missed,
            counts.unavailable,
        ]
        .into_iter()
        .fold(0, usize::saturating_add)
    }

    /// The members of all guilds. Constant time.
    pub(crate) const fn members(&self) -> MemberCount {
        self.members
    }
}

const fn ready(origin: Origin, outcome: Outcome, members: MemberCount) -> Stage {
    Stage::Ready {
        origin,
        outcome,
        members,
    }
}

const fn storing(
    origin: Origin,
    request: Option<RequestId>,
    outcome: Outcome,
    members: MemberCount,
) -> Stage {
    Stage::Storing {
        origin,
        request,
        outcome,
        members,
    }
}

const fn requested(origin: Origin, request: RequestId, members: MemberCount) -> Stage {
    Stage::Requested {
        origin,
        request,
        members,
    }
}

const fn receiving(origin: Origin, request: RequestId, members: MemberCount) -> Stage {
    Stage::Receiving {
        origin,
        request,
        members,
    }
}

fn members_of(stage: &Stage) -> MemberCount {
    match stage {
        Stage::Expected | Stage::Missed | Stage::Unavailable => MemberCount::default(),
        Stage::Syncing { members, .. }
        | Stage::Requested { members, .. }
        | Stage::Receiving { members, .. }
        | Stage::Storing { members, .. }
        | Stage::Ready { members, .. } => *members,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn stages() -> [Stage; 8] {
        let members = MemberCount {
            expected: 10,
            received: 4,
        };
        let request = RequestId::new(1);
        [
            Stage::Expected,
            Stage::Syncing {
                origin: Origin::Join,
                members,
            },
            requested(Origin::Initial, request, members),
            receiving(Origin::Returned, request, members),
            storing(Origin::Join, Some(request), Outcome::Complete, members),
            ready(Origin::Join, Outcome::Missed, members),
            Stage::Missed,
            Stage::Unavailable,
        ]
    }

    #[test]
    fn a_guild_is_in_one_stage_whatever_the_path() {
        let guild = GuildId::new(1).unwrap();
        let mut registry = GuildRegistry::default();
        for from in stages() {
            for to in stages() {
                for stage in [from.clone(), to] {
                    let since = Instant::from_millis(5);
                    registry.put(
                        guild,
                        TimedStage {
                            since,
                            stage: stage.clone(),
                        },
                    );
                    assert_eq!(registry.len(), 1);
                    assert_eq!(registry.members(), members_of(&stage));
                    assert_eq!(registry.get(guild), Some(TimedStage { since, stage }));
                    assert!(registry.contains(guild));
                    assert_eq!(registry.guilds().count(), 1);
                    assert_eq!(registry.not_whole_count(), 1, "no stage here is complete");
                    assert!(registry.not_whole(None).eq([guild]));
                    assert_eq!(registry.not_whole(Some(guild)).count(), 0);
                }
            }
        }
        let whole = TimedStage {
            since: Instant::ZERO,
            stage: ready(Origin::Join, Outcome::Complete, MemberCount::default()),
        };
        registry.put(guild, whole);
        assert_eq!(registry.not_whole_count(), 0);
        assert_eq!(registry.not_whole(None).count(), 0);
        assert!(registry.take(guild).is_some());
        assert_eq!(registry.members(), MemberCount::default());
        assert_eq!((registry.len(), registry.get(guild)), (0, None));
    }

    #[test]
    fn progress_moves_between_requested_and_receiving_alone() {
        let guild = GuildId::new(1).unwrap();
        let mut registry = GuildRegistry::default();
        for stage in stages() {
            registry.put(
                guild,
                TimedStage {
                    since: Instant::ZERO,
                    stage: stage.clone(),
                },
            );
            registry.progress(Instant::from_millis(9), guild, Some(7));
            let after = registry.get(guild).unwrap();
            match stage {
                Stage::Requested { .. } => {
                    assert_eq!(after.since.as_millis(), 9);
                    assert_eq!(registry.counts().receiving, 1);
                    assert_eq!(registry.members().received, 7);
                }
                Stage::Receiving { .. } => {
                    assert_eq!(after.since, Instant::ZERO);
                    assert_eq!(registry.members().received, 7);
                }
                other => assert_eq!(after.stage, other),
            }
        }
    }
}

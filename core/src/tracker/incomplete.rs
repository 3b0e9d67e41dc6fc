//! What the cache has to know of why guilds lack members or presences.

use alloc::vec::Vec;

use super::Tracker;
use crate::action::{Action, Actions};
use crate::cache::{GuildStatus, Kinds, Lack, Mutation, Op};
use crate::chunk::{ChunkRequestFinished, FinishReason};
use crate::id::GuildId;
use crate::setup::{SetupEvent, Stage};

/// Why guilds lack members or presences, for the cache.
pub(super) type Incompleteness = Vec<(GuildId, Op<'static>)>;

impl Tracker {
    /// Why guilds lack members and presences from this dispatch on.
    pub(super) fn incompleteness(&self, events: &[SetupEvent]) -> Incompleteness {
        events.iter().filter_map(|event| self.lack(event)).collect()
    }

    /// What the cache has to know of why a guild lacks members or presences.
    fn lack(&self, event: &SetupEvent) -> Option<(GuildId, Op<'static>)> {
        let kinds = self.config.kinds;
        match event {
            SetupEvent::RequestFinished(end) => {
                let lack = self.members_lack(end)?;
                let wanted = kinds.contains(Kinds::MEMBERS);
                wanted.then_some((end.guild, Op::Incomplete(lack)))
            }
            SetupEvent::Presences(guild, lack) => {
                let wanted = kinds.contains(Kinds::PRESENCES);
                wanted.then_some((*guild, Op::SetPresencesLack(*lack)))
            }
            SetupEvent::Asked(guild) => {
                let wanted = kinds.contains(Kinds::MEMBERS);
                wanted.then_some((*guild, Op::Incomplete(Lack::Loading)))
            }
            SetupEvent::StoreFailed(guild) => Some((*guild, Op::SetStatus(GuildStatus::Stale))),
            SetupEvent::Confirm(_)
            | SetupEvent::GuildStale(_)
            | SetupEvent::GuildReady(_)
            | SetupEvent::GuildUnavailable(_)
            | SetupEvent::GuildLeave(_)
            | SetupEvent::ShardFinishedChunking(_)
            | SetupEvent::ShardReady(_) => None,
        }
    }

    /// Why a guild lacks members now that its request has ended.
    fn members_lack(&self, end: &ChunkRequestFinished) -> Option<Lack> {
        match end.reason {
            FinishReason::Superseded | FinishReason::GuildGone => None,
            FinishReason::Complete
            | FinishReason::TimedOut
            | FinishReason::Refused
            | FinishReason::Halted => {
                let lack = self.setup.outcome_of(end).lack()?;
                (end.full && !self.is_asked_for(end.guild)).then_some(lack)
            }
        }
    }

    /// Whether setup has asked for the guild's members, and waits.
    pub(super) fn is_asked_for(&self, guild: GuildId) -> bool {
        let stage = self.stage(guild);
        matches!(
            stage,
            Some(Stage::Requested { .. } | Stage::Receiving { .. })
        )
    }

    /// What follows for the cache from what ended without a dispatch.
    pub(super) fn explain(&self, events: &[SetupEvent], out: &mut Actions<'_>) {
        for (guild, lack) in events.iter().filter_map(|event| self.lack(event)) {
            out.push(Action::Mutate(Mutation::new(Some(guild)).with(lack)));
        }
    }
}

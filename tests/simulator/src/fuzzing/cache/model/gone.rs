//! What was removed and when, as anybody would note it down.
use super::super::draw::id_of;
use super::id;
use serde_json::Value;
use std::collections::BTreeMap;

/// Which row of a guild. Threads are channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Row {
    Role(u64),
    Member(u64),
    Channel(u64),
    /// One of the smaller kinds, by the place of the kind.
    Small(usize, u64),
}

impl Row {
    /// The row of one of the smaller kinds.
    pub(super) fn small(kind: usize, data: &Value) -> Self {
        let id = id(&data[id_of(kind)]);
        match kind {
            0 => Self::Channel(id),
            _ => Self::Small(kind, id),
        }
    }
}

/// What is gone, with the number of the dispatch that said so.
#[derive(Debug, Default)]
pub(super) struct Gone(BTreeMap<(u64, Row), usize>);

impl Gone {
    /// Notes a removal; whether nobody had noted it.
    pub(super) fn mark(&mut self, guild: u64, row: Row, at: usize) -> bool {
        self.0.insert((guild, row), at).is_none()
    }

    pub(super) fn clear(&mut self, guild: u64, row: Row) {
        self.0.remove(&(guild, row));
    }

    pub(super) fn clear_guild(&mut self, guild: u64) {
        self.0.retain(|(own, _), _| *own != guild);
    }

    pub(super) fn clear_all(&mut self) {
        self.0.clear();
    }

    pub(super) fn has(&self, guild: u64, row: Row) -> bool {
        self.0.contains_key(&(guild, row))
    }

    /// Whether it went after so many dispatches, or it is not known how many.
    pub(super) fn has_since(&self, guild: u64, row: Row, after: Option<usize>) -> bool {
        let at = self.0.get(&(guild, row));
        at.is_some_and(|at| after.is_none_or(|after| *at > after))
    }

    /// Whether the channel that a row of a smaller kind lies in is gone.
    pub(super) fn has_channel_of(&self, guild: u64, data: &Value) -> bool {
        let channels = [&data["parent_id"], &data["channel_id"]];
        let mut named = channels.into_iter().filter(|channel| channel.is_string());
        named.any(|channel| self.has(guild, Row::Channel(id(channel))))
    }

    /// The roles of a guild that are gone.
    pub(super) fn roles(&self, guild: u64) -> Vec<u64> {
        let own = self.0.keys().filter(|(own, _)| *own == guild);
        own.filter_map(|(_, row)| match row {
            Row::Role(role) => Some(*role),
            Row::Member(_) | Row::Channel(_) | Row::Small(..) => None,
        })
        .collect()
    }
}

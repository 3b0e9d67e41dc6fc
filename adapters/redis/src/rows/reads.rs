//! What has to be at hand for a step.

use std::collections::{BTreeMap, BTreeSet};

use headcount_core::cache::{Key, Kind, Kinds, Mutation, Op, Rows, Scope};
use headcount_core::id::UserId;

use crate::rows::error::RowsError;
use crate::rows::held::each_place;
use crate::rows::keys::PLACES;

/// The rows that a step may touch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reads {
    pub(crate) members: BTreeSet<UserId>,
    /// Rows of other kinds, by the names of their fields.
    pub(crate) places: BTreeMap<Kind, BTreeSet<String>>,
    /// Kinds of which all rows may be touched; members never are.
    pub(crate) whole: Kinds,
}

const THREADS: Kinds = Kinds::THREADS.union(Kinds::THREAD_MEMBERS);

impl Reads {
    /// These members, and nothing else.
    pub(crate) const fn members(members: BTreeSet<UserId>) -> Self {
        Self {
            members,
            places: BTreeMap::new(),
            whole: Kinds::empty(),
        }
    }

    pub(crate) fn of(mutation: &Mutation<'_>) -> Result<Self, RowsError> {
        let mut reads = Self::members(BTreeSet::new());
        for op in mutation.ops() {
            reads.add(op)?;
        }
        for kind in reads.whole.each() {
            reads.places.remove(&kind);
        }
        Ok(reads)
    }

    /// Whether nothing but members may be touched.
    pub(crate) fn is_about_members(&self) -> bool {
        self.whole.is_empty() && self.places.is_empty() && !self.members.is_empty()
    }

    fn add(&mut self, op: &Op<'_>) -> Result<(), RowsError> {
        match op {
            Op::Upsert(rows) | Op::Patch(rows) => self.add_rows(rows)?,
            Op::Replace(Rows::Threads(_) | Rows::ThreadMembers(_)) => self.whole |= THREADS,
            Op::Replace(rows) => self.whole |= rows.kind().only(),
            Op::Remove(key) => self.add_key(key),
            Op::Cascade(Scope::Channel(_)) => self.whole |= Kinds::HANGING_ON_CHANNELS,
            Op::StripRole(_) => self.whole |= Kinds::EMOJIS,
            Op::CountMember { unless_cached, .. } => self.members.extend(*unless_cached),
            Op::SyncThreads(..) | Op::LeavePrivateThread(_) => self.whole |= THREADS,
            Op::LastMessage(channel, _) => {
                self.add_place(Kind::Channel, channel.to_string());
                self.add_place(Kind::Thread, channel.to_string());
            }
            Op::LastThread { parent, .. } => {
                self.add_place(Kind::Channel, parent.to_string());
                self.add_place(Kind::Thread, parent.to_string());
            }
            Op::CountMessages { thread, .. } => {
                self.add_place(Kind::Thread, thread.to_string());
            }
            Op::CountInterested { event, .. } => {
                self.add_place(Kind::ScheduledEvent, event.to_string());
            }
            Op::NewSession(_) => self.whole |= Kinds::INTEGRATIONS | Kinds::RULES,
            // The others are about the guild as a whole, or about kinds that are not kept here.
            _ => {}
        }
        self.whole = self.whole.intersection(places());
        Ok(())
    }

    fn add_place(&mut self, kind: Kind, field: String) {
        self.places.entry(kind).or_default().insert(field);
    }

    fn add_rows(&mut self, rows: &Rows<'_>) -> Result<(), RowsError> {
        match rows {
            Rows::Members(batch) => self.members.extend(batch.users()),
            Rows::Users(users) => self.members.extend(users.iter().map(|user| user.id)),
            Rows::Threads(_) | Rows::ThreadMembers(_) => self.whole |= THREADS,
            rows if places().contains(rows.kind().only()) => {
                let fields = each_place(rows)?;
                let fields = fields.into_iter().map(|(field, _)| field);
                self.places.entry(rows.kind()).or_default().extend(fields);
            }
            rows => return Err(RowsError::Unsupported(rows.kind())),
        }
        Ok(())
    }

    fn add_key(&mut self, key: &Key<'_>) {
        match key {
            Key::Member(user) => self.members.extend([*user]),
            Key::Channel(_) => self.whole |= Kinds::HANGING_ON_CHANNELS,
            Key::Thread(_) | Key::ThreadMembers(..) | Key::ThreadMembersOf(_) => {
                self.whole |= THREADS;
            }
            Key::Role(role) => self.add_place(Kind::Role, role.to_string()),
            Key::VoiceState(user) => self.add_place(Kind::VoiceState, user.to_string()),
            key => self.whole |= key.kind().only(),
        }
    }
}

/// The kinds of which there are rows beside members.
pub(crate) fn places() -> Kinds {
    PLACES.iter().map(|(kind, _)| kind.only()).collect()
}

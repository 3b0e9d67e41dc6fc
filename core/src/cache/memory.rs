//! The cache in memory.
//!
//! Ids are integers, names are packed, and hashes of pictures take 16 bytes. Roles of members are
//! interned: each guild numbers them, and a member has a byte for each. A user is kept once,
//! however many guilds show them, by a reference count: the last guild, message or private channel
//! that goes takes the user along. Evicting a row by policy has the same effect as a removal by the
//! gateway, but emits no event. A row is found in constant time; a guild goes in time proportional
//! to what it holds, a large one some rows at a time: it is out of sight at once, and its rows are
//! freed as mutations come. No order depends on hashes.

mod apply;
mod counters;
mod displace;
mod displaced;
pub mod export;
mod guild;
mod indexes;
mod leaving;
mod limits;
mod messages;
pub(in crate::cache) mod people;
mod pieces;
mod private_channels;
mod progress;
mod read;
pub(crate) mod restored;
mod sessions;
mod shared;
pub mod snapshot;
mod table;
mod usage;

use alloc::boxed::Box;
use alloc::collections::BTreeSet;

use crate::cache::Kinds;
use crate::id::GuildId;
use crate::wire::view::{Application, User};
use guild::rows::GuildRows;
use leaving::Leaving;
use limits::RowLimits;
use private_channels::PrivateChannels;
use progress::Progress;
use sessions::Sessions;
use shared::SharedRows;
use table::Table;
pub(super) use table::hash::Mixer;
pub(super) use table::index::Index;
pub(super) use table::segmented_vec::SegmentedVec;
use usage::{EntityUsage, Usage};

pub use apply::Applied;
pub use displaced::{Displaced, OldMember, OldPresence, OldUser};
pub use export::{Exported, StoreState};
pub use guild::state::GuildState;
pub use guild::webhooks::Webhooks;
pub use indexes::Indexes;
pub use messages::message_ref::MessageRef;
pub use people::member::MemberRef;
pub use people::presence::PresenceRef;
pub use people::refcount::Guilds;
pub use people::role_interner::MemberRoles;
pub use people::user::UserRef;
pub use read::member_walk::MemberWalk;
pub use read::permitted::PermissionsUnknown;
pub use read::{Completeness, Counts, GuildRef, PresencesCompleteness};
pub use restored::RestoredRows;

/// A store in memory, which keeps the rows that its policies say.
#[derive(Debug)]
pub struct MemoryStore {
    mixer: Mixer,
    guilds: Table<Box<GuildRows>>,
    leaving: Leaving,
    /// Guilds that a session named and of which nothing has come. They have no rows: a session may
    /// name very many.
    pending: BTreeSet<GuildId>,
    shared: SharedRows,
    private_channels: PrivateChannels,
    current_user: Option<Box<User<'static>>>,
    application: Option<Application>,
    sessions: Sessions,
    progress: Progress,
    /// The kinds that were kept where the rows come from that are imported, if that was said.
    kept_before: Option<Kinds>,
    /// Kinds that other stores keep.
    elsewhere: Kinds,
    indexes: Indexes,
    usage: Usage,
    entity_usage: EntityUsage,
    /// `None` if every row stays.
    limits: Option<Box<RowLimits>>,
}

impl MemoryStore {
    /// An empty store that keeps every row it is given; of messages, the newest 100 of each
    /// channel. The seed decides where rows lie, and nothing that can be observed; take a
    /// random one, so that a peer cannot guess it.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mixer = Mixer::new(seed);
        Self {
            mixer,
            guilds: Table::new(mixer),
            leaving: Leaving::new(),
            pending: BTreeSet::new(),
            shared: SharedRows::new(mixer),
            private_channels: PrivateChannels::new(mixer),
            current_user: None,
            application: None,
            sessions: Sessions::default(),
            progress: Progress::default(),
            kept_before: None,
            elsewhere: Kinds::empty(),
            indexes: Indexes::empty(),
            usage: Usage::default(),
            entity_usage: EntityUsage::default(),
            limits: None,
        }
    }
}

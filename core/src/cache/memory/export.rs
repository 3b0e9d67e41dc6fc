//! What a store holds, written out piece by piece in a form that does not depend on how rows lie.
//!
//! Each [`Exported`] serialises; in JSON, one a line, it is an object with a single key:
//!
//! - `store`: what belongs to no guild. `current_user`, `application`, `pending` (guilds of which
//!   nothing has come), `positions` (the last dispatch of each shard that the rows include),
//!   `sessions` and `kinds`, which are kept.
//! - `guild`: what is known about a guild as a whole. `id`, `status`, `contents`, `lack`,
//!   `presences_lack`, `member_count`, `roles_unread` and `position`, the last dispatch that its
//!   rows include.
//! - `rows`: up to 1,000 rows of one kind. `guild`, which is `null` outside guilds, and `rows`, an
//!   object whose only key is the kind, as in `{"members": [..]}`.
//! - `webhooks`: those of one channel. `guild`, `channel`, `changed`, and `webhooks`, which is
//!   `null` if they were never put in.
//! - `recount`: a guild whose members that follow have been listed since its last request began.
//!
//! Rows have the service's names for their parts, and a part that was never received is left out;
//! one that was empty is `null`. Members, whose user is in `user`, and presences are objects too.
//! Ids are strings of decimal digits, permissions are whole numbers, times are whole microseconds
//! since 1970 in UTC, durations are in the service's unit, and hashes of pictures are its text.
//!
//! What was sent and could not be read is said where others decide by it: a value is
//! `{"unreadable": true}`, the last id of a member's roles is `18446744073709551615`, and
//! `permission_overwrites` is `{"rows": [..], "unread": 0}` with the number of those left out.
//!
//! A guild comes before what lies in it. What outlives no process is not written: requests that
//! are under way, and how recently a row was used.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::iter;

use serde::{Deserialize, Serialize};

use crate::cache::memory::MemoryStore;
use crate::cache::memory::guild::rows::GuildRows;
use crate::cache::memory::guild::state::GuildState;
use crate::cache::memory::messages::message_ref::MessageRef;
use crate::cache::memory::people::user::Users;
use crate::cache::memory::pieces::{ROWS, in_pieces};
use crate::cache::memory::sessions::Sessions;
use crate::cache::memory::shared::SharedRows;
use crate::cache::{Kind, Kinds, Mutation, Op, Policies, Rows};
use crate::id::{ChannelId, GuildId, UserId};
use crate::positions::Position;
use crate::shard_id::ShardId;
use crate::wire::Field;
use crate::wire::view::{Application, Batch, Channel, Member, Message, Presence, User, Webhook};

/// A piece of what a store holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Exported<'i> {
    /// What belongs to no guild.
    Store(Box<StoreState>),
    /// A guild as a whole.
    Guild(GuildState),
    /// Rows of one kind.
    Rows {
        /// The guild in which they lie; `None` outside guilds.
        guild: Option<GuildId>,
        /// The rows.
        rows: Rows<'i>,
    },
    /// The webhooks of a channel.
    Webhooks {
        /// The guild.
        guild: GuildId,
        /// The channel.
        channel: ChannelId,
        /// Whether they have changed since the application put them in.
        changed: bool,
        /// As the application put them in; `None` if it never did.
        webhooks: Option<Vec<Webhook<'i>>>,
    },
    /// The members of this guild that follow have been listed since its last request began.
    Recount(GuildId),
}

/// What a store knows that belongs to no guild.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoreState {
    current_user: Option<User<'static>>,
    application: Option<Application>,
    pending: Vec<GuildId>,
    positions: Vec<Position>,
    sessions: Sessions,
    kinds: Vec<Kind>,
}

impl StoreState {
    /// The last dispatch of each shard that the rows include.
    #[must_use]
    pub fn positions(&self) -> &[Position] {
        &self.positions
    }
}

impl MemoryStore {
    /// All that the store holds, piece by piece, for [`import`](Self::import) or for readers in
    /// other languages.
    ///
    /// Reading a row here is no use of it. Pieces copy what they hold, at most 1,000 rows each.
    ///
    /// ```
    /// # use headcount_core::cache::MemoryStore;
    /// # let (store, mut other) = (MemoryStore::new(1), MemoryStore::new(2));
    /// let lines = store.export().map(|piece| serde_json::to_string(&piece));
    /// for line in lines.collect::<Result<Vec<_>, _>>()? {
    ///     other.import(serde_json::from_str(&line)?);
    /// }
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn export(&self) -> impl Iterator<Item = Exported<'static>> {
        let guilds = self.guilds.iter();
        let guilds = guilds.flat_map(|guild_rows| self.export_guild(guild_rows));
        self.export_outside().chain(guilds)
    }

    /// What lies in no guild.
    pub(super) fn export_outside(&self) -> impl Iterator<Item = Exported<'static>> {
        let private = self.private_channels.messages(&self.shared.users);
        let outside = self.export_private_channels();
        let outside = outside.chain(export_messages(private));
        let outside = outside.map(|rows| Exported::Rows { guild: None, rows });
        iter::once_with(|| Exported::Store(Box::new(self.state()))).chain(outside)
    }

    /// What belongs to none of a shard's guilds, as far as it is the shard's.
    pub(super) fn export_shard(&self, shard: ShardId) -> Exported<'static> {
        let mut state = self.state();
        state.pending.retain(|guild| shard.serves(*guild));
        state.positions.retain(|at| at.shard == shard);
        Exported::Store(Box::new(state))
    }

    pub(super) fn export_guild(
        &self,
        guild_rows: &GuildRows,
    ) -> impl Iterator<Item = Exported<'static>> {
        let people = guild_rows.export_people(&self.shared.users);
        self.export_places(guild_rows).chain(people)
    }

    /// A guild without its members and presences.
    pub(super) fn export_places(
        &self,
        guild_rows: &GuildRows,
    ) -> impl Iterator<Item = Exported<'static>> {
        guild_rows.export(&self.shared, self.position(guild_rows.id))
    }

    /// The last dispatch that a guild's rows include.
    pub(super) fn position(&self, guild: GuildId) -> Option<Position> {
        self.progress.of_guild(guild, self.sessions.total())
    }

    /// Puts a piece back that [`export`] wrote, in the order in which it did. The store is a new
    /// one, with the policies and indexes that it shall have.
    ///
    /// The policies of this store are enforced at once, and what it keeps no kind for is passed
    /// over. Rows of a guild that was not imported before are passed over as well. An author whom
    /// only a policy had taken away comes back with the messages, with nothing but the id.
    ///
    /// [`export`]: Self::export
    pub fn import(&mut self, piece: Exported<'_>) {
        let limits = self.limits.as_ref();
        let judged = limits.map_or(Kinds::empty(), |limits| limits.judged);
        self.import_for(self.kept(), judged, piece);
    }

    /// The same for a store that keeps rows of these kinds, and judges some of them.
    pub(super) fn import_for(&mut self, kept: Kinds, judged: Kinds, piece: Exported<'_>) {
        match piece {
            Exported::Store(state) => self.import_state(*state),
            Exported::Guild(state) => self.import_guild(&state, kept, judged),
            Exported::Recount(guild) => {
                self.within(guild, |guild_rows, _| guild_rows.members.begin_generation());
            }
            Exported::Rows { guild, rows } => {
                let kind = rows.kind();
                if kind == Kind::User || kept.contains(kind.only()) {
                    self.import_rows(guild, rows);
                }
            }
            Exported::Webhooks {
                guild,
                channel,
                changed,
                webhooks,
            } if kept.contains(Kinds::WEBHOOK_MARKS) => {
                let put = webhooks.map(|rows| Op::PutWebhooks(channel, rows));
                let mark = changed.then(|| Op::Upsert(Rows::WebhookMarks([channel].into())));
                for op in put.into_iter().chain(mark) {
                    self.apply(Mutation::new(Some(guild)).with(op));
                }
            }
            Exported::Webhooks { .. } => {}
        }
    }

    fn state(&self) -> StoreState {
        StoreState {
            current_user: self.current_user.as_deref().cloned(),
            application: self.application,
            pending: self.pending.iter().copied().collect(),
            positions: self.progress.positions().collect(),
            sessions: self.sessions.clone(),
            kinds: self.kept().each().collect(),
        }
    }

    fn import_state(&mut self, state: StoreState) {
        if let Some(user) = state.current_user {
            let op = Op::Upsert(Rows::CurrentUser(Box::new(user)));
            self.apply(Mutation::new(None).with(op));
        }
        self.kept_before = Some(state.kinds.into_iter().map(Kind::only).collect());
        self.application = state.application;
        self.sessions = state.sessions;
        self.progress.set_positions(state.positions);
        let pending = state.pending.into_iter();
        self.pending = pending
            .filter(|guild| !self.guilds.contains(guild.get()))
            .collect();
    }

    fn import_guild(&mut self, state: &GuildState, kept: Kinds, judged: Kinds) {
        self.ensure(state.id);
        let new = self.new_kinds(kept);
        self.within(state.id, |guild_rows, _| {
            guild_rows.set_state(state);
            guild_rows.admit_lacks(new, judged);
        });
        self.progress.set_guild(state.id, state.position());
    }

    /// Of these kinds, and of those that other stores keep, what they cannot have of the guilds
    /// that are imported.
    fn new_kinds(&self, kept: Kinds) -> Kinds {
        self.kept_before.map_or(Kinds::empty(), |before| {
            kept.difference(before) | self.elsewhere.intersection(before)
        })
    }

    /// The same store where others keep these kinds: it is given no rows of them, nor takes them
    /// out of what is imported or read, and does not write that it has them.
    #[must_use]
    pub const fn kept_elsewhere(mut self, kinds: Kinds) -> Self {
        self.elsewhere = kinds;
        self
    }

    /// The kinds of which rows are kept.
    pub(super) fn kept(&self) -> Kinds {
        let kinds = self.policies().map_or(Kinds::all(), Policies::kinds);
        kinds.difference(self.elsewhere)
    }

    /// Rows come as others do, but say nothing of how many members there are.
    fn import_rows(&mut self, guild: Option<GuildId>, rows: Rows<'_>) {
        if let Rows::Guild(row) = &rows
            && guild != Some(row.id)
        {
            return;
        }
        let counted = guild.and_then(|guild| self.guild_rows(guild)?.member_count);
        let op = if matches!(rows, Rows::Users(_)) {
            Op::Patch(rows)
        } else {
            Op::Upsert(rows)
        };
        self.apply(Mutation::new(guild).with(op));
        if let Some(guild) = guild {
            self.within(guild, |guild_rows, _| guild_rows.member_count = counted);
        }
    }

    /// Channels outside guilds, with all that is known of who is in them.
    fn export_private_channels(&self) -> impl Iterator<Item = Rows<'static>> {
        let users = &self.shared.users;
        let whole = |channel: &Channel<'static>| {
            let mut channel = channel.clone();
            if let Field::Value(recipients) = &mut channel.recipients {
                for user in recipients {
                    if let Some(known) = users.get(user.id) {
                        *user = known.to_row();
                    }
                }
            }
            channel
        };
        in_pieces(self.private_channels().map(whole)).map(Rows::PrivateChannels)
    }
}

impl GuildRows {
    /// Memberships come before those on whom new ones would depend.
    fn export(
        &self,
        shared: &SharedRows,
        position: Option<Position>,
    ) -> impl Iterator<Item = Exported<'static>> {
        let guild = self.id;
        let messages = &shared.messages;
        let messages = messages.in_channels(&self.entities.rings, &shared.users);
        let own = self.guild.as_deref().cloned();
        let own = own.map(|own| Rows::Guild(Box::new(own)));
        let memberships = self.entities.thread_members.iter();
        let memberships = memberships.flat_map(|thread| thread.members.iter().copied());
        let rows = own
            .into_iter()
            .chain(in_pieces(self.channels.iter().cloned()).map(Rows::Channels))
            .chain(in_pieces(memberships).map(Rows::ThreadMembers))
            .chain(in_pieces(self.entities.threads.iter().cloned()).map(Rows::Threads))
            .chain(in_pieces(self.roles.iter().cloned()).map(Rows::Roles))
            .chain(in_pieces(self.entities.invites.values().cloned()).map(Rows::Invites))
            .chain(self.entities.plain.export())
            .chain(export_messages(messages));
        let rows = rows.map(move |rows| Exported::Rows {
            guild: Some(guild),
            rows,
        });
        let webhooks = self.entities.hooks.iter().map(move |hooks| {
            let (changed, webhooks) = hooks.parts();
            Exported::Webhooks {
                guild,
                channel: hooks.channel(),
                changed,
                webhooks: webhooks.map(<[_]>::to_vec),
            }
        });
        iter::once_with(move || Exported::Guild(self.state(position)))
            .chain(rows)
            .chain(webhooks)
    }

    /// Members come last, since what the others say of their users may be older; presences come
    /// before those on whom new ones would depend.
    fn export_people(&self, users: &Users) -> impl Iterator<Item = Exported<'static>> {
        let guild = Some(self.id);
        let presences = self.export_presences();
        let presences = presences.map(move |rows| Exported::Rows { guild, rows });
        let older = self.export_members(users, false);
        let mark = self.members.has_older();
        let mark = mark.then_some(Exported::Recount(self.id));
        presences
            .chain(older)
            .chain(mark)
            .chain(self.export_members(users, true))
    }

    /// The members of this generation, or those of older ones.
    fn export_members(
        &self,
        users: &Users,
        newest: bool,
    ) -> impl Iterator<Item = Exported<'static>> {
        let guild = self.id;
        let mut members = self.members.of_generation(newest);
        iter::from_fn(move || {
            let mut batch: Batch<Member<'static>> = Batch::default();
            for (user, roles, membership) in members.by_ref().take(ROWS) {
                batch.add_packed(user, users.packed(user), roles, membership);
            }
            (!batch.is_empty()).then_some(Exported::Rows {
                guild: Some(guild),
                rows: Rows::Members(batch),
            })
        })
    }

    fn export_presences(&self) -> impl Iterator<Item = Rows<'static>> {
        let mut presences = self.presences.iter();
        iter::from_fn(move || {
            let mut batch: Batch<Presence<'static>> = Batch::default();
            for (key, presence) in presences.by_ref().take(ROWS) {
                if let Some(user) = UserId::new(key) {
                    batch.add_packed(user, presence);
                }
            }
            (!batch.is_empty()).then_some(Rows::Presences(batch))
        })
    }
}

/// Messages, with their authors as they are known now.
fn export_messages<'a>(
    mut messages: impl Iterator<Item = MessageRef<'a>>,
) -> impl Iterator<Item = Rows<'static>> {
    iter::from_fn(move || {
        let mut batch: Batch<Message<'static>> = Batch::default();
        let piece = messages.by_ref().take(ROWS);
        piece.for_each(|message| batch.add_packed(message.record()));
        (!batch.is_empty()).then_some(Rows::Messages(batch))
    })
}

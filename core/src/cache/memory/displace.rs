//! Finding what a mutation is about to displace.

use alloc::vec::Vec;

use crate::cache::memory::guild::entities::Entities;
use crate::cache::memory::table::lazy_table::{LazyTable, MergeRow};
use crate::cache::memory::{Applied, Displaced, MemoryStore, OldMember, OldPresence, OldUser};
use crate::cache::{GuildStatus, Key, Mutation, Op, Rows, Scope};
use crate::id::{ChannelId, GuildId, MessageId, UserId};

impl MemoryStore {
    /// Applies all of a mutation, as [`MemoryStore::apply`] does, and returns what it displaced.
    pub fn replace(&mut self, mutation: Mutation<'_>) -> (Applied, Displaced) {
        let mut displaced = Displaced::default();
        let whole = |op: &Op<'_>| {
            matches!(
                op,
                Op::SetStatus(GuildStatus::Available) | Op::NewSession(_)
            )
        };
        if !mutation.ops().any(whole) {
            for op in mutation.ops() {
                self.look_before(mutation.guild(), op, &mut displaced);
            }
        }
        let applied = self.apply(mutation);
        if applied.replayed {
            displaced = Displaced::default();
        }
        let now = |old: &OldUser| self.user(old.id).map(OldUser::of);
        if displaced
            .user
            .as_ref()
            .is_some_and(|old| now(old).as_ref() == Some(&**old))
        {
            displaced.user = None;
        }
        (applied, displaced)
    }

    #[allow(
        clippy::wildcard_enum_match_arm,
        reason = "the other steps displace no row"
    )]
    fn look_before(&self, guild: Option<GuildId>, op: &Op<'_>, to: &mut Displaced) {
        match op {
            Op::Upsert(rows) | Op::Patch(rows) => self.old_rows(guild, rows, to),
            Op::Replace(rows) => self.old_set(guild, rows, to),
            Op::Remove(key) => self.old_row(guild, key, to),
            Op::Cascade(Scope::Guild) => self.old_guild(guild, to),
            Op::Cascade(Scope::Channel(id)) => self.old_channel(*id, to),
            Op::SyncThreads(parents, _) => {
                let under = |parent: Option<ChannelId>| {
                    parent.is_some_and(|parent| parents.contains(&parent))
                };
                let threads = guild.into_iter().flat_map(|guild| self.threads(guild));
                to.threads
                    .extend(threads.filter(|row| under(row.parent)).cloned());
            }
            _ => {}
        }
    }

    fn entities(&self, guild: Option<GuildId>) -> Option<&Entities> {
        self.guild_rows(guild?)
            .map(|guild_rows| &guild_rows.entities)
    }

    /// The old values of rows that are added to or overwritten.
    #[allow(clippy::wildcard_enum_match_arm, reason = "the others are entities")]
    fn old_rows(&self, guild: Option<GuildId>, rows: &Rows<'_>, to: &mut Displaced) {
        match rows {
            Rows::CurrentUser(_) => {
                to.current_user = self.current_user().map(|user| user.clone().into());
            }
            Rows::Guild(_) => self.old_guild(guild, to),
            Rows::Channels(rows) => {
                if let [row] = &**rows {
                    self.old_channel(row.id, to);
                }
            }
            Rows::Roles(rows) => {
                if let ([row], Some(guild)) = (&**rows, guild) {
                    to.role = self.role(guild, row.id).map(|role| role.clone().into());
                }
            }
            Rows::Members(rows) => {
                if let Some(user) = only(rows.users()) {
                    self.old_member(guild, user, to);
                    self.old_user(user, to);
                }
            }
            Rows::Users(rows) => {
                if let [row] = &**rows {
                    self.old_user(row.id, to);
                }
            }
            Rows::Presences(rows) => {
                if let Some(user) = only(rows.iter().map(|row| row.user.id)) {
                    self.old_presence(guild, user, to);
                }
            }
            Rows::Messages(rows) => {
                for row in rows.records() {
                    let channel = row.channel.into_iter();
                    channel.for_each(|channel| self.old_messages(guild, channel, &[row.id], to));
                }
            }
            rows => {
                let entities = self.entities(guild);
                entities
                    .into_iter()
                    .for_each(|entities| old_entities(entities, rows, to));
            }
        }
    }

    /// The old values of a list that is replaced.
    #[allow(
        clippy::wildcard_enum_match_arm,
        reason = "other lists are replaced when a guild comes, or come row by row"
    )]
    fn old_set(&self, guild: Option<GuildId>, rows: &Rows<'_>, to: &mut Displaced) {
        let Some(entities) = self.entities(guild) else {
            return;
        };
        match rows {
            Rows::Threads(_) => to.threads.extend(entities.threads.iter().cloned()),
            Rows::VoiceState(_) => {
                let states = entities.plain.voice_states.iter();
                to.voice_states.extend(states.cloned());
            }
            rows => entities.plain.displace_all(rows, to),
        }
    }

    /// The old value of a row that goes.
    #[allow(clippy::wildcard_enum_match_arm, reason = "the others are entities")]
    fn old_row(&self, guild: Option<GuildId>, key: &Key<'_>, to: &mut Displaced) {
        match key {
            Key::Channel(id) => self.old_channel(*id, to),
            Key::Role(id) => {
                let role = guild.and_then(|guild| self.role(guild, *id));
                to.role = role.map(|role| role.clone().into());
            }
            Key::Member(user) => self.old_member(guild, *user, to),
            Key::Presence(user) => self.old_presence(guild, *user, to),
            Key::Messages(channel, ids) => self.old_messages(guild, *channel, ids, to),
            key => {
                let entities = self.entities(guild);
                entities
                    .into_iter()
                    .for_each(|entities| old_entity(entities, key, to));
            }
        }
    }

    fn old_guild(&self, guild: Option<GuildId>, to: &mut Displaced) {
        let guild = guild.and_then(|guild| self.guild(guild));
        to.guild = guild.map(|guild| guild.data().clone().into());
    }

    fn old_channel(&self, id: ChannelId, to: &mut Displaced) {
        let channel = self.channel(id).or_else(|| self.private_channel(id));
        if let Some(channel) = channel {
            to.channel = Some(channel.clone().into());
        }
    }

    fn old_member(&self, guild: Option<GuildId>, user: UserId, to: &mut Displaced) {
        let member = guild.and_then(|guild| self.member(guild, user));
        to.member = member.map(|member| OldMember::of(member).into());
    }

    fn old_user(&self, user: UserId, to: &mut Displaced) {
        to.user = self.user(user).map(|user| OldUser::of(user).into());
    }

    fn old_presence(&self, guild: Option<GuildId>, user: UserId, to: &mut Displaced) {
        let presence = guild.and_then(|guild| self.presence(guild, user));
        to.presence = presence.map(|presence| OldPresence::of(presence).into());
    }

    fn old_messages(
        &self,
        guild: Option<GuildId>,
        channel: ChannelId,
        ids: &[MessageId],
        to: &mut Displaced,
    ) {
        let old = ids.iter().filter_map(|&id| match guild {
            Some(guild) => self.message(guild, channel, id),
            None => self.private_message(channel, id),
        });
        let old = old.map(|message| message.row().into_owned());
        to.messages.extend(old);
    }
}

#[allow(
    clippy::wildcard_enum_match_arm,
    reason = "the others are found elsewhere, or displace nothing"
)]
fn old_entities(from: &Entities, rows: &Rows<'_>, to: &mut Displaced) {
    match rows {
        Rows::Threads(rows) => {
            let ids = rows.iter().map(|row| row.id.get());
            old(&from.threads, ids, &mut to.threads);
        }
        Rows::VoiceState(rows) => {
            let states = &from.plain.voice_states;
            old(states, rows.users().map(UserId::get), &mut to.voice_states);
        }
        rows => from.plain.displace_rows(rows, to),
    }
}

#[allow(
    clippy::wildcard_enum_match_arm,
    reason = "the others are found elsewhere, or displace nothing"
)]
fn old_entity(from: &Entities, key: &Key<'_>, to: &mut Displaced) {
    match key {
        Key::Thread(id) => old(&from.threads, [id.get()], &mut to.threads),
        Key::Invite(code) => {
            let code = code.clone().into_owned();
            to.invites.extend(from.invites.get(&code).cloned());
        }
        key => from.plain.displace_key(key, to),
    }
}

/// Copies those rows that are there.
fn old<R: MergeRow + Clone>(
    from: &LazyTable<R>,
    keys: impl IntoIterator<Item = u64>,
    to: &mut Vec<R>,
) {
    let rows = keys.into_iter().filter_map(|key| from.get(key));
    to.extend(rows.cloned());
}

/// The only one, if it is one.
fn only<T>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let one = all.next()?;
    all.next().is_none().then_some(one)
}

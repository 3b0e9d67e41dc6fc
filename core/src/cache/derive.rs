//! From a decoded dispatch to what it changes.

mod content;
mod entity;
mod plain;

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use super::{GuildStatus, Key, Kinds, Mutation, NewSession, Op, Rows, Scope};
use crate::ShardId;
use crate::id::UserId;
use crate::wire::view::{
    Batch, Channel, ChannelPins, Content, EmbeddedMember, GuildCreate, GuildDelete, GuildSync,
    GuildUpdate, Member, MemberEvent, MemberRemove, MembersChunk, PresenceUpdate, Ready,
    RoleDelete, RoleEvent, Thread, View,
};
use crate::wire::{Listing, Malformed, Misreads, Name};

/// Turns the dispatches of one shard into mutations.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub struct Deriver {
    shard: ShardId,
    kinds: Kinds,
    sweep_after_chunk: bool,
    hears_of_members: bool,
    me: Option<UserId>,
}

impl Deriver {
    /// For the dispatches of `shard`, decoded for `kinds`.
    #[must_use]
    pub const fn new(shard: ShardId, kinds: Kinds) -> Self {
        Self {
            shard,
            kinds,
            sweep_after_chunk: false,
            hears_of_members: true,
            me: None,
        }
    }

    /// Keeps the members of a guild that comes again, as stale ones, until all have been received
    /// ([`Op::Complete`]); by default those that the guild does not list go at once.
    ///
    /// Only for those who ask for all members of every guild: nothing else drops the stale ones.
    #[must_use]
    pub const fn sweep_after_chunk(mut self, sweep: bool) -> Self {
        self.sweep_after_chunk = sweep;
        self
    }

    /// Whether the gateway reports who comes and goes, which needs the members intent; by default
    /// yes. Otherwise no guild is marked complete: it would not stay so.
    #[must_use]
    pub const fn hears_of_members(mut self, hears: bool) -> Self {
        self.hears_of_members = hears;
        self
    }

    /// The bot's user, known since the first `READY`.
    #[must_use]
    pub const fn me(&self) -> Option<UserId> {
        self.me
    }

    /// Says who the bot is, if no `READY` will be seen.
    pub const fn set_me(&mut self, me: UserId) {
        self.me = Some(me);
    }

    /// Decodes a dispatch as far as the cache, setup and member requests need it; `None` if they
    /// need nothing of it.
    ///
    /// What typing and interactions say of members is of use only where the gateway does not
    /// report members anyway.
    ///
    /// # Errors
    /// As [`View::parse`].
    pub fn decode<'i>(&self, name: Name, data: &'i str) -> Result<Option<View<'i>>, Malformed> {
        self.decode_noting(name, data).0
    }

    /// The same, and what was not understood.
    pub(crate) fn decode_noting<'i>(
        &self,
        name: Name,
        data: &'i str,
    ) -> (Result<Option<View<'i>>, Malformed>, Misreads) {
        match View::parse_noting(name, data, self.kinds) {
            (Ok(None), mut misreads) => {
                let (view, more) = self.glance(name, data);
                misreads.append(more);
                (view, misreads)
            }
            read => read,
        }
    }

    /// Decodes what a dispatch without a view of its own says of a member in passing.
    pub(crate) fn glance<'i>(
        &self,
        name: Name,
        data: &'i str,
    ) -> (Result<Option<View<'i>>, Malformed>, Misreads) {
        match self.glances_at(name) {
            true => View::in_passing(name, data),
            false => (Ok(None), Misreads::default()),
        }
    }

    /// Whether the cache learns from a dispatch of this name that is about something else.
    pub(crate) const fn glances_at(&self, name: Name) -> bool {
        self.learns_in_passing() && matches!(name, Name::TypingStart | Name::InteractionCreate)
    }

    /// What is not understood of a member that a dispatch carries, if that is of use.
    #[inline]
    pub(crate) fn misread_in_passing(&self, view: &View<'_>) -> Misreads {
        if !self.learns_in_passing() {
            return Misreads::default();
        }
        match view.embedded().filter(|one| one.guild.is_some()) {
            Some(one) => Batch::<Member<'_>>::embedded(one.member, one.user)
                .1
                .under("member"),
            None => Misreads::default(),
        }
    }

    const fn learns_in_passing(&self) -> bool {
        self.kinds.contains(Kinds::MEMBERS) && !self.hears_of_members
    }

    const fn learns_from(&self, member: &EmbeddedMember<'_>) -> bool {
        member.guild.is_some() && self.learns_in_passing()
    }

    /// What another payload says of a member that is cached: never a new one.
    fn in_passing<'i>(&self, member: Option<EmbeddedMember<'i>>, to: &mut Mutation<'i>) {
        if let Some(member) = member.filter(|one| self.learns_from(one))
            && let (Some(members), _) = Batch::<Member<'_>>::embedded(member.member, member.user)
        {
            to.push(Op::Patch(Rows::Members(members)));
        }
    }

    /// Derives rows of these kinds from now on.
    pub const fn set_kinds(&mut self, kinds: Kinds) {
        self.kinds = kinds;
    }

    /// What `view` changes; may be nothing.
    #[must_use]
    pub fn derive<'i>(&mut self, view: View<'i>) -> Mutation<'i> {
        let mut to = Mutation::new(view.guild());
        self.add(view, &mut to);
        to
    }

    /// Adds what `view` changes.
    fn add<'i>(&mut self, view: View<'i>, to: &mut Mutation<'i>) {
        match view {
            View::Ready(ready) => self.ready(*ready, to),
            View::UserUpdate(user) => to.push(Op::Upsert(Rows::CurrentUser(user))),
            View::GuildCreate(create) => self.guild_create(*create, to),
            View::GuildUpdate(update) => self.guild_update(*update, to),
            View::GuildDelete(delete) => guild_delete(delete, to),
            View::GuildSync(sync) => guild_sync(*sync, to),
            View::MembersChunk(chunk) => members_chunk(*chunk, to),
            View::RateLimited(_) => {}
            View::MemberAdd(event) => self.member_add(event, to),
            View::MemberUpdate(event) if event.members.have_joined() => {
                to.push(Op::Upsert(Rows::Members(event.members)));
            }
            // A guest of a stage, or perhaps one: no reason to add a member.
            View::MemberUpdate(event) => to.push(Op::Patch(Rows::Members(event.members))),
            View::MemberRemove(event) => self.member_remove(event, to),
            View::PresenceUpdate(event) => self.presence_update(event, to),
            View::ChannelCreate(channel) | View::ChannelUpdate(channel) => {
                self.channel_upsert(*channel, to);
            }
            View::ChannelDelete(channel) => self.channel_delete(&channel, to),
            View::ChannelPins(pins) => self.channel_pins(&pins, to),
            View::RoleCreate(event) | View::RoleUpdate(event) => role_upsert(*event, to),
            View::RoleDelete(event) => role_delete(event, to),
            View::Entity(event) => self.entity(event, to),
        }
    }

    /// Adds that all members of the guild have come: the last chunk of a request for all of them,
    /// none missing. Changes nothing if members are not cached.
    #[must_use]
    pub fn complete<'i>(&self, mut last_chunk: Mutation<'i>) -> Mutation<'i> {
        self.add_completion(&mut last_chunk);
        last_chunk
    }

    /// The same in place.
    pub(crate) fn add_completion(&self, last_chunk: &mut Mutation<'_>) {
        if self.kinds.contains(Kinds::MEMBERS) {
            last_chunk.push(Op::Complete);
        }
    }

    fn ready<'i>(&mut self, ready: Ready<'i>, to: &mut Mutation<'i>) {
        if let Some(user) = ready.user {
            self.me = Some(user.id);
            to.push(Op::Upsert(Rows::CurrentUser(Box::new(user))));
        }
        let listed = ready.guilds.as_ref();
        let guilds = listed.iter().flat_map(|list| &list.rows);
        to.push(Op::NewSession(Box::new(NewSession {
            shard: self.shard,
            guilds: guilds.map(|guild| guild.id).collect(),
            is_whole: listed.is_some_and(Listing::is_whole),
        })));
        to.extend(ready.application.map(Op::SetApplication));
    }

    fn guild_create<'i>(&self, create: GuildCreate<'i>, to: &mut Mutation<'i>) {
        if create.unavailable {
            return to.push(Op::SetStatus(GuildStatus::Outage));
        }
        let member_count = create.guild.member_count;
        if self.kinds.contains(Kinds::GUILDS) {
            to.push(Op::Upsert(Rows::Guild(Box::new(create.guild))));
        } else if let Some(count) = member_count {
            to.push(Op::SetMemberCount(count));
        }
        to.push(Op::SetStatus(GuildStatus::Available));
        self.content(create.content, member_count, to);
    }

    fn guild_update<'i>(&self, update: GuildUpdate<'i>, to: &mut Mutation<'i>) {
        if self.kinds.contains(Kinds::GUILDS) {
            to.push(Op::Patch(Rows::Guild(Box::new(update.guild))));
        }
        content::roles_and_plain(update.content, to);
    }

    /// A guest of a stage has not joined.
    fn member_add<'i>(&self, event: MemberEvent<'i>, to: &mut Mutation<'i>) {
        if event.members.are_guests() {
            return;
        }
        let user = event.members.users().next();
        to.push(Op::CountMember {
            by: 1,
            unless_cached: user,
        });
        if self.kinds.contains(Kinds::MEMBERS) {
            to.push(Op::Upsert(Rows::Members(event.members)));
        }
    }

    /// The bot's own removal changes nothing: the guild's follows.
    fn member_remove<'i>(&self, event: MemberRemove, to: &mut Mutation<'i>) {
        if self.me == Some(event.user) {
            return;
        }
        to.push(Op::CountMember {
            by: -1,
            unless_cached: None,
        });
        if self.kinds.contains(Kinds::PRESENCES) {
            to.push(Op::Remove(Key::Presence(event.user)));
        }
        if self.kinds.contains(Kinds::VOICE_STATES) {
            to.push(Op::Remove(Key::VoiceState(event.user)));
        }
        if self.kinds.contains(Kinds::THREAD_MEMBERS) {
            to.push(Op::Remove(Key::ThreadMembersOf(event.user)));
        }
        if self.kinds.contains(Kinds::MEMBERS) {
            to.push(Op::Remove(Key::Member(event.user)));
        }
    }

    fn channel_upsert<'i>(&self, channel: Channel<'i>, to: &mut Mutation<'i>) {
        let rows = match channel.guild.value() {
            Some(_) => Rows::Channels(vec![channel]),
            None => Rows::PrivateChannels(vec![channel]),
        };
        if self.kinds.intersects(rows.kinds()) {
            to.push(Op::Upsert(rows));
        }
    }

    fn channel_delete<'i>(&self, channel: &Channel<'i>, to: &mut Mutation<'i>) {
        let op = match channel.guild.value() {
            Some(_) => Op::Cascade(Scope::Channel(channel.id)),
            None => Op::Remove(Key::PrivateChannel(channel.id)),
        };
        if self.kinds.intersects(op.kinds()) {
            to.push(op);
        }
    }

    fn channel_pins<'i>(&self, pins: &ChannelPins<'i>, to: &mut Mutation<'i>) {
        if pins.last_pin.is_absent() {
            return;
        }
        let mut channel = Channel::bare(pins.channel);
        channel.last_pin = pins.last_pin;
        if pins.guild.value().is_none() {
            return to.push(Op::Patch(Rows::PrivateChannels(vec![channel])));
        }
        to.push(Op::Patch(Rows::Channels(vec![channel])));
        let mut thread = Thread::bare(pins.channel);
        thread.last_pin = pins.last_pin;
        to.push(Op::Patch(Rows::Threads(vec![thread])));
    }

    fn presence_update<'i>(&self, event: PresenceUpdate<'i>, to: &mut Mutation<'i>) {
        if event.guild.is_none() {
            return;
        }
        let presence = event.presences.records().next();
        if let Some(presence) = presence.filter(|presence| !presence.is_bare()) {
            let user = presence.unpack_user().into_owned();
            to.push(Op::Patch(Rows::Users(vec![user])));
        }
        to.push(Op::Upsert(Rows::Presences(event.presences)));
    }
}

/// All rows of a kind in the guild; if some could not be read, no other row goes for that.
fn replace<'i, T>(listing: Listing<T>, rows: impl FnOnce(Vec<T>) -> Rows<'i>) -> Op<'i> {
    match listing.is_whole() {
        true => Op::Replace(rows(listing.rows)),
        false => Op::Upsert(rows(listing.rows)),
    }
}

fn guild_delete<'i>(delete: GuildDelete, to: &mut Mutation<'i>) {
    to.push(if delete.unavailable {
        Op::SetStatus(GuildStatus::Outage)
    } else {
        Op::Cascade(Scope::Guild)
    });
}

fn guild_sync<'i>(sync: GuildSync<'i>, to: &mut Mutation<'i>) {
    let Content {
        members, presences, ..
    } = sync.content;
    to.extend(members.map(|members| Op::Upsert(Rows::Members(members))));
    to.extend(presences.map(|presences| Op::Upsert(Rows::Presences(presences))));
}

fn members_chunk<'i>(chunk: MembersChunk<'i>, to: &mut Mutation<'i>) {
    to.extend(
        chunk
            .members
            .map(|members| Op::Upsert(Rows::Members(members))),
    );
    to.extend(
        chunk
            .presences
            .map(|presences| Op::Upsert(Rows::Presences(presences))),
    );
}

fn role_upsert<'i>(event: RoleEvent<'i>, to: &mut Mutation<'i>) {
    to.push(match event.role {
        Some(role) => Op::Upsert(Rows::Roles(vec![role])),
        None => Op::RolesUnread,
    });
}

fn role_delete<'i>(event: RoleDelete, to: &mut Mutation<'i>) {
    to.push(Op::Remove(Key::Role(event.role)));
    to.push(Op::StripRole(event.role));
}

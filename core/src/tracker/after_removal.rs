//! Which parts of a dispatch trail a removal: they speak of what is gone as if it were there.

use crate::cache::tombstones::{Removed, Tombstones};
use crate::cache::{Mutation, Op, Rows};
use crate::id::{ChannelId, GuildId, RoleId, UserId};
use crate::wire::view::{
    Batch, Content, EntityEvent, Member, MemberEvent, MembersChunk, PlainEvent, Presence,
    ThreadEvent, ThreadListSync, ThreadMembersUpdate, ThreadMembership, View, VoiceStateUpdate,
};
use crate::wire::{Field, Text};

/// Whether a dispatch takes a row away by name.
#[inline]
const fn removes(view: &View<'_>) -> bool {
    match view {
        View::MemberRemove(_) | View::ChannelDelete(_) | View::RoleDelete(_) => true,
        View::Entity(EntityEvent::Plain(event)) => event.deletes(),
        View::Entity(event) => matches!(
            event,
            EntityEvent::ThreadDelete(_) | EntityEvent::ThreadMembers(_)
        ),
        View::Ready(_)
        | View::UserUpdate(_)
        | View::GuildCreate(_)
        | View::GuildUpdate(_)
        | View::GuildDelete(_)
        | View::GuildSync(_)
        | View::MembersChunk(_)
        | View::RateLimited(_)
        | View::MemberAdd(_)
        | View::MemberUpdate(_)
        | View::PresenceUpdate(_)
        | View::ChannelCreate(_)
        | View::ChannelUpdate(_)
        | View::ChannelPins(_)
        | View::RoleCreate(_)
        | View::RoleUpdate(_) => false,
    }
}

impl Tombstones {
    /// Notes what a dispatch removes, creates and lists, and takes out of it what trails a
    /// removal; `false` if nothing of it may be applied.
    #[inline]
    pub(super) fn admit(&mut self, view: &mut View<'_>, me: Option<UserId>) -> bool {
        if self.is_empty() && !removes(view) {
            return true;
        }
        self.sift(view, me)
    }

    fn sift(&mut self, view: &mut View<'_>, me: Option<UserId>) -> bool {
        use Removed::{Channel, Member, Role};
        match view {
            View::Ready(_) => self.clear_all(),
            View::GuildCreate(create) if create.unavailable => {}
            View::GuildCreate(create) => self.clear_guild(create.guild.id),
            View::GuildDelete(delete) if delete.unavailable => {}
            View::GuildDelete(delete) => self.clear_guild(delete.guild),
            View::GuildUpdate(update) => {
                for role in update.content.roles.iter().flat_map(|list| &list.rows) {
                    self.clear(Some(update.guild.id), Role(role.id));
                }
            }
            View::GuildSync(sync) => self.sift_sync(sync.guild, &mut sync.content),
            View::MembersChunk(chunk) => self.sift_chunk(chunk),
            View::MemberAdd(event) => self.member_came(event),
            View::MemberUpdate(event) => {
                return !self.any_left(Some(event.guild), event.members.users());
            }
            // Who has been removed already counts no second time.
            View::MemberRemove(event) => {
                let own = me == Some(event.user);
                return own || self.mark(Some(event.guild), Member(event.user));
            }
            View::PresenceUpdate(event) => {
                return !self.any_left(event.guild, event.presences.users());
            }
            View::ChannelCreate(channel) => {
                self.clear(channel.guild.value().copied(), Channel(channel.id));
            }
            View::ChannelUpdate(channel) => {
                return !self.is_gone(channel.guild.value().copied(), channel.id);
            }
            View::ChannelDelete(channel) => {
                return self.goes(channel.guild.value().copied(), Channel(channel.id));
            }
            View::RoleCreate(event) => {
                if let Some(role) = &event.role {
                    self.clear(Some(event.guild), Role(role.id));
                }
            }
            View::RoleUpdate(event) => {
                let role = event.role.as_ref();
                return role.is_none_or(|role| !self.contains(Some(event.guild), Role(role.id)));
            }
            View::RoleDelete(event) => return self.goes(Some(event.guild), Role(event.role)),
            View::Entity(event) => return self.sift_entity(event, me),
            View::UserUpdate(_) | View::RateLimited(_) | View::ChannelPins(_) => {}
        }
        true
    }

    fn sift_entity(&mut self, event: &mut EntityEvent<'_>, me: Option<UserId>) -> bool {
        use Removed::{Channel, Sound};
        let guild = event.guild();
        match event {
            EntityEvent::Plain(event) => self.sift_plain(event),
            EntityEvent::ThreadCreate(event) => self.thread_came(event, me),
            // Archiving takes away, and never brings back.
            EntityEvent::ThreadUpdate(event) => {
                let mut up = event.thread.parent.into_iter().chain([event.thread.id]);
                event.archived == Some(true) || !up.any(|one| self.is_gone(guild, one))
            }
            EntityEvent::ThreadDelete(event) => self.goes(guild, Channel(event.item)),
            EntityEvent::ThreadListSync(sync) => self.threads_listed(sync, me),
            EntityEvent::ThreadMember(event) => !self.is_out(guild, &event.item, me),
            EntityEvent::ThreadMembers(event) => self.sift_thread_members(event),
            EntityEvent::SoundsUpdate(event) => {
                let stays = |id| !self.contains(guild, Sound(id));
                event.item.retain(|sound| stays(sound.id));
                true
            }
            EntityEvent::Sounds(event) => {
                let listed = event.item.rows.iter().map(|sound| sound.id);
                listed.for_each(|id| {
                    self.clear(guild, Sound(id));
                });
                true
            }
            EntityEvent::VoiceState(event) => self.sift_voice_state(event),
            EntityEvent::Invite(event) => !self.hangs_on_gone(guild, event.item.channel),
            EntityEvent::Webhooks(event) => !self.is_gone(guild, event.item),
            // A channel outside guilds opens again without a word.
            EntityEvent::MessageCreate(event) => {
                guild.is_none() || !self.is_gone(guild, event.head.channel)
            }
            EntityEvent::Emojis(_)
            | EntityEvent::Stickers(_)
            | EntityEvent::VoiceChannels(_)
            | EntityEvent::InterestedAdd(_)
            | EntityEvent::InterestedRemove(_)
            | EntityEvent::InviteDelete(_)
            | EntityEvent::MessageSeen(_)
            | EntityEvent::MessageUpdate(_)
            | EntityEvent::MessageDelete(_)
            | EntityEvent::ReactionAdd(_)
            | EntityEvent::ReactionRemove(_)
            | EntityEvent::ReactionsClear(_)
            | EntityEvent::EmojiClear(_)
            | EntityEvent::VoteAdd(_)
            | EntityEvent::VoteRemove(_)
            | EntityEvent::Ban(_)
            | EntityEvent::InPassing(_) => true,
        }
    }

    /// A row goes, which is to be applied even if it was gone.
    fn goes(&mut self, guild: Option<GuildId>, removed: Removed) -> bool {
        self.mark(guild, removed);
        true
    }

    /// A row may come by its creation always, by its update unless it is gone, and neither way
    /// into a channel that is gone.
    fn sift_plain(&mut self, event: &PlainEvent<'_>) -> bool {
        let (guild, row) = (Some(event.guild()), Removed::of(event));
        if event.deletes() {
            return self.goes(guild, row);
        }
        let comes = match event.creates() {
            true => {
                self.clear(guild, row);
                true
            }
            false => !self.contains(guild, row),
        };
        comes && !self.hangs_on_gone(guild, event.channel())
    }

    /// Whether one of these is a member no more.
    fn any_left(&self, guild: Option<GuildId>, mut users: impl Iterator<Item = UserId>) -> bool {
        self.any_in(guild) && users.any(|user| self.contains(guild, Removed::Member(user)))
    }

    fn is_gone(&self, guild: Option<GuildId>, channel: ChannelId) -> bool {
        self.contains(guild, Removed::Channel(channel))
    }

    fn hangs_on_gone(&self, guild: Option<GuildId>, channel: Option<ChannelId>) -> bool {
        channel.is_some_and(|channel| self.is_gone(guild, channel))
    }

    fn member_came(&mut self, event: &MemberEvent<'_>) {
        if event.members.are_guests() {
            return;
        }
        for user in event.members.users() {
            self.clear(Some(event.guild), Removed::Member(user));
        }
    }

    fn thread_came(&mut self, event: &ThreadEvent<'_>, me: Option<UserId>) -> bool {
        let (guild, thread) = (Some(event.guild), event.thread.id);
        if self.hangs_on_gone(guild, event.thread.parent) {
            return false;
        }
        self.clear(guild, Removed::Channel(thread));
        if let (Some(_), Some(me)) = (&event.own, me) {
            self.clear(guild, Removed::ThreadMember(thread, me));
        }
        true
    }

    fn threads_listed(&mut self, sync: &ThreadListSync<'_>, me: Option<UserId>) -> bool {
        let guild = Some(sync.guild);
        for thread in &sync.threads.rows {
            self.clear(guild, Removed::Channel(thread.id));
        }
        for own in &sync.memberships {
            if let (Some(thread), Some(user)) = (own.thread, own.user.or(me)) {
                self.clear(guild, Removed::ThreadMember(thread, user));
            }
        }
        true
    }

    /// Whether a thread is gone, or who is said to be in it has left.
    fn is_out(
        &self,
        guild: Option<GuildId>,
        one: &ThreadMembership<'_>,
        me: Option<UserId>,
    ) -> bool {
        let (Some(thread), Some(user)) = (one.thread, one.user.or(me)) else {
            return false;
        };
        self.is_gone(guild, thread) || self.contains(guild, Removed::ThreadMember(thread, user))
    }

    /// Who comes into a thread comes into it anew, unless one of the two is gone.
    fn sift_thread_members(&mut self, event: &mut ThreadMembersUpdate<'_>) -> bool {
        let (guild, thread) = (Some(event.guild), event.thread);
        if self.any_in(guild) {
            let stays = |user| !self.contains(guild, Removed::Member(user));
            event.members.retain(stays);
            event.presences.retain(stays);
            let gone = self.is_gone(guild, thread);
            let added = |user: Option<UserId>| !gone && user.is_none_or(stays);
            event.added.retain(|one| added(one.user));
            for user in event.added.iter().filter_map(|one| one.user) {
                self.clear(guild, Removed::ThreadMember(thread, user));
            }
        }
        for &user in &event.removed {
            self.mark(guild, Removed::ThreadMember(thread, user));
        }
        true
    }

    /// Whoever has left is no member and in no channel, except as a guest of a stage.
    fn sift_voice_state(&self, event: &mut VoiceStateUpdate<'_>) -> bool {
        let guild = event.guild;
        if !self.any_in(guild) {
            return true;
        }
        let guest = !event.members.is_empty() && event.members.are_guests();
        let Some(mut state) = event.states.iter().next() else {
            return true;
        };
        let left = self.contains(guild, Removed::Member(state.user)) && !guest;
        if left {
            event.members = Batch::default();
        }
        if left || self.hangs_on_gone(guild, state.channel.value().copied()) {
            state.channel = Field::Null;
            event.states = [state.into_owned()].into_iter().collect();
        }
        true
    }

    /// A sync has no nonce that would show when it was asked for.
    fn sift_sync(&self, guild: GuildId, content: &mut Content<'_>) {
        if !self.any_in(Some(guild)) {
            return;
        }
        let stays = |user| !self.contains(Some(guild), Removed::Member(user));
        let gone = take_out(&mut content.members, &mut content.presences, stays);
        content.listed = content.listed.saturating_sub(gone);
    }

    /// An answer to a request that was sent after a removal knows of it; an older one does not.
    fn sift_chunk(&mut self, chunk: &mut MembersChunk<'_>) {
        let guild = chunk.guild;
        if !self.any_in(Some(guild)) {
            return;
        }
        let nonce = chunk.nonce.as_ref().map(Text::as_cow);
        let seen = self.seen_by(guild, nonce.as_deref());
        let stays = |user| !self.contains_since(guild, Removed::Member(user), seen);
        let gone = take_out(&mut chunk.members, &mut chunk.presences, stays);
        chunk.received = chunk.received.saturating_sub(gone);
        for user in chunk.members.iter().flat_map(Batch::users) {
            self.clear(Some(guild), Removed::Member(user));
        }
    }

    /// Takes the roles that are gone from the rows of a mutation that name them all the same.
    pub(super) fn strip_roles(&self, mutation: &mut Mutation<'_>) {
        let Some(guild) = mutation.guild() else {
            return;
        };
        if !mutation.ops().any(has_roles) || !self.any_in(Some(guild)) {
            return;
        }
        for role in self.roles(guild) {
            if mutation.ops().any(|op| names(op, role)) {
                mutation.push(Op::StripRole(role));
            }
        }
    }
}

/// Takes out those who do not stay; how many members that were.
fn take_out(
    members: &mut Option<Batch<Member<'_>>>,
    presences: &mut Option<Batch<Presence<'_>>>,
    stays: impl Fn(UserId) -> bool,
) -> u64 {
    if let Some(presences) = presences {
        presences.retain(&stays);
    }
    let Some(members) = members else {
        return 0;
    };
    let before = members.len();
    members.retain(stays);
    before.saturating_sub(members.len()) as u64
}

/// The rows that a step brings.
const fn rows<'a, 'i>(op: &'a Op<'i>) -> Option<&'a Rows<'i>> {
    if let Op::Upsert(rows) | Op::Patch(rows) | Op::Replace(rows) = op {
        Some(rows)
    } else {
        None
    }
}

/// Whether a step brings rows that may name roles.
const fn has_roles(op: &Op<'_>) -> bool {
    matches!(rows(op), Some(Rows::Members(_) | Rows::Emojis(_)))
}

/// Whether rows that a step brings name a role.
fn names(op: &Op<'_>, role: RoleId) -> bool {
    match rows(op) {
        Some(Rows::Members(members)) => members.name_role(role),
        Some(Rows::Emojis(emojis)) => {
            let mut lists = emojis.iter().filter_map(|emoji| emoji.roles.value());
            lists.any(|roles| roles.contains(&role))
        }
        Some(_) | None => false,
    }
}

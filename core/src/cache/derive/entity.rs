//! The dispatches that only the cache looks at.

use alloc::boxed::Box;
use alloc::vec;

use super::{Deriver, Mutation, Op, Rows, replace};
use crate::cache::{Key, Kinds, OneReaction, React, ReactChange, Vote};
use crate::id::GuildId;
use crate::wire::Field;
use crate::wire::view::{
    Channel, EntityEvent, Joined, MessageChange, MessageDelete, MessageEvent, MessageSeen,
    SyncScope, Thread, ThreadEvent, ThreadListSync, ThreadMembersUpdate, VoiceChannelInfo,
    VoiceStateUpdate,
};

impl Deriver {
    pub(super) fn entity<'i>(&self, event: EntityEvent<'i>, to: &mut Mutation<'i>) {
        let upsert = |rows| Op::Upsert(rows);
        let op = match event {
            EntityEvent::Plain(event) => event.into(),
            EntityEvent::ThreadCreate(event) => return self.thread_create(*event, to),
            EntityEvent::ThreadUpdate(event) => return self.thread_update(*event, to),
            EntityEvent::ThreadDelete(event) => Op::Remove(Key::Thread(event.item)),
            EntityEvent::ThreadListSync(sync) => return self.thread_list_sync(*sync, to),
            EntityEvent::ThreadMember(event) => {
                upsert(Rows::ThreadMembers(self.memberships(&[event.item])))
            }
            EntityEvent::ThreadMembers(event) => return self.thread_members(*event, to),
            EntityEvent::Emojis(event) => replace(event.item, Rows::Emojis),
            EntityEvent::Stickers(event) => replace(event.item, Rows::Stickers),
            EntityEvent::SoundsUpdate(event) => upsert(Rows::Sounds(event.item)),
            EntityEvent::Sounds(event) => replace(event.item, Rows::Sounds),
            EntityEvent::VoiceState(event) => return voice_state(event, to),
            EntityEvent::VoiceChannels(event) => {
                let channels = event.item.into_iter().map(voice_channel);
                Op::Patch(Rows::Channels(channels.collect()))
            }
            EntityEvent::InterestedAdd(event) => {
                let (event, by) = (event.item, 1);
                Op::CountInterested { event, by }
            }
            EntityEvent::InterestedRemove(event) => {
                let (event, by) = (event.item, -1);
                Op::CountInterested { event, by }
            }
            EntityEvent::Invite(event) => upsert(Rows::Invites(vec![event.item])),
            EntityEvent::InviteDelete(event) => Op::Remove(Key::Invite(event.item)),
            EntityEvent::Webhooks(event) => upsert(Rows::WebhookMarks(vec![event.item])),
            EntityEvent::MessageSeen(seen) => return self.message_seen(seen, to),
            EntityEvent::MessageCreate(event) => return self.message_create(event, to),
            EntityEvent::MessageUpdate(event) => Op::Patch(Rows::Messages(event.messages)),
            EntityEvent::MessageDelete(delete) => return self.message_delete(delete, to),
            EntityEvent::ReactionAdd(change) => return self.react(change, ReactChange::Add, to),
            EntityEvent::ReactionRemove(change) => {
                return self.react(change, ReactChange::Remove, to);
            }
            EntityEvent::ReactionsClear(change) => reactions_clear(&change, ReactChange::RemoveAll),
            EntityEvent::EmojiClear(mut change) => match change.emoji.take() {
                Some(emoji) => reactions_clear(&change, ReactChange::RemoveEmoji(emoji)),
                None => return,
            },
            EntityEvent::VoteAdd(change) => return self.vote(&change, true, to),
            EntityEvent::VoteRemove(change) => return self.vote(&change, false, to),
            EntityEvent::Ban(ban) => Op::Patch(Rows::Users(vec![ban.user])),
            EntityEvent::InPassing(member) => {
                return self.in_passing(Some(member), to);
            }
        };
        to.push(op);
    }

    /// A thread of a forum that has just begun is the forum's newest message.
    fn thread_create<'i>(&self, event: ThreadEvent<'i>, to: &mut Mutation<'i>) {
        let (id, parent) = (event.thread.id, event.thread.parent);
        if self.kinds.contains(Kinds::THREADS) {
            to.push(Op::Upsert(Rows::Threads(vec![event.thread])));
        }
        if let (Some(own), Some(me)) = (event.own, self.me)
            && self.kinds.contains(Kinds::THREAD_MEMBERS)
        {
            to.push(Op::Upsert(Rows::ThreadMembers(vec![own.named(id, me)])));
        }
        if let (true, Some(parent)) = (event.newly_created, parent)
            && self.kinds.contains(Kinds::CHANNELS)
        {
            to.push(Op::LastThread { parent, thread: id });
        }
    }

    fn thread_update<'i>(&self, event: ThreadEvent<'i>, to: &mut Mutation<'i>) {
        if event.archived == Some(true) {
            return to.push(Op::Remove(Key::Thread(event.thread.id)));
        }
        if !self.kinds.contains(Kinds::THREADS) {
            return;
        }
        let is_active = event.archived.is_some();
        let rows = Rows::Threads(vec![event.thread]);
        to.push(match is_active {
            true => Op::Upsert(rows),
            // Perhaps archived: no reason to add it.
            false => Op::Patch(rows),
        });
    }

    fn thread_list_sync<'i>(&self, sync: ThreadListSync<'i>, to: &mut Mutation<'i>) {
        if self.kinds.contains(Kinds::THREADS) {
            let is_whole = sync.threads.is_whole();
            to.push(match sync.scope {
                SyncScope::Channels(parents) if is_whole => {
                    Op::SyncThreads(parents.into(), sync.threads.rows.into())
                }
                SyncScope::Guild => replace(sync.threads, Rows::Threads),
                SyncScope::Channels(_) | SyncScope::Unreadable => {
                    Op::Upsert(Rows::Threads(sync.threads.rows))
                }
            });
        }
        if self.kinds.contains(Kinds::THREAD_MEMBERS) {
            let own = self.memberships(&sync.memberships);
            to.push(Op::Upsert(Rows::ThreadMembers(own)));
        }
    }

    fn thread_members<'i>(&self, event: ThreadMembersUpdate<'i>, to: &mut Mutation<'i>) {
        if self.kinds.contains(Kinds::THREADS) {
            let mut thread = Thread::bare(event.thread);
            thread.member_count = event.member_count.map_or(Field::Absent, Field::Value);
            to.push(Op::Patch(Rows::Threads(vec![thread])));
        }
        if !event.members.is_empty() {
            to.push(Op::Upsert(Rows::Members(event.members)));
        }
        if !event.presences.is_empty() {
            to.push(Op::Upsert(Rows::Presences(event.presences)));
        }
        if self.kinds.contains(Kinds::THREAD_MEMBERS) {
            let added = event.added.iter();
            let named = added.filter_map(|one| Some(one.named(event.thread, one.user?)));
            to.push(Op::Upsert(Rows::ThreadMembers(named.collect())));
        }
        let own = self.me.is_some_and(|me| event.removed.contains(&me));
        if self.kinds.contains(Kinds::THREAD_MEMBERS) && !event.removed.is_empty() {
            to.push(Op::Remove(Key::ThreadMembers(event.thread, event.removed)));
        }
        if own {
            to.push(Op::LeavePrivateThread(event.thread));
        }
    }

    fn message_seen<'i>(&self, seen: MessageSeen<'i>, to: &mut Mutation<'i>) {
        let head = seen.head;
        if self.kinds.intersects(with_last_messages(head.guild)) {
            to.push(Op::LastMessage(head.channel, head.message));
        }
        if head.guild.is_some() && self.kinds.contains(Kinds::THREADS) {
            let (thread, by) = (head.channel, 1);
            to.push(Op::CountMessages { thread, by });
        }
        self.in_passing(seen.member, to);
    }

    fn message_create<'i>(&self, event: MessageEvent<'i>, to: &mut Mutation<'i>) {
        let MessageEvent {
            head,
            messages,
            member,
        } = event;
        self.message_seen(MessageSeen { head, member }, to);
        if head.guild.is_none() && !self.kinds.contains(Kinds::PRIVATE_CHANNELS) {
            return;
        }
        to.push(Op::Upsert(Rows::Messages(messages)));
    }

    fn message_delete<'i>(&self, delete: MessageDelete, to: &mut Mutation<'i>) {
        let gone = i32::try_from(delete.messages.len()).unwrap_or(i32::MAX);
        if delete.guild.is_some() && self.kinds.contains(Kinds::THREADS) {
            let (thread, by) = (delete.channel, gone.saturating_neg());
            to.push(Op::CountMessages { thread, by });
        }
        if self.kinds.contains(Kinds::MESSAGES) {
            let key = Key::Messages(delete.channel, delete.messages);
            to.push(Op::Remove(key));
        }
    }

    fn react<'i>(
        &self,
        change: MessageChange<'i>,
        kind: fn(OneReaction<'i>) -> ReactChange<'i>,
        to: &mut Mutation<'i>,
    ) {
        let (Some(emoji), Some(burst)) = (change.emoji, change.burst) else {
            return;
        };
        let one = OneReaction {
            emoji,
            burst,
            me: change.user.is_some() && change.user == self.me,
        };
        to.push(Op::React(Box::new(React {
            channel: change.channel,
            message: change.message,
            change: kind(one),
        })));
    }

    fn vote<'i>(&self, change: &MessageChange<'i>, given: bool, to: &mut Mutation<'i>) {
        let Some(answer) = change.answer else {
            return;
        };
        to.push(Op::Vote(Vote {
            channel: change.channel,
            message: change.message,
            answer,
            given,
            me: change.user.is_some() && change.user == self.me,
        }));
    }
}

/// The kinds of channels that may lie there.
fn with_last_messages(guild: Option<GuildId>) -> Kinds {
    match guild {
        Some(_) => Kinds::CHANNELS | Kinds::THREADS,
        None => Kinds::PRIVATE_CHANNELS,
    }
}

fn reactions_clear<'i>(change: &MessageChange<'i>, what: ReactChange<'i>) -> Op<'i> {
    Op::React(Box::new(React {
        channel: change.channel,
        message: change.message,
        change: what,
    }))
}

/// A guest of a stage is no member: who has never joined is not kept as one.
fn voice_state<'i>(event: VoiceStateUpdate<'i>, to: &mut Mutation<'i>) {
    if event.guild.is_none() {
        return;
    }
    match event.members.joined() {
        Some(Joined::Member) => to.push(Op::Upsert(Rows::Members(event.members))),
        // Perhaps a guest: no reason to add a member, nor to leave one as it was.
        Some(Joined::Unknown) => to.push(Op::Patch(Rows::Members(event.members))),
        Some(Joined::Guest) | None => {}
    }
    let state = event.states.records().next();
    let Some((user, channel)) = state.map(|state| (state.user, state.channel())) else {
        return;
    };
    to.push(match channel {
        Field::Value(_) => Op::Upsert(Rows::VoiceState(event.states)),
        Field::Null => Op::Remove(Key::VoiceState(user)),
        // Where the user is cannot be read, and has perhaps not changed.
        Field::Absent => Op::Patch(Rows::VoiceState(event.states)),
    });
}

fn voice_channel(info: VoiceChannelInfo<'_>) -> Channel<'_> {
    let mut channel = Channel::bare(info.channel);
    channel.status = info.status;
    channel.voice_start = info.start;
    channel
}

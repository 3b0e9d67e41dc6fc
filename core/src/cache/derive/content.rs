//! What a guild's own payloads list, parents before children.

use alloc::vec::Vec;

use super::{Deriver, Mutation, Op, Rows};
use crate::cache::{Kinds, Lack};
use crate::id::ChannelId;
use crate::wire::view::{Content, ThreadMember, ThreadMembership};

impl Deriver {
    /// All that a guild which comes lists.
    pub(super) fn content<'i>(
        &self,
        mut content: Content<'i>,
        member_count: Option<u64>,
        mut to: Mutation<'i>,
    ) -> Mutation<'i> {
        let replace = |rows| Op::Replace(rows);
        let channels = self.all_channels(&content);
        to.extend(content.roles.take().map(Rows::Roles).map(replace));
        to.extend(content.channels.take().map(Rows::Channels).map(replace));
        if let Some(threads) = content.threads.take() {
            if self.kinds.contains(Kinds::THREADS) {
                to.push(Op::Replace(Rows::Threads(threads)));
            }
            if self.kinds.contains(Kinds::THREAD_MEMBERS) {
                let own = self.memberships(&content.memberships);
                to.push(Op::Replace(Rows::ThreadMembers(own)));
            }
        }
        to.extend(channels.map(Op::OnlyChannels));
        if let Some(members) = content.members.take() {
            let whole = content.members_unread == 0;
            if self.sweep_after_chunk || !whole {
                to.push(Op::Recount);
                to.push(Op::Upsert(Rows::Members(members)));
            } else {
                to.push(Op::Replace(Rows::Members(members)));
            }
            if !self.hears_of_members {
                to.push(Op::Incomplete(Lack::NoIntent));
            } else if member_count.is_some_and(|count| content.listed >= count) {
                to.push(match whole {
                    true => Op::Complete,
                    false => Op::Incomplete(Lack::Unread(content.members_unread)),
                });
            }
        }
        let states = content.voice_states.take();
        to.extend(states.map(Rows::VoiceStates).map(replace));
        to.extend(content.presences.take().map(Rows::Presences).map(replace));
        to.extend(content.stages.take().map(Rows::Stages).map(replace));
        to.extend(
            content
                .events
                .take()
                .map(Rows::ScheduledEvents)
                .map(replace),
        );
        to.extend(content.sounds.take().map(Rows::Sounds).map(replace));
        expressions_and_roles(content, &mut to);
        to
    }

    /// All channels and threads of the guild, if it lists both and anything else hangs on them.
    fn all_channels(&self, content: &Content<'_>) -> Option<Vec<ChannelId>> {
        let (channels, threads) = (content.channels.as_ref()?, content.threads.as_ref()?);
        let channels = channels.iter().map(|row| row.id);
        let all = channels.chain(threads.iter().map(|row| row.id));
        let wanted = self.kinds.intersects(Kinds::UNLISTED_IN_CHANNELS);
        wanted.then(|| all.collect())
    }

    /// Memberships that name their thread; where no user is named, it is the bot.
    pub(super) fn memberships(&self, listed: &[ThreadMembership<'_>]) -> Vec<ThreadMember> {
        let Some(me) = self.me else {
            return Vec::new();
        };
        let named = listed
            .iter()
            .filter_map(|one| Some(one.named(one.thread?, me)));
        named.collect()
    }
}

/// What an update lists too.
pub(super) fn expressions_and_roles<'i>(content: Content<'i>, to: &mut Mutation<'i>) {
    to.extend(content.roles.map(|roles| Op::Replace(Rows::Roles(roles))));
    to.extend(
        content
            .emojis
            .map(|emojis| Op::Replace(Rows::Emojis(emojis))),
    );
    to.extend(content.stickers.map(|all| Op::Replace(Rows::Stickers(all))));
}

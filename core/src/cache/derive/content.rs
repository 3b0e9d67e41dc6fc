//! What a guild's own payloads list, parents before children.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::plain::listings;
use super::{Deriver, Mutation, Op, Rows, replace};
use crate::cache::{Kinds, Lack};
use crate::id::{ChannelId, UserId};
use crate::wire::view::{Content, Role, ThreadMember, ThreadMembership, VoiceState};
use crate::wire::{Field, Listing};

impl Deriver {
    /// All that a guild which comes lists.
    pub(super) fn content<'i>(
        &self,
        mut content: Content<'i>,
        member_count: Option<u64>,
        to: &mut Mutation<'i>,
    ) {
        let channels = self.all_channels(&content);
        roles(content.roles.take(), to);
        to.extend(
            content
                .channels
                .take()
                .map(|all| replace(all, Rows::Channels)),
        );
        self.threads(&mut content, to);
        to.extend(channels.map(Op::OnlyChannels));
        self.members(&mut content, member_count, to);
        voice_states(content.plain.voice_states.take(), to);
        to.extend(content.presences.take().map(|presences| {
            let presences = Rows::Presences(presences);
            match content.presences_unread {
                0 => Op::Replace(presences),
                _ => Op::Upsert(presences),
            }
        }));
        listings(content.plain, to);
    }

    fn threads<'i>(&self, content: &mut Content<'i>, to: &mut Mutation<'i>) {
        let Some(threads) = content.threads.take() else {
            return;
        };
        if self.kinds.contains(Kinds::THREAD_MEMBERS) {
            let rows = Rows::ThreadMembers(self.memberships(&content.memberships));
            let own = match threads.is_whole() {
                true => Op::Replace(rows),
                false => Op::Upsert(rows),
            };
            if self.kinds.contains(Kinds::THREADS) {
                to.push(replace(threads, Rows::Threads));
            }
            to.push(own);
        } else {
            to.push(replace(threads, Rows::Threads));
        }
    }

    fn members<'i>(
        &self,
        content: &mut Content<'i>,
        member_count: Option<u64>,
        to: &mut Mutation<'i>,
    ) {
        let Some(members) = content.members.take() else {
            // Whoever is here may have left: a whole answer that does not list them says so.
            let kept = self.kinds.contains(Kinds::MEMBERS);
            to.extend(kept.then_some(Op::Recount));
            return;
        };
        let is_whole = content.members_unread == 0;
        if self.sweep_after_chunk || !is_whole {
            to.push(Op::Recount);
            to.push(Op::Upsert(Rows::Members(members)));
        } else {
            to.push(Op::Replace(Rows::Members(members)));
        }
        if !self.hears_of_members {
            to.push(Op::Incomplete(Lack::NoIntent));
        } else if member_count.is_some_and(|count| content.listed >= count) {
            to.push(match is_whole {
                true => Op::Complete,
                false => Op::Incomplete(Lack::Unread(content.members_unread)),
            });
        }
    }

    /// All channels and threads of the guild, if it lists both and anything else hangs on them.
    fn all_channels(&self, content: &Content<'_>) -> Option<Vec<ChannelId>> {
        let (channels, threads) = (content.channels.as_ref()?, content.threads.as_ref()?);
        let is_whole = channels.is_whole() && threads.is_whole();
        let channels = channels.rows.iter().map(|row| row.id);
        let all = channels.chain(threads.rows.iter().map(|row| row.id));
        let wanted = self.kinds.intersects(Kinds::UNLISTED_IN_CHANNELS);
        (wanted && is_whole).then(|| all.collect())
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
pub(super) fn roles_and_plain<'i>(content: Content<'i>, to: &mut Mutation<'i>) {
    roles(content.roles, to);
    listings(content.plain, to);
}

/// Who is in which voice channel: a state without one is none, and one whose channel cannot be read
/// stays where it was.
fn voice_states<'i>(listed: Option<Listing<VoiceState<'i>>>, to: &mut Mutation<'i>) {
    let Some(Listing { mut rows, unread }) = listed else {
        return;
    };
    if rows.iter().any(|state| state.channel == Field::Null) {
        // Of a user who is listed twice the last row counts, so the earlier one goes as well.
        let last: BTreeMap<UserId, VoiceState<'_>> =
            rows.into_iter().map(|state| (state.user, state)).collect();
        rows = last.into_values().collect();
        rows.retain(|state| state.channel != Field::Null);
    }
    to.push(replace(Listing { rows, unread }, Rows::VoiceStates));
}

fn roles<'i>(listed: Option<Listing<Role<'i>>>, to: &mut Mutation<'i>) {
    let Some(all) = listed else {
        return;
    };
    let is_whole = all.is_whole();
    to.push(replace(all, Rows::Roles));
    to.extend((!is_whole).then_some(Op::RolesUnread));
}

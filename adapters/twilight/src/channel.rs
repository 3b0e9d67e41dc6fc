//! Channels and threads.

use headcount_core::wire::Stated;
use headcount_core::wire::view::{self, OverwriteHolder};
use twilight_model::channel::forum::{DefaultReaction, ForumTag};
use twilight_model::channel::permission_overwrite::{PermissionOverwrite, PermissionOverwriteType};
use twilight_model::channel::thread::{AutoArchiveDuration, ThreadMetadata};
use twilight_model::channel::{Channel, ChannelFlags, ChannelType};
use twilight_model::id::Id;
use twilight_model::id::marker::ChannelMarker;

use crate::part::{RowName, id, images, narrow, numbered, text, texts, time, times};
use crate::{MissingPart, ToTwilight};

const ROW: RowName = RowName("channel");
const THREAD: RowName = RowName("thread");

impl ToTwilight for view::Channel<'_> {
    type Twilight = Result<Channel, MissingPart>;

    fn to_twilight(&self) -> Self::Twilight {
        let kind = ROW.number::<u8, _, _>("type", self.kind)?;
        let flags = self.flags.value().copied().and_then(Stated::known);
        let recipients = self.recipients.value().map(|users| {
            let users = users.iter().map(ToTwilight::to_twilight);
            users.collect::<Result<Vec<_>, _>>()
        });
        let tags = self
            .tags
            .value()
            .map(|tags| tags.iter().map(tag).collect::<Result<Vec<_>, _>>());
        Ok(Channel {
            application_id: id(&self.application),
            available_tags: tags.transpose()?,
            bitrate: self.bitrate.value().copied(),
            default_auto_archive_duration: archive_after(&self.auto_archive),
            default_forum_layout: numbered(&self.layout),
            default_reaction_emoji: self.default_reaction.value().map(reaction),
            default_sort_order: numbered(&self.sort_order),
            default_thread_rate_limit_per_user: narrow(&self.thread_rate_limit),
            flags: flags.map(ChannelFlags::from_bits_truncate),
            guild_id: id(&self.guild),
            icon: images(&self.icon),
            last_message_id: self.last_message.value().map(|id| id.to_twilight().cast()),
            last_pin_timestamp: times(&self.last_pin),
            managed: self.managed.value().copied(),
            name: texts(&self.name),
            nsfw: self.nsfw.value().copied(),
            owner_id: id(&self.owner),
            parent_id: id(&self.parent),
            permission_overwrites: overwrites(self)?,
            position: narrow(&self.position),
            rate_limit_per_user: narrow(&self.rate_limit),
            recipients: recipients.transpose()?,
            rtc_region: texts(&self.rtc_region),
            topic: texts(&self.topic),
            user_limit: self.user_limit.value().copied(),
            video_quality_mode: numbered(&self.video_quality),
            ..bare(self.id.to_twilight(), kind)
        })
    }
}

impl ToTwilight for view::Thread<'_> {
    type Twilight = Result<Channel, MissingPart>;

    fn to_twilight(&self) -> Self::Twilight {
        let kind = THREAD.number::<u8, _, _>("type", self.kind)?;
        let state = self.state.as_ref().map(metadata).transpose()?;
        let tags = self.tags.value();
        Ok(Channel {
            applied_tags: tags.map(|tags| tags.iter().copied().map(Id::from).collect()),
            flags: self
                .flags
                .value()
                .copied()
                .map(ChannelFlags::from_bits_truncate),
            guild_id: id(&self.guild),
            last_message_id: self.last_message.value().map(|id| id.to_twilight().cast()),
            last_pin_timestamp: times(&self.last_pin),
            member_count: narrow(&self.member_count),
            message_count: narrow(&self.message_count),
            name: self.name.as_ref().map(text),
            owner_id: self.owner.map(|owner| owner.to_twilight()),
            parent_id: self.parent.map(|parent| parent.to_twilight()),
            rate_limit_per_user: narrow(&self.rate_limit),
            thread_metadata: state,
            total_message_sent: narrow(&self.total_messages),
            ..bare(self.id.to_twilight(), kind)
        })
    }
}

/// A channel of which nothing but the id and the kind is known.
const fn bare(id: Id<ChannelMarker>, kind: ChannelType) -> Channel {
    Channel {
        application_id: None,
        applied_tags: None,
        available_tags: None,
        bitrate: None,
        default_auto_archive_duration: None,
        default_forum_layout: None,
        default_reaction_emoji: None,
        default_sort_order: None,
        default_thread_rate_limit_per_user: None,
        flags: None,
        guild_id: None,
        icon: None,
        id,
        invitable: None,
        kind,
        last_message_id: None,
        last_pin_timestamp: None,
        managed: None,
        member: None,
        member_count: None,
        message_count: None,
        name: None,
        newly_created: None,
        nsfw: None,
        owner_id: None,
        parent_id: None,
        permission_overwrites: None,
        position: None,
        rate_limit_per_user: None,
        recipients: None,
        rtc_region: None,
        thread_metadata: None,
        topic: None,
        total_message_sent: None,
        user_limit: None,
        video_quality_mode: None,
    }
}

fn archive_after(minutes: &headcount_core::wire::Field<u32>) -> Option<AutoArchiveDuration> {
    narrow::<_, u16>(minutes).map(AutoArchiveDuration::from)
}

/// All of them or none: who may do what is not known from a part of them.
fn overwrites(
    channel: &view::Channel<'_>,
) -> Result<Option<Vec<PermissionOverwrite>>, MissingPart> {
    let missing = MissingPart::new(ROW.0, "permission_overwrites");
    let Some(rows) = channel.overwrites.rows() else {
        return channel.overwrites.is_whole().then_some(None).ok_or(missing);
    };
    let all = rows.iter().map(overwrite).collect::<Option<Vec<_>>>();
    let all = all.filter(|_| channel.overwrites.is_whole());
    all.map(Some).ok_or(missing)
}

fn overwrite(row: &view::Overwrite<'_>) -> Option<PermissionOverwrite> {
    let kind = match row.holder? {
        OverwriteHolder::Role => PermissionOverwriteType::Role,
        OverwriteHolder::Member => PermissionOverwriteType::Member,
        _ => return None,
    };
    Some(PermissionOverwrite {
        allow: row.allow?.known()?.to_twilight(),
        deny: row.deny?.known()?.to_twilight(),
        id: row.id.into(),
        kind,
    })
}

fn tag(tag: &view::ForumTag<'_>) -> Result<ForumTag, MissingPart> {
    const ROW: RowName = RowName("forum tag");
    Ok(ForumTag {
        emoji_id: id(&tag.emoji),
        emoji_name: texts(&tag.emoji_name),
        id: tag.id.into(),
        moderated: ROW.needs("moderated", tag.moderated.value().copied())?,
        name: ROW.needs("name", tag.name.as_ref().map(text))?,
    })
}

fn reaction(emoji: &view::ForumEmoji<'_>) -> DefaultReaction {
    DefaultReaction {
        emoji_id: id(&emoji.id),
        emoji_name: texts(&emoji.name),
    }
}

fn metadata(state: &view::ThreadState<'_>) -> Result<ThreadMetadata, MissingPart> {
    let archived_at = state.archived_at.and_then(time);
    Ok(ThreadMetadata {
        archived: THREAD.needs("archived", state.archived)?,
        auto_archive_duration: THREAD
            .number::<u16, _, _>("auto_archive_duration", state.auto_archive)?,
        archive_timestamp: THREAD.needs("archive_timestamp", archived_at)?,
        create_timestamp: times(&state.created_at),
        invitable: state.invitable.value().copied(),
        locked: state.locked == Some(true),
    })
}

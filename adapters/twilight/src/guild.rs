//! Guilds, bare and with what lives in them.

use headcount_core::cache::memory::{GuildRef, MemberRef};
use headcount_core::cache::{GuildStatus, MemoryStore};
use headcount_core::id::GuildId;
use headcount_core::wire::view;
use headcount_core::wire::{Field, Stated};
use twilight_model::channel::Channel;
use twilight_model::guild::{AfkTimeout, Guild, GuildFeature, Member, SystemChannelFlags};

use crate::expression::{emoji, sticker};
use crate::part::{RowName, id, images, text, texts, time};
use crate::voice::{stage, voice_state};
use crate::{MissingPart, ToTwilight};

const ROW: RowName = RowName("guild");

impl ToTwilight for GuildRef<'_> {
    type Twilight = Result<Guild, MissingPart>;

    /// The guild's own data; the lists of what lives in it are empty. [`whole_guild`] fills them.
    fn to_twilight(&self) -> Self::Twilight {
        let guild = Guild {
            member_count: self.member_count(),
            unavailable: Some(self.status() == GuildStatus::Outage),
            ..own(self.data())?
        };
        Ok(guild)
    }
}

/// A guild with all that the cache has of it: channels, threads, roles, members, voice states,
/// emojis, stickers and stages, in no order that means anything. Voice states do not repeat their
/// members. Presences and scheduled events are left out. `None` if the bot is not in it.
///
/// It costs what copying the rows does, which for a large guild is much: ask for one row where one
/// will do.
///
/// # Errors
/// [`MissingPart`] names the first row that cannot be made into twilight's type.
#[must_use]
pub fn whole_guild(store: &MemoryStore, guild: GuildId) -> Option<Result<Guild, MissingPart>> {
    let row = store.guild(guild)?;
    Some(
        row.to_twilight()
            .and_then(|bare| filled(store, guild, bare)),
    )
}

fn filled(store: &MemoryStore, guild: GuildId, bare: Guild) -> Result<Guild, MissingPart> {
    let within = |channel: Result<Channel, MissingPart>| {
        let guild_id = Some(guild.to_twilight());
        channel.map(|channel| Channel {
            guild_id,
            ..channel
        })
    };
    let channels = store.channels(guild).map(|row| within(row.to_twilight()));
    let threads = store.threads(guild).map(|row| within(row.to_twilight()));
    let emojis = store.emojis(guild).map(|row| emoji(store, row));
    let voice_states = store.voice_states(guild).map(|row| voice_state(guild, row));
    let stickers = store.stickers(guild).map(|row| sticker(store, guild, row));
    Ok(Guild {
        channels: channels.collect::<Result<_, _>>()?,
        emojis: emojis.collect::<Result<_, _>>()?,
        members: store
            .members(guild)
            .map(to_member)
            .collect::<Result<_, _>>()?,
        roles: store
            .roles(guild)
            .map(ToTwilight::to_twilight)
            .collect::<Result<_, _>>()?,
        stage_instances: store
            .stages(guild)
            .map(|row| stage(guild, row))
            .collect::<Result<_, _>>()?,
        stickers: stickers.collect::<Result<_, _>>()?,
        threads: threads.collect::<Result<_, _>>()?,
        voice_states: voice_states.collect::<Result<_, _>>()?,
        ..bare
    })
}

fn to_member(row: MemberRef<'_>) -> Result<Member, MissingPart> {
    row.to_twilight()
}

/// A guild's own data.
fn own(row: &view::Guild<'_>) -> Result<Guild, MissingPart> {
    let owner = row.owner.and_then(Stated::known);
    let features = row.features.value().into_iter().flatten();
    Ok(Guild {
        afk_channel_id: id(&row.afk_channel),
        afk_timeout: ROW.number::<u16, _, AfkTimeout>("afk_timeout", row.afk_timeout)?,
        application_id: id(&row.application),
        approximate_member_count: None,
        approximate_presence_count: None,
        banner: images(&row.banner),
        channels: Vec::new(),
        default_message_notifications: ROW
            .number::<u8, _, _>("default_message_notifications", row.notifications)?,
        description: texts(&row.description),
        discovery_splash: images(&row.discovery_splash),
        emojis: Vec::new(),
        explicit_content_filter: ROW
            .number::<u8, _, _>("explicit_content_filter", row.content_filter)?,
        features: features
            .map(|feature| GuildFeature::from(text(feature)))
            .collect(),
        guild_scheduled_events: Vec::new(),
        icon: images(&row.icon),
        id: row.id.to_twilight(),
        joined_at: row.joined_at.and_then(time),
        large: row.large == Some(true),
        max_members: row.max_members.value().copied(),
        max_presences: row.max_presences.value().copied(),
        max_stage_video_channel_users: wide(&row.max_stage_users),
        max_video_channel_users: wide(&row.max_video_users),
        member_count: row.member_count,
        members: Vec::new(),
        mfa_level: ROW.number::<u8, _, _>("mfa_level", row.mfa_level)?,
        name: ROW.needs("name", row.name.as_ref().map(text))?,
        nsfw_level: ROW.number::<u8, _, _>("nsfw_level", row.nsfw_level)?,
        owner_id: ROW.needs("owner_id", owner)?.to_twilight(),
        owner: None,
        permissions: None,
        preferred_locale: ROW.needs("preferred_locale", row.locale.value().map(text))?,
        premium_progress_bar_enabled: ROW
            .needs("premium_progress_bar_enabled", row.progress_bar)?,
        premium_subscription_count: row.boosts.value().copied(),
        premium_tier: ROW.number::<u8, _, _>("premium_tier", row.premium_tier)?,
        presences: Vec::new(),
        public_updates_channel_id: id(&row.updates_channel),
        roles: Vec::new(),
        rules_channel_id: id(&row.rules_channel),
        safety_alerts_channel_id: id(&row.alerts_channel),
        splash: images(&row.splash),
        stage_instances: Vec::new(),
        stickers: Vec::new(),
        system_channel_flags: ROW
            .needs("system_channel_flags", row.system_channel_flags)
            .map(SystemChannelFlags::from_bits_truncate)?,
        system_channel_id: id(&row.system_channel),
        threads: Vec::new(),
        unavailable: None,
        vanity_url_code: texts(&row.vanity_code),
        verification_level: ROW.number::<u8, _, _>("verification_level", row.verification_level)?,
        voice_states: Vec::new(),
        widget_channel_id: id(&row.widget_channel),
        widget_enabled: row.widget_enabled.value().copied(),
    })
}

fn wide(value: &Field<u32>) -> Option<u64> {
    value.value().copied().map(u64::from)
}

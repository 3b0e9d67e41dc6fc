//! One borrowed view per payload family, decoded in one pass.

mod channel;
mod channel_event;
mod chunk;
mod content;
mod dispatch;
mod embedded;
mod entity;
mod expression;
mod guild;
mod guild_event;
mod hello;
mod in_guild;
mod integration;
mod invite;
mod member;
mod member_event;
mod message;
mod message_event;
mod presence;
mod reaction;
mod ready;
mod role;
mod role_event;
mod rule;
mod scheduled_event;
mod thread;
mod thread_event;
mod user;
mod voice;
mod voice_event;
mod wanted;
mod webhook;

pub use channel::{Channel, ForumEmoji, ForumTag, Overwrite};
pub use channel_event::ChannelPins;
pub use chunk::{MembersChunk, RateLimited};
pub use content::Content;
pub use dispatch::View;
pub use embedded::{Ban, EmbeddedMember, MessageSeen};
pub use entity::EntityEvent;
pub use expression::{Emoji, Sound, Sticker};
pub use guild::{Guild, Incidents, WelcomeChannel, WelcomeScreen};
pub use guild_event::{GuildCreate, GuildDelete, GuildSync, GuildUpdate};
pub use hello::Hello;
pub use in_guild::InGuild;
pub use integration::{Integration, IntegrationAccount, IntegrationApplication};
pub use invite::Invite;
pub use member::{Member, Members, Membership};
pub use member_event::{MemberEvent, MemberRemove, PresenceUpdate};
pub use message::{Attachment, Message, MessageReference, StickerItem};
pub use message_event::{MessageChange, MessageDelete, MessageEvent, MessageHead};
pub use presence::{
    Activity, ActivityAssets, ActivityEmoji, ActivityParty, ActivityTimes, ClientStatus, Presence,
    Presences, Status,
};
pub use reaction::{Poll, PollCount, PollResults, Reaction, ReactionCounts, ReactionEmoji};
pub use ready::{Application, ListedGuild, Ready};
pub use role::{Role, RoleColors, RoleTags};
pub use role_event::{RoleDelete, RoleEvent};
pub use rule::{Rule, RuleAction, RuleActionDetails, RuleTrigger};
pub use scheduled_event::{EventPlace, ScheduledEvent};
pub use thread::{Thread, ThreadMember, ThreadMembership, ThreadState};
pub use thread_event::{ThreadEvent, ThreadListSync, ThreadMembersUpdate};
pub use user::{Decoration, PrimaryGuild, User};
pub use voice::{Stage, VoiceState};
pub use voice_event::{VoiceChannelInfo, VoiceStateUpdate};
pub use webhook::Webhook;

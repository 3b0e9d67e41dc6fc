//! One borrowed view per payload family, decoded in one pass.

mod channel;
mod channel_event;
mod chunk;
mod dispatch;
mod guild;
mod guild_event;
mod hello;
mod member;
mod member_event;
mod presence;
mod ready;
mod role;
mod role_event;
mod user;

pub use channel::{Channel, ForumTag, Overwrite};
pub use channel_event::ChannelPins;
pub use chunk::{MembersChunk, RateLimited};
pub use dispatch::View;
pub use guild::Guild;
pub use guild_event::{Content, GuildCreate, GuildDelete, GuildSync, GuildUpdate};
pub use hello::Hello;
pub use member::{Member, Members, Membership};
pub use member_event::{MemberEvent, MemberRemove, PresenceUpdate};
pub use presence::{Activity, ActivityEmoji, ClientStatus, Presence, Presences, Status};
pub use ready::{Application, ListedGuild, Ready};
pub use role::{Role, RoleColors};
pub use role_event::{RoleDelete, RoleEvent};
pub use user::User;

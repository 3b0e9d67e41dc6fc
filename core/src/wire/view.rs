//! One borrowed view per payload family, decoded in one pass.

mod channel;
mod guild;
mod member;
mod presence;
mod role;
mod user;

pub use channel::{Channel, ForumTag, Overwrite};
pub use guild::Guild;
pub use member::{Member, Members, Membership};
pub use presence::{Activity, ActivityEmoji, ClientStatus, Presence, Presences, Status};
pub use role::{Role, RoleColors};
pub use user::User;

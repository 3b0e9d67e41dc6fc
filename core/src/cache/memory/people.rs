//! Members, users and presences: packed rows that refer to what they share.

pub(super) mod member;
pub(super) mod presence;
pub(super) mod refcount;
pub(super) mod role_interner;
pub(super) mod user;

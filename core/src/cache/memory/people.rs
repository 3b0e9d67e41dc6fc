//! Members, users and presences: packed rows that refer to what they share.

pub(in crate::cache) mod member;
pub(in crate::cache) mod presence;
pub(super) mod refcount;
pub(super) mod role_interner;
pub(in crate::cache) mod user;

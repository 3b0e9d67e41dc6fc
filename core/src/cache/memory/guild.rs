//! What one guild holds, beside its people.

pub(super) mod channel_webhooks;
pub(super) mod contents;
pub(super) mod entities;
pub(super) mod leaving;
pub(super) mod merge_mode;
pub(super) mod plain;
mod put_back;
pub(super) mod rows;
pub(super) mod state;
pub(super) mod thread_members;
pub(super) mod webhooks;

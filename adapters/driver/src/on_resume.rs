//! What becomes of sessions that an earlier process left behind.

/// What becomes of the sessions of an earlier process, whose rows this one does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnResume {
    /// They are resumed, so that no event is lost. Guilds begin as
    /// [handed over](headcount_core::setup::Outcome::HandedOver): the cache says that their rows
    /// are missing, and their members are asked for where that is automatic. The default.
    #[default]
    Cold,
    /// They are given up, so that every guild comes anew with all its rows. What happened since the
    /// last event that was acknowledged is lost: an
    /// [`Event::Gap`](headcount_core::Event::Gap) says from where. It costs an identify for each
    /// shard.
    Identify,
}

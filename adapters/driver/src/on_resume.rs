//! What becomes of sessions that an earlier process left behind.

/// What becomes of the sessions and the rows of an earlier process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnResume {
    /// Sessions are resumed, so that no event is lost, with the rows that the
    /// [state folder](crate::Builder::state) has of them: guilds are as whole as they were, and
    /// what the rows lack is replayed. Rows of another session, or of one that the service refuses
    /// to resume, stay as [stale](headcount_core::cache::Lack::Stale) until their guild comes anew;
    /// presences, messages, and whatever else no guild lists, go with the session.
    /// Where there are no rows it is as [`Cold`](Self::Cold). The default.
    #[default]
    Warm,
    /// Sessions are resumed, and no rows are read. Guilds begin as
    /// [handed over](headcount_core::setup::Outcome::HandedOver): the cache says that their rows
    /// are missing, and their members are asked for where that is automatic.
    Cold,
    /// Sessions are given up, so that every guild comes anew with all its rows; until then rows of
    /// the folder are stale. What happened since the last event that was acknowledged is lost: an
    /// [`Event::Gap`](headcount_core::Event::Gap) says from where. It costs an identify for each
    /// shard.
    Identify,
}

//! The names of the keys.

use headcount_core::cache::Kind;
use headcount_core::id::GuildId;

/// The kinds of which there are rows but for members, in the order in which they are read back:
/// memberships come before the threads on whom new ones would depend.
pub(crate) const PLACES: [(Kind, &str); 13] = [
    (Kind::Guild, "guild"),
    (Kind::Channel, "channel"),
    (Kind::ThreadMember, "thread_member"),
    (Kind::Thread, "thread"),
    (Kind::Role, "role"),
    (Kind::Emoji, "emoji"),
    (Kind::Sticker, "sticker"),
    (Kind::Sound, "sound"),
    (Kind::VoiceState, "voice_state"),
    (Kind::Stage, "stage"),
    (Kind::ScheduledEvent, "scheduled_event"),
    (Kind::Integration, "integration"),
    (Kind::Rule, "rule"),
];

/// The keys of one guild, which lie in one slot of a cluster.
#[derive(Clone, Debug)]
pub(crate) struct GuildKeys {
    pub(crate) guild: GuildId,
    /// What they begin with.
    begin: String,
}

impl GuildKeys {
    pub(crate) fn new(prefix: &str, guild: GuildId) -> Self {
        let begin = format!("{{{prefix}:{guild}}}");
        Self { guild, begin }
    }

    /// What is known of the guild as a whole.
    pub(crate) fn head(&self) -> String {
        format!("{}:head", self.begin)
    }

    /// The head, while the guild's keys are taken away.
    pub(crate) fn leaving(&self) -> String {
        format!("{}:leaving", self.begin)
    }

    /// The rows of a kind; `None` if there are none of it here.
    pub(crate) fn kind(&self, kind: Kind) -> Option<String> {
        let (_, name) = PLACES.iter().find(|(it, _)| *it == kind)?;
        Some(format!("{}:{name}", self.begin))
    }

    /// Some of the members.
    pub(crate) fn bucket(&self, bucket: u32) -> String {
        format!("{}:members:{bucket}", self.begin)
    }
}

/// The guilds that may have keys.
pub(crate) fn guilds(prefix: &str) -> String {
    format!("{{{prefix}}}:guilds")
}

/// What is known of the bot as a whole.
pub(crate) fn rows(prefix: &str) -> String {
    format!("{{{prefix}}}:rows")
}

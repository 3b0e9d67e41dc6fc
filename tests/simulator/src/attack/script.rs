//! When a hostile server does what.
use super::flood::Flood;

/// What a hostile server does. Apart from that it behaves well.
#[derive(Clone, Copy, Debug)]
pub(super) enum Script {
    /// Floods a session that is on.
    Session {
        /// With what.
        flood: Flood,
        /// Whether it reads meanwhile.
        reads: bool,
    },
    /// Floods in place of Hello.
    Hello(Flood),
    /// Floods in place of READY.
    Ready(Flood),
    /// Cuts a session, and floods the one that resumes in place of RESUMED.
    Replay(Flood),
    /// READY lists so many guilds.
    Guilds(usize),
    /// Recommends so many shards.
    Shards(u64),
    /// Recommends so many shards, all of which it serves.
    Idle(u64),
    /// Floods many shards in every way, cuts them, and lets them resume.
    Soak,
    /// Floods a chat.
    Chat(Flood),
}

impl Script {
    /// Whether the attack begins at once, and not when the bot is well.
    pub(super) const fn is_early(self) -> bool {
        match self {
            Self::Hello(_)
            | Self::Ready(_)
            | Self::Guilds(_)
            | Self::Shards(_)
            | Self::Idle(_)
            | Self::Soak => true,
            Self::Session { .. } | Self::Replay(_) | Self::Chat(_) => false,
        }
    }

    /// How many shards `/gateway/bot` recommends.
    pub(super) const fn shards(self) -> u64 {
        match self {
            Self::Shards(shards) | Self::Idle(shards) => shards,
            Self::Soak => super::soak::SHARDS,
            Self::Session { .. }
            | Self::Hello(_)
            | Self::Ready(_)
            | Self::Replay(_)
            | Self::Guilds(_)
            | Self::Chat(_) => 1,
        }
    }

    /// How many guilds READY lists.
    pub(super) const fn guilds(self) -> usize {
        match self {
            Self::Guilds(guilds) => guilds,
            Self::Idle(_) => 0,
            Self::Session { .. }
            | Self::Hello(_)
            | Self::Ready(_)
            | Self::Replay(_)
            | Self::Shards(_)
            | Self::Soak
            | Self::Chat(_) => 1,
        }
    }

    /// Whether everything goes on at once.
    pub(super) const fn is_soak(self) -> bool {
        matches!(self, Self::Soak)
    }

    /// Whether the bot is one of a chat.
    pub(super) const fn is_chat(self) -> bool {
        matches!(self, Self::Chat(_))
    }
}

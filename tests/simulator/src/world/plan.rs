//! What a world is to hold.

/// Everything that shapes a world beside its seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The guilds, in the order of their numbers; see [`guild_id`](crate::guild_id).
    pub guilds: Vec<GuildPlan>,
    /// Roles per guild, `@everyone` included; at least 1, at most 250.
    pub roles: u32,
    /// Channels per guild, at most 500.
    pub channels: u32,
    /// Emojis per guild, at most 500.
    pub emojis: u32,
    /// How many of 100 members are users who may be in several guilds.
    pub shared_percent: u8,
    /// How many of 100 users are offline.
    pub offline_percent: u8,
    /// Members who sit in a voice channel of each guild.
    pub in_voice: u32,
}

/// One guild to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuildPlan {
    /// How many members it has, the bot included; at least 1, at most 500,000.
    pub members: u32,
    /// What becomes of it after READY.
    pub arrival: Arrival,
}

/// What becomes of a guild after READY has listed it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Arrival {
    /// `GUILD_CREATE` comes.
    #[default]
    Normal,
    /// `GUILD_DELETE` with `unavailable: true` comes.
    Outage,
    /// Nothing comes at all.
    Never,
}

impl Plan {
    /// A world with this many guilds of equal size.
    #[must_use]
    pub fn even(guilds: u32, members: u32) -> Self {
        Self::sizes((0..guilds).map(|_| members))
    }

    /// A world with one guild for each size.
    #[must_use]
    pub fn sizes(sizes: impl IntoIterator<Item = u32>) -> Self {
        let plan = |members| GuildPlan {
            members,
            arrival: Arrival::Normal,
        };
        Self {
            guilds: sizes.into_iter().map(plan).collect(),
            ..Self::default()
        }
    }
}

impl Default for Plan {
    /// Eight guilds of 50 members, with 20 roles, 30 channels and 20 emojis each.
    fn default() -> Self {
        Self {
            guilds: vec![
                GuildPlan {
                    members: 50,
                    arrival: Arrival::Normal
                };
                8
            ],
            roles: 20,
            channels: 30,
            emojis: 20,
            shared_percent: 30,
            offline_percent: 40,
            in_voice: 2,
        }
    }
}

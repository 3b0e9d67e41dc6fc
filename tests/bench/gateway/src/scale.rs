//! How much is measured.

/// Numbers of things; the quick ones are for development and prove nothing.
#[derive(Clone, Copy)]
pub struct Scale {
    pub repetitions: usize,
    /// Chunks of 1,000 members loaded into a new cache.
    pub chunks: u64,
    /// Guilds of the steady mix, and members of each.
    pub guilds: u64,
    pub members: u64,
    pub events: u64,
    pub guild_creates: u64,
    /// Members in one cache, where memory and look-ups are measured: just before a hash table of
    /// a usual library doubles, after it, and beyond.
    pub sizes: [u64; 3],
    pub presences: u64,
    pub look_ups: u64,
    pub deleted: u64,
    pub growth: u64,
    pub updates: u64,
    /// Chunks and events whose instructions are counted.
    pub counted: u64,
    /// Members of the guild that readers look into, and events that the writer applies.
    pub read: u64,
    pub written: u64,
}

impl Scale {
    pub const FULL: Self = Self {
        repetitions: 9,
        chunks: 50,
        guilds: 10,
        members: 5_000,
        events: 20_000,
        guild_creates: 200,
        sizes: [900_000, 1_000_000, 1_100_000],
        presences: 300_000,
        look_ups: 200_000,
        deleted: 100_000,
        growth: 10_000_000,
        updates: 10_000_000,
        counted: 5,
        read: 100_000,
        written: 200_000,
    };

    pub const QUICK: Self = Self {
        repetitions: 3,
        chunks: 5,
        guilds: 2,
        members: 1_000,
        events: 2_000,
        guild_creates: 20,
        sizes: [90_000, 100_000, 110_000],
        presences: 10_000,
        look_ups: 20_000,
        deleted: 10_000,
        growth: 200_000,
        updates: 100_000,
        counted: 1,
        read: 10_000,
        written: 20_000,
    };
}

//! A bot that chunks, the ways in which its connection is troubled, and dice.

use headcount_core::session::Phase;
use headcount_core::setup::AutoChunk;
use headcount_core::{Config, Intents, ShardId, Token};
use headcount_sim::{Fault, Junk, Options, Pair, Plan, Trouble, guild_id};

/// What must never be seen.
pub(crate) const TOKEN: &str = "MTIz.s3cr3t.t0ken";

/// A bot that asks for all members that guilds do not list.
pub(crate) fn config() -> Config {
    let intents = Intents::GUILDS
        | Intents::GUILD_MEMBERS
        | Intents::GUILD_MESSAGES
        | Intents::GUILD_VOICE_STATES;
    let mut config = Config::new(Token::new(TOKEN), intents, ShardId::ONE);
    config.tracker.setup.chunking = AutoChunk::Missing.into();
    config
}

/// A few guilds of some chunks, small in everything else.
pub(crate) fn options() -> Options {
    let world = Plan {
        roles: 3,
        channels: 3,
        emojis: 0,
        ..Plan::sizes([2500, 1200, 40, 3])
    };
    Options {
        world,
        ..Options::default()
    }
}

/// The bot, and its gateway with these options.
pub(crate) fn pair(options: Options, seed: u64) -> Pair {
    Pair::new(options, &config(), seed)
}

pub(crate) fn all_active(pair: &Pair) -> bool {
    pair.seats
        .iter()
        .all(|seat| seat.shard.phase() == Phase::Active)
}

/// Each kind of trouble once.
pub(crate) fn troubles() -> Vec<Trouble> {
    let (guild, index) = (guild_id(0), 1);
    vec![
        Trouble::RefuseUpgrade(503),
        Trouble::DeadResumeHost(503),
        Trouble::SilentUpgrade,
        Trouble::CloseInsteadOfHello(None),
        Trouble::CloseInsteadOfHello(Some(1000)),
        Trouble::ReconnectInsteadOfHello,
        Trouble::InvalidateIdentify { resumable: false },
        Trouble::InvalidateIdentify { resumable: true },
        Trouble::InvalidateResume { resumable: false },
        Trouble::InvalidateResume { resumable: true },
        Trouble::ReadyForResume,
        Trouble::CloseAfterStart(None),
        Trouble::CloseAfterStart(Some(4000)),
        Trouble::CutAfterDispatches(2),
        Trouble::CutAfterChunks(1),
        Trouble::SilentAfterDispatches(3),
        Trouble::JunkAfterDispatches(2, Junk::NotJson),
        Trouble::JunkAfterDispatches(2, Junk::NotAnEnvelope),
        Trouble::JunkAfterDispatches(2, Junk::Deep),
        Trouble::JunkAfterDispatches(2, Junk::UnknownOpcode),
        Trouble::JunkAfterDispatches(2, Junk::UnknownEvent),
        Trouble::JunkAfterDispatches(2, Junk::WrongBody("READY".into())),
        Trouble::JunkAfterDispatches(2, Junk::HugeNumbers),
        Trouble::WithholdAcks { from: 0 },
        Trouble::DelayAcks { by: 20_000 },
        Trouble::DelayAcks { by: 60_000 },
        Trouble::SilentFrom { from: 0 },
        Trouble::LoseChunk { guild, index },
        Trouble::DuplicateChunk { guild, index },
        Trouble::DelayChunk {
            guild,
            index,
            by: 15_000,
        },
        Trouble::IgnoreRequest { guild },
        Trouble::RefuseRequest {
            guild,
            retry_after: 7_000,
        },
    ]
}

/// Some troubles, each once, drawn from a seed.
pub(crate) fn faults(dice: &mut Dice) -> Vec<Fault> {
    let troubles = troubles();
    let count = 1 + dice.below(5);
    let draw = |_| {
        let which = dice.below(troubles.len() as u64) as usize;
        Fault::once(troubles[which].clone())
    };
    (0..count).map(draw).collect()
}

/// A generator of its own, so that nothing is judged by its own dice.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        let step = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = step.wrapping_add(1_442_695_040_888_963);
        (self.0 >> 33) % bound
    }
}

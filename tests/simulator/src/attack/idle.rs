//! How much memory a shard takes that is left alone.
use super::script::Script;
use super::{Attack, child, right};
use headcount_driver::Compression;
use std::io;
use std::process::Command;
use std::time::Duration;

const FEW: u64 = 16;
const MANY: u64 = 272;

/// Bots whose server does not attack: what they differ in is the number of their shards.
pub(super) const BOTS: [Attack; 2] = [bot("few_idle_shards", FEW), bot("many_idle_shards", MANY)];

const fn bot(name: &'static str, shards: u64) -> Attack {
    Attack {
        name,
        what: "lets the bot be",
        script: Script::Idle(shards),
        compression: Compression::ZstdStream,
        takes: true,
        right: right(64, true, &["Ready"]),
    }
}

/// How long the shards are left alone.
const TIME: Duration = Duration::from_secs(3);

/// Bytes that are resident for each shard beyond the first few: a session without guilds over a
/// plain connection, compressed with zstd. `None` where memory is not known.
///
/// # Errors
/// The processes cannot be brought together, or a bot does not come up.
pub fn bytes_per_shard(program: &Command) -> io::Result<Option<u64>> {
    let [few, many] = BOTS.map(|bot| {
        let verdict = child::run(&bot, TIME, program)?;
        match verdict.holds() {
            true => Ok(verdict.peak),
            false => Err(io::Error::other(format!("{:?}", verdict.wrong))),
        }
    });
    let (few, many) = (few?, many?);
    let more = few.zip(many).map(|(few, many)| many.saturating_sub(few));
    Ok(more.map(|more| more / (MANY - FEW)))
}

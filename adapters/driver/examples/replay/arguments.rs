//! What the command line asks for.

use super::recorded::Cut;

const USAGE: &str =
    "replay [--check] [--shard N] [--guild ID] [--from MS] [--to MS] [RECORDING or SCRIPT]";

/// What to replay, and what of it to print.
pub(crate) struct Arguments {
    pub(crate) path: Option<String>,
    pub(crate) cut: Cut,
}

impl Arguments {
    pub(crate) fn read(words: impl Iterator<Item = String>) -> Result<Self, String> {
        let (mut words, mut path, mut cut) = (words, None, Cut::default());
        while let Some(word) = words.next() {
            let mut number = || {
                let value = words.next().ok_or(format!("{word} needs a value"))?;
                value
                    .parse::<u64>()
                    .map_err(|_| format!("{word} needs a number, not {value:?}"))
            };
            match word.as_str() {
                "--check" => cut.only_differing = true,
                "--shard" => cut.shard = Some(number()?),
                "--guild" => cut.guild = Some(number()?.to_string()),
                "--from" => cut.from = number()?,
                "--to" => cut.to = number()?,
                "--help" => return Err(USAGE.into()),
                other if other.starts_with("--") || path.is_some() => return Err(USAGE.into()),
                _ => path = Some(word),
            }
        }
        Ok(Self { path, cut })
    }
}

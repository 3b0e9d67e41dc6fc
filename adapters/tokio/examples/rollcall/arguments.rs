//! What the command line asks for.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;

use headcount_tokio::Compression;
use lexopt::prelude::*;

const HELP: &str = "\
Counts everyone in every guild of a bot, and says what is complete and what is
missing.

Usage: rollcall [OPTIONS]

Without --live, a simulated gateway is started inside the process: 2 shards, 60
guilds.

  --live              use the real gateway, with the token in DISCORD_TOKEN
  --plain             no progress bars, a line a second (also when there is
                      no terminal)
  --json              print one JSON object at the end, and nothing else
  --compress KIND     zstd (default), zlib or none
  --seed N            another simulated world (default 1)
  --board ADDRESS     serve the status page there (127.0.0.1:0 is a free port),
                      and keep it up after the table until Ctrl-C
  --state FOLDER      keep sessions and rows there: the next roll call with it
                      shows its table at once, and counts anew what is not whole
  --record FILE       write a recording of all that happened there at the end,
                      scrubbed so that strangers may see it; the example
                      replay steps through it (of a fault, in FILE.fault)
  --help              this text

With --live the bot needs the server members intent, switched on at the bot's
page. Ctrl-C ends it with the table so far.";

/// What to do.
pub(crate) struct Arguments {
    pub(crate) place: Place,
    pub(crate) plain: bool,
    pub(crate) json: bool,
    pub(crate) compression: Compression,
    pub(crate) board: Option<SocketAddr>,
    pub(crate) state: Option<PathBuf>,
    pub(crate) record: Option<PathBuf>,
}

/// Where to call the roll.
#[derive(Clone)]
pub(crate) enum Place {
    /// At a simulated gateway.
    Demonstration { seed: u64 },
    /// At the real one.
    Live { token: String },
}

impl Place {
    /// What distinguishes it from others, without anything secret.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Demonstration { seed } => format!("demonstration {seed}"),
            Self::Live { .. } => "live".to_owned(),
        }
    }
}

impl Arguments {
    /// Reads the command line; `None` when the help text was all that was wanted.
    pub(crate) fn read() -> Result<Option<Self>, String> {
        let (mut live, mut seed) = (false, 1);
        let mut arguments = Self {
            place: Place::Demonstration { seed },
            plain: !std::io::stderr().is_terminal(),
            json: false,
            compression: Compression::ZstdStream,
            board: None,
            state: None,
            record: None,
        };
        let mut parser = lexopt::Parser::from_env();
        while let Some(argument) = parser.next().map_err(|e| e.to_string())? {
            match argument {
                Long("live") => live = true,
                Long("plain") => arguments.plain = true,
                Long("json") => arguments.json = true,
                Long("compress") => {
                    let kind = parser.value().map_err(|e| e.to_string())?;
                    arguments.compression = compression(&kind.to_string_lossy())?;
                }
                Long("seed") => {
                    let value = parser.value().and_then(|value| value.parse());
                    seed = value.map_err(|e| format!("--seed: {e}"))?;
                }
                Long("board") => {
                    let value = parser.value().and_then(|value| value.parse());
                    arguments.board = Some(value.map_err(|e| format!("--board: {e}"))?);
                }
                Long("state") => {
                    let value = parser.value().map_err(|e| e.to_string())?;
                    arguments.state = Some(value.into());
                }
                Long("record") => {
                    let value = parser.value().map_err(|e| e.to_string())?;
                    arguments.record = Some(value.into());
                }
                Long("help") | Short('h') => {
                    println!("{HELP}");
                    return Ok(None);
                }
                other => return Err(other.unexpected().to_string()),
            }
        }
        arguments.place = if live {
            Place::Live { token: token()? }
        } else {
            Place::Demonstration { seed }
        };
        Ok(Some(arguments))
    }
}

fn compression(kind: &str) -> Result<Compression, String> {
    match kind {
        "zstd" => Ok(Compression::ZstdStream),
        "zlib" => Ok(Compression::ZlibStream),
        "none" => Ok(Compression::None),
        other => Err(format!(
            "--compress takes zstd, zlib or none, not {other:?}"
        )),
    }
}

fn token() -> Result<String, String> {
    match std::env::var("DISCORD_TOKEN") {
        Ok(token) if !token.trim().is_empty() => Ok(token),
        Ok(_) | Err(_) => Err("--live needs the bot's token in DISCORD_TOKEN".into()),
    }
}

//! What the command line asks for.

use std::io::IsTerminal;
use std::time::Duration;

use headcount_tokio::driver::core::Token;
use headcount_tokio::driver::core::twitch::{Login, Room};
use lexopt::prelude::*;

const HELP: &str = "\
Joins hundreds of Twitch rooms on several accounts, within Twitch's limits.

Usage: chat_rooms [OPTIONS]
       chat_rooms --live [OPTIONS] ROOM...

Without --live, a simulated Twitch is started inside the process: 300 rooms on
three accounts, each with 4 shards of 25 rooms. One connection is cut on the
way, and its rooms are joined again. Ctrl-C ends it with the table so far.

  --speed N      run the limits' clock N times faster, 1 to 20 (default 10; 1
                 takes about a minute)
  --seed N       another run of chance (default 1)
  --live         join the rooms given on the real Twitch, as TWITCH_LOGIN with
                 TWITCH_TOKEN, or anonymously when neither is set
  --seconds N    how long to stay with --live (default 30)
  --plain        no progress bars, a line a second (also when there is no
                 terminal)
  --json         print one JSON object at the end, and nothing else
  --help         this text";

/// The default speed: the demonstration then takes about 12 seconds.
const SPEED: u32 = 10;

/// What to do.
pub(crate) struct Arguments {
    pub(crate) place: Place,
    pub(crate) plain: bool,
    pub(crate) json: bool,
}

/// Where to join rooms.
pub(crate) enum Place {
    /// At a simulated Twitch.
    Demonstration { speed: u32, seed: u64 },
    /// At the real one.
    Live(Live),
}

/// A stay at the real Twitch.
pub(crate) struct Live {
    /// Who; nobody for an anonymous stay.
    pub(crate) account: Option<(Login, Token)>,
    pub(crate) rooms: Vec<Room>,
    pub(crate) stay: Duration,
}

impl Arguments {
    /// Reads the command line; `None` when the help text was all that was wanted.
    pub(crate) fn read() -> Result<Option<Self>, String> {
        let (mut live, mut speed, mut seed, mut seconds) = (false, SPEED, 1, 30);
        let mut rooms = Vec::new();
        let (mut plain, mut json) = (!std::io::stderr().is_terminal(), false);
        let mut parser = lexopt::Parser::from_env();
        while let Some(argument) = parser.next().map_err(|e| e.to_string())? {
            match argument {
                Long("live") => live = true,
                Long("plain") => plain = true,
                Long("json") => json = true,
                Long("speed") => speed = number(&mut parser, "--speed", 1, 20)? as u32,
                Long("seed") => seed = number(&mut parser, "--seed", 0, u64::MAX)?,
                Long("seconds") => seconds = number(&mut parser, "--seconds", 1, 86_400)?,
                Value(name) => {
                    let name = name.to_string_lossy();
                    rooms.push(Room::new(&name).map_err(|e| format!("{name:?}: {e}"))?);
                }
                Long("help") | Short('h') => {
                    println!("{HELP}");
                    return Ok(None);
                }
                other => return Err(other.unexpected().to_string()),
            }
        }
        let place = match (live, rooms.is_empty()) {
            (true, true) => return Err("--live needs the names of rooms".into()),
            (false, false) => return Err("rooms can only be named with --live".into()),
            (true, false) => Place::Live(Live {
                account: account()?,
                rooms,
                stay: Duration::from_secs(seconds),
            }),
            (false, true) => Place::Demonstration { speed, seed },
        };
        Ok(Some(Self { place, plain, json }))
    }
}

fn number(parser: &mut lexopt::Parser, name: &str, least: u64, most: u64) -> Result<u64, String> {
    let value = parser.value().and_then(|value| value.parse::<u64>());
    let number = value.map_err(|e| format!("{name}: {e}"))?;
    match (least..=most).contains(&number) {
        true => Ok(number),
        false => Err(format!("{name} takes {least} to {most}")),
    }
}

fn account() -> Result<Option<(Login, Token)>, String> {
    let read = |name| {
        std::env::var(name)
            .ok()
            .filter(|value| !value.trim().is_empty())
    };
    match (read("TWITCH_LOGIN"), read("TWITCH_TOKEN")) {
        (Some(login), Some(token)) => {
            let login = Login::new(&login).map_err(|e| format!("TWITCH_LOGIN: {e}"))?;
            Ok(Some((login, Token::new(&token))))
        }
        (None, None) => Ok(None),
        (Some(_), None) => Err("TWITCH_LOGIN is set, TWITCH_TOKEN is not".into()),
        (None, Some(_)) => Err("TWITCH_TOKEN is set, TWITCH_LOGIN is not".into()),
    }
}

//! Starts the simulated Twitch chat from the command line; `--help` says how.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal prints its results and errors"
)]

use headcount_sim::twitch::recording::recorder;
use headcount_sim::twitch::{
    JoinEnforcement, RoomPlan, TwitchHappening, TwitchObserver, TwitchOptions, TwitchServer,
    TwitchServerConfig,
};
use lexopt::prelude::*;
use std::fs::File;
use std::io::{self, Write};
use std::process::ExitCode;

const HELP: &str = "\
A simulated Twitch chat on 127.0.0.1, over WebSocket and over plain TCP.

Usage: twitch [OPTIONS]

  --port N          port for WebSocket (default: a free one)
  --irc-port N      port for plain IRC (default: a free one)
  --joins HOW       what happens to JOINs over the rate: off, drop (default) or kill
  --missing ROOM    a room that does not exist; can be given more than once
  --chatter MS      a viewer speaks in each joined room every so many milliseconds
  --ping MS         milliseconds between two PINGs (default 300000)
  --speed N         run the limits' clock N times faster (default 1)
  --seed N          another run of chance (default 1)
  --record FILE     write what clients send, as JSON lines, without tokens
  --help            this text

Any login with any oauth: token is taken, and justinfan with digits without one.";

struct Arguments {
    options: TwitchOptions,
    config: TwitchServerConfig,
    seed: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = match read() {
        Ok(Some(arguments)) => arguments,
        Ok(None) => return ExitCode::SUCCESS,
        Err(wrong) => {
            eprintln!("twitch: {wrong} (see --help)");
            return ExitCode::from(2);
        }
    };
    let Arguments {
        options,
        mut config,
        seed,
    } = arguments;
    config.observers.push(Box::new(print_line));
    match TwitchServer::start(options, seed, config).await {
        Ok(server) => {
            say(&format!(
                "ws {}\nirc {}",
                server.ws_url(),
                server.irc_address()
            ));
            std::future::pending::<()>().await;
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("twitch: cannot listen: {error}");
            ExitCode::FAILURE
        }
    }
}

fn read() -> Result<Option<Arguments>, String> {
    let mut options = TwitchOptions::default();
    let mut config = TwitchServerConfig::default();
    let mut seed = 1;
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next().map_err(|e| e.to_string())? {
        match argument {
            Long("port") => config.websocket_port = number(&mut parser, "--port")?,
            Long("irc-port") => config.irc_port = number(&mut parser, "--irc-port")?,
            Long("chatter") => options.chatter = Some(number(&mut parser, "--chatter")?),
            Long("ping") => options.ping_every = number(&mut parser, "--ping")?,
            Long("speed") => config.speed = number(&mut parser, "--speed")?,
            Long("seed") => seed = number(&mut parser, "--seed")?,
            Long("joins") => options.join_enforcement = enforcement(&text(&mut parser)?)?,
            Long("missing") => {
                let room = text(&mut parser)?.trim_start_matches('#').to_lowercase();
                let plan = RoomPlan {
                    missing: true,
                    ..RoomPlan::default()
                };
                options.rooms.insert(room, plan);
            }
            Long("record") => config.observers.push(record(&text(&mut parser)?)?),
            Long("help") | Short('h') => {
                println!("{HELP}");
                return Ok(None);
            }
            other => return Err(other.unexpected().to_string()),
        }
    }
    Ok(Some(Arguments {
        options,
        config,
        seed,
    }))
}

fn number<N: std::str::FromStr>(parser: &mut lexopt::Parser, name: &str) -> Result<N, String>
where
    N::Err: std::error::Error + Send + Sync + 'static,
{
    let value = parser.value().and_then(|value| value.parse());
    value.map_err(|e| format!("{name}: {e}"))
}

fn text(parser: &mut lexopt::Parser) -> Result<String, String> {
    let value = parser.value().map_err(|e| e.to_string())?;
    value
        .into_string()
        .map_err(|_| "an argument is not UTF-8".to_owned())
}

fn enforcement(name: &str) -> Result<JoinEnforcement, String> {
    match name {
        "off" => Ok(JoinEnforcement::Off),
        "drop" => Ok(JoinEnforcement::Drop),
        "kill" => Ok(JoinEnforcement::Kill),
        other => Err(format!("--joins takes off, drop or kill, not {other:?}")),
    }
}

fn record(path: &str) -> Result<TwitchObserver, String> {
    let file = File::create(path).map_err(|error| format!("--record: {error}"))?;
    Ok(recorder(file))
}

fn print_line(now: u64, happening: &TwitchHappening<'_>) {
    match happening {
        TwitchHappening::Opened {
            connection,
            transport,
        } => {
            say(&format!(
                "{now:>8} ms  connection {} opened: {transport:?}",
                connection.get()
            ));
        }
        TwitchHappening::Closed { connection } => {
            say(&format!(
                "{now:>8} ms  connection {} closed",
                connection.get()
            ));
        }
        TwitchHappening::Violation(violation) => say(&format!("rule broken: {violation}")),
        TwitchHappening::Received { .. } => {}
    }
}

/// Prints a line at once, also into a pipe; a reader who has gone is no reason to stop serving.
fn say(line: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

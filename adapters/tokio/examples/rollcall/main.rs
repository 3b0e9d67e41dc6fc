//! Roll call: a bot comes up, and says of every guild whether everyone in it has been counted.
//!
//! Without arguments it starts a simulated gateway inside the process and connects to it over a
//! real socket. `--help` lists every option.
//!
//! `rollcall.svg` is what it prints at its end: `cargo run --release --example rollcall |
//! tail -38 | cargo run -p headcount-sim --bin picture -- terminal TITLE`.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is a program for a terminal"
)]

mod arguments;
mod call;
mod demonstration;
mod progress;
mod report;

use std::pin::{Pin, pin};
use std::process::ExitCode;
use std::time::Instant;

use arguments::{Arguments, Place};
use call::Call;
use headcount_board::{Board, BoardServer};
use headcount_tokio::driver::core::chunk::RequestConfig;
use headcount_tokio::driver::core::session::OnStop;
use headcount_tokio::driver::core::setup::AutoChunk;
use headcount_tokio::driver::record::RecordOptions;
use headcount_tokio::{Api, Bot, Builder, Handle, Intents, Tokio};
use progress::Progress;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = match Arguments::read() {
        Ok(Some(arguments)) => arguments,
        Ok(None) => return ExitCode::SUCCESS,
        Err(mistake) => {
            eprintln!("rollcall: {mistake} (see --help)");
            return ExitCode::from(2);
        }
    };
    match run(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            eprintln!("rollcall: {trouble}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), String> {
    let intents = Intents::GUILDS | Intents::GUILD_MEMBERS;
    match &arguments.place {
        Place::Demonstration { seed } => {
            let server = demonstration::start(*seed)
                .await
                .map_err(|e| e.to_string())?;
            if !arguments.json {
                println!("{}\n", demonstration::ABOUT);
            }
            let bot = Bot::builder(demonstration::TOKEN, intents)
                .api(Api::at(server.http_url()))
                .configure(|config| {
                    config.tracker.requests = RequestConfig {
                        gate: demonstration::CLIENT_GATE,
                        silence: demonstration::SILENCE,
                        ..config.tracker.requests.clone()
                    };
                });
            call(bot, arguments).await
        }
        Place::Live { token } => call(Bot::builder(token, intents), arguments).await,
    }
}

/// Starts the bot, follows it until everyone is counted, and prints the result.
async fn call(bot: Builder, arguments: &Arguments) -> Result<(), String> {
    let started = Instant::now();
    let bot = bot
        .compression(arguments.compression)
        .chunking(AutoChunk::Missing);
    let bot = match &arguments.record {
        Some(path) => bot.record(RecordOptions {
            file: Some(path.clone()),
            ..RecordOptions::default()
        }),
        None => bot,
    };
    let mut bot = bot.connect().await.map_err(|error| error.to_string())?;
    let handle = bot.handle();
    let board = serve_board(arguments, &handle)?;
    let mut progress = Progress::new(arguments, &handle);
    let mut call = Call::default();
    let mut interrupt = pin!(tokio::signal::ctrl_c());
    let mut is_interrupted = false;
    while !call.is_over() {
        tokio::select! {
            // The table so far is better than none.
            _ = &mut interrupt => {
                is_interrupted = true;
                break;
            }
            event = bot.next() => match event {
                Some(event) => call.note(&event)?,
                None => return Err("the gateway ended every shard".into()),
            },
            () = progress.tick() => progress.show(&handle),
        }
    }
    progress.finish(&handle);
    let report = call.report(&handle, started.elapsed());
    match arguments.json {
        true => println!("{}", report.to_json()),
        false => println!("{report}"),
    }
    if board.is_some() && !is_interrupted {
        keep_up(&mut bot, interrupt).await;
    }
    let dumped = match &arguments.record {
        Some(path) => handle.dump(path).await.map_err(|error| error.to_string()),
        None => Ok(()),
    };
    let _ = bot.shutdown(OnStop::End).await;
    dumped
}

/// Serves the status page, if it is wanted, and says where.
fn serve_board(arguments: &Arguments, handle: &Handle) -> Result<Option<BoardServer>, String> {
    let Some(address) = arguments.board else {
        return Ok(None);
    };
    let board = Board::new(handle).listen_on(address).serve(Tokio);
    let board = board.map_err(|error| format!("{address} cannot be listened on: {error}"))?;
    match arguments.json {
        // Standard output is for one JSON object.
        true => eprintln!("board {}", board.url()),
        false => println!("board {}", board.url()),
    }
    Ok(Some(board))
}

/// Takes events until Ctrl-C, or until the gateway has ended every shard.
async fn keep_up(bot: &mut Bot, mut interrupt: Pin<&mut impl Future>) {
    loop {
        tokio::select! {
            _ = &mut interrupt => return,
            event = bot.next() => if event.is_none() {
                return;
            },
        }
    }
}

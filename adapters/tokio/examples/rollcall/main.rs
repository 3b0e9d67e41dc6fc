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
mod earlier;
mod progress;
mod report;
mod restored;

use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use arguments::{Arguments, Place};
use call::Call;
use earlier::Earlier;
use headcount_board::{Board, BoardServer};
use headcount_tokio::driver::core::chunk::RequestConfig;
use headcount_tokio::driver::core::session::OnStop;
use headcount_tokio::driver::core::setup::AutoChunk;
use headcount_tokio::driver::record::RecordOptions;
use headcount_tokio::{Api, Bot, Builder, Handle, Intents, Tokio};
use progress::Progress;
use restored::RestoredGuilds;

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
    let folder = arguments.state.as_deref();
    let earlier = folder.and_then(Earlier::read);
    let earlier = earlier.filter(|it| it.place == arguments.place.name());
    match &arguments.place {
        Place::Demonstration { seed } => {
            let known = folder.filter(|_| earlier.is_some());
            let sessions = known.map(demonstration::sessions).unwrap_or_default();
            let server = demonstration::start(*seed, sessions).await;
            let server = server.map_err(|e| e.to_string())?;
            if !arguments.json {
                println!("{}\n", demonstration::ABOUT);
            }
            let bot = Bot::builder(demonstration::TOKEN, intents)
                .api(Api::at(server.http_url()))
                .configure(|config| {
                    // A session of an earlier run is resumed at its port first, where nobody is.
                    config.timing.first_backoff = demonstration::BACKOFF;
                    config.tracker.requests = RequestConfig {
                        gate: demonstration::CLIENT_GATE,
                        silence: demonstration::SILENCE,
                        ..config.tracker.requests.clone()
                    };
                });
            call(bot, arguments, earlier).await
        }
        Place::Live { token } => call(Bot::builder(token, intents), arguments, earlier).await,
    }
}

/// What the command line asks of the bot itself.
fn builder(bot: Builder, arguments: &Arguments) -> Builder {
    let mut bot = bot
        .compression(arguments.compression)
        .chunking(AutoChunk::Missing);
    if let Some(folder) = &arguments.state {
        bot = bot.state(folder);
    }
    if let Some(path) = &arguments.record {
        bot = bot.record(RecordOptions {
            file: Some(evidence(path)),
            ..RecordOptions::default()
        });
    }
    bot
}

/// Where the recording goes of what nobody wished for: beside the one that is asked for.
fn evidence(recording: &Path) -> PathBuf {
    let mut name = recording.as_os_str().to_owned();
    name.push(".fault");
    name.into()
}

/// How following the bot ended.
enum Followed {
    /// Everyone is counted, or nobody can be any more.
    ToItsEnd,
    Interrupted,
    Failed(String),
}

/// Starts the bot, follows it until everyone is counted, and prints the result.
async fn call(bot: Builder, arguments: &Arguments, earlier: Option<Earlier>) -> Result<(), String> {
    let started = Instant::now();
    let bot = builder(bot, arguments).connect().await;
    let mut bot = bot.map_err(|error| error.to_string())?;
    let (handle, took) = (bot.handle(), started.elapsed());
    let counting = earlier.map(|it| it.took);
    let restored = |it| RestoredGuilds::new(it, took, counting);
    if let Some(begun) = handle.restored().filter(|_| !arguments.json) {
        let table = Call::default().report(&handle, took, Some(restored(begun)));
        println!("{table}\n\nWhat is not whole is counted anew.\n");
    }
    let board = serve_board(arguments, &handle)?;
    let mut progress = Progress::new(arguments, &handle);
    let mut call = Call::default();
    let mut interrupt = pin!(tokio::signal::ctrl_c());
    let followed = loop {
        if call.is_over() {
            break Followed::ToItsEnd;
        }
        tokio::select! {
            // The table so far is better than none.
            _ = &mut interrupt => break Followed::Interrupted,
            event = bot.next() => match event.map(|event| call.note(&event)) {
                Some(Ok(())) => {}
                Some(Err(trouble)) => break Followed::Failed(trouble),
                None => break Followed::Failed("the gateway ended every shard".into()),
            },
            () = progress.tick() => progress.show(&handle),
        }
    };
    progress.finish(&handle);
    let (elapsed, still) = (started.elapsed(), call.restored());
    let is_counted = call.is_over() && still.is_none();
    let report = call.report(&handle, elapsed, still.map(restored));
    let outcome = match &followed {
        Followed::Failed(trouble) => Err(trouble.clone()),
        Followed::ToItsEnd | Followed::Interrupted => {
            match arguments.json {
                true => println!("{}", report.to_json()),
                false => println!("{report}"),
            }
            Ok(())
        }
    };
    if board.is_some() && !matches!(followed, Followed::Interrupted) {
        keep_up(&mut bot, interrupt).await;
    }
    let dumped = match &arguments.record {
        Some(path) => handle.dump(path).await.map_err(|error| error.to_string()),
        None => Ok(()),
    };
    let ended = end(bot, arguments, is_counted.then_some(elapsed)).await;
    outcome.and(dumped).and(ended)
}

/// Ends the bot; with a folder so that the next one goes on from there, and with how long it took
/// if everyone was counted.
async fn end(bot: Bot, arguments: &Arguments, counted: Option<Duration>) -> Result<(), String> {
    let Some(folder) = &arguments.state else {
        let _ = bot.shutdown(OnStop::End).await;
        return Ok(());
    };
    let ended = bot.shutdown(OnStop::Resume).await;
    ended.map_err(|error| error.to_string())?;
    let Some(took) = counted else {
        return Ok(());
    };
    let place = arguments.place.name();
    let written = Earlier { place, took }.write(folder);
    written.map_err(|error| error.to_string())
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

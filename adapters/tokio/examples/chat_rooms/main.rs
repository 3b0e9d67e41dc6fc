//! Chat rooms: a Twitch bot in hundreds of rooms, on several accounts, within Twitch's limits.
//!
//! Without arguments it starts a simulated Twitch inside the process and joins 300 rooms of it over
//! real sockets; on the way one connection is cut. `--help` lists every option.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is a program for a terminal"
)]

mod arguments;
mod demonstration;
mod interrupt;
mod live;
mod progress;
mod report;
mod tally;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use arguments::{Arguments, Place};
use demonstration::Demonstration;
use headcount_tokio::{Chat, ChatBuilder, ChatEvent};
use interrupt::Interrupt;
use progress::Progress;
use report::Report;
use tally::{Crew, Tally};

/// How long the last messages are waited for once all rooms are joined.
const AFTERGLOW: Duration = Duration::from_secs(1);

/// When a demonstration that goes nowhere is given up.
const PATIENCE: Duration = Duration::from_secs(300);

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = match Arguments::read() {
        Ok(Some(arguments)) => arguments,
        Ok(None) => return ExitCode::SUCCESS,
        Err(mistake) => {
            eprintln!("chat_rooms: {mistake} (see --help)");
            return ExitCode::from(2);
        }
    };
    match run(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            eprintln!("chat_rooms: {trouble}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), String> {
    let report = match &arguments.place {
        Place::Demonstration { speed, seed } => demonstrate(arguments, *speed, *seed).await?,
        Place::Live(place) => {
            let (builder, crews) = live::describe(place)?;
            let end = Instant::now() + place.stay;
            watch(arguments, builder, crews, end).await?
        }
    };
    match arguments.json {
        true => println!("{}", report.to_json()),
        false => println!("{report}"),
    }
    Ok(())
}

/// The simulated run: ends once a shard was killed and every room is joined.
async fn demonstrate(arguments: &Arguments, speed: u32, seed: u64) -> Result<Report, String> {
    let show = Demonstration::start(speed, seed)
        .await
        .map_err(|e| e.to_string())?;
    if !arguments.json {
        println!("{}\n", show.about());
    }
    let (builder, crews) = show.describe()?;
    let mut chat = builder.start().map_err(|error| error.to_string())?;
    let (mut tally, started) = (Tally::new(crews), Instant::now());
    let mut progress = Progress::new(arguments, &tally);
    let (mut killed, mut interrupt) = (None, Interrupt::default());
    loop {
        take(&mut chat, &mut tally, &mut progress, &mut interrupt).await?;
        if interrupt.has_come() {
            break;
        }
        if killed.is_none() && tally.joined() >= tally.rooms() * 2 / 3 {
            killed = Some(show.kill_busiest());
        }
        let back = killed.is_some_and(|rooms| tally.rejoined() >= rooms);
        if back && tally.joined() == tally.rooms() {
            break;
        }
        if started.elapsed() > PATIENCE {
            let (joined, rooms) = (tally.joined(), tally.rooms());
            return Err(format!(
                "only {joined} of {rooms} rooms were joined in time"
            ));
        }
    }
    let seconds = started.elapsed();
    let end = Instant::now() + AFTERGLOW;
    while Instant::now() < end && !interrupt.has_come() {
        take(&mut chat, &mut tally, &mut progress, &mut interrupt).await?;
    }
    progress.finish(&tally);
    let report = Report::new(&tally, &chat.handle(), seconds, show.budget_violations());
    chat.shutdown().await;
    Ok(report)
}

/// The real run: ends when the time is over.
async fn watch(
    arguments: &Arguments,
    builder: ChatBuilder,
    crews: Vec<Crew>,
    end: Instant,
) -> Result<Report, String> {
    let mut chat = builder.start().map_err(|error| error.to_string())?;
    let (mut tally, started) = (Tally::new(crews), Instant::now());
    let mut progress = Progress::new(arguments, &tally);
    let mut interrupt = Interrupt::default();
    while Instant::now() < end && !interrupt.has_come() {
        take(&mut chat, &mut tally, &mut progress, &mut interrupt).await?;
    }
    progress.finish(&tally);
    let report = Report::new(&tally, &chat.handle(), started.elapsed(), 0);
    chat.shutdown().await;
    Ok(report)
}

/// Takes one event, or shows how far it is; returns at once when Ctrl-C comes.
async fn take(
    chat: &mut Chat,
    tally: &mut Tally,
    progress: &mut Progress,
    interrupt: &mut Interrupt,
) -> Result<(), String> {
    tokio::select! {
        () = interrupt.wait() => Ok(()),
        event = chat.next() => match event {
            Some(ChatEvent::WantToken(_)) => {
                Err("Twitch refuses the token: get a fresh one with the scope chat:read".into())
            }
            Some(event) => {
                tally.note(&event);
                match tally.is_out_of_reach() {
                    true => Err("Twitch cannot be reached: check the network".into()),
                    false => Ok(()),
                }
            }
            None => Err("the chat has ended".into()),
        },
        () = progress.tick() => {
            progress.show(tally);
            Ok(())
        }
    }
}

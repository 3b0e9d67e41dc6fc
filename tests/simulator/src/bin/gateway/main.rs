//! Starts the simulated gateway from the command line; `--help` says how.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal prints its results and errors"
)]
mod arguments;
mod help;
mod options;

use arguments::{Arguments, Command};
use headcount_sim::server::recording::recorder;
use headcount_sim::server::{Happening, HostedServer, Observer, ServerConfig};
use std::fs::File;
use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    match arguments::parse(std::env::args_os().skip(1)) {
        Ok(Command::Help) => {
            print!("{}", help::HELP);
            ExitCode::SUCCESS
        }
        Ok(Command::Run(arguments)) => match run(&arguments) {
            Ok(server) => serve_for_ever(&server),
            Err(wrong) => {
                eprintln!("gateway: {wrong}");
                ExitCode::FAILURE
            }
        },
        Err(wrong) => {
            eprintln!("gateway: {wrong}");
            ExitCode::from(2)
        }
    }
}

/// Starts the server and prints its URLs.
fn run(asked: &Arguments) -> Result<HostedServer, String> {
    let mut observers: Vec<Observer> = vec![Box::new(print_line)];
    if let Some(path) = &asked.record {
        let file = File::create(path).map_err(|error| format!("--record: {error}"))?;
        observers.push(recorder(file));
    }
    let config = ServerConfig {
        port: asked.port,
        tls: asked.tls.is_some(),
        cutting: asked.cutting,
        observers,
        ..ServerConfig::default()
    };
    let server = HostedServer::start(options::options(asked), asked.seed, config)
        .map_err(|error| format!("cannot listen on port {}: {error}", asked.port))?;
    if let (Some(path), Some(certificate)) = (&asked.tls, server.certificate()) {
        std::fs::write(path, certificate.pem()).map_err(|error| format!("--tls: {error}"))?;
    }
    say(&format!(
        "http {}\nws {}",
        server.http_url(),
        server.ws_url()
    ));
    Ok(server)
}

fn print_line(now: u64, happening: &Happening<'_>) {
    if !matches!(happening, Happening::Received { .. }) {
        say(&format!("{now:>8} ms  {happening}"));
    }
}

/// Prints a line at once, also into a pipe; a reader who has gone is no reason to stop serving.
fn say(line: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

fn serve_for_ever(_server: &HostedServer) -> ! {
    loop {
        std::thread::park();
    }
}

//! headcount's chat parser beside that of the `twitch-irc` crate: the same lines in the same run.
//!
//! Both sides do the same work and must agree on it: parse the line, read every tag's key and its
//! unescaped value, the prefix with its nick and host, the command and every parameter. Rounds of
//! both take turns; the median of the rounds counts.
//!
//! `cargo run --release --manifest-path tests/bench/chat/Cargo.toml`

mod lines;

use std::hint::black_box;
use std::time::{Duration, Instant};

use headcount_core::twitch::IrcMessage;
use lines::LINES;
use twitch_irc::message::{IRCMessage, IRCPrefix};

/// Rounds of each side, taken in turns.
const ROUNDS: usize = 101;

/// How often all lines are parsed in a round.
const LAPS: usize = 400;

/// What was read from a message; both sides must come to the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Read {
    tags: usize,
    tag_bytes: usize,
    prefix_bytes: usize,
    params: usize,
    param_bytes: usize,
}

fn ours(line: &str) -> Read {
    let message = IrcMessage::parse(line.as_bytes()).expect("a message");
    let mut read = Read::default();
    for (key, value) in message.tags() {
        read.tags += 1;
        read.tag_bytes += black_box(key).len() + black_box(value.unescape()).len();
    }
    if let Some(prefix) = message.prefix() {
        let parts = [prefix.nick(), prefix.user(), prefix.host()];
        read.prefix_bytes = parts
            .into_iter()
            .flatten()
            .map(|part| black_box(part).len())
            .sum();
    }
    black_box(message.command());
    for param in message.params().iter() {
        read.params += 1;
        read.param_bytes += black_box(param).len();
    }
    read
}

fn theirs(line: &str) -> Read {
    let message = IRCMessage::parse(line).expect("a message");
    let mut read = Read::default();
    for (key, value) in &message.tags.0 {
        read.tags += 1;
        read.tag_bytes += black_box(key).len() + black_box(value).len();
    }
    read.prefix_bytes = match &message.prefix {
        Some(IRCPrefix::HostOnly { host }) => black_box(host).len(),
        Some(IRCPrefix::Full { nick, user, host }) => {
            let parts = [Some(nick), user.as_ref(), host.as_ref()];
            parts
                .into_iter()
                .flatten()
                .map(|part| black_box(part).len())
                .sum()
        }
        None => 0,
    };
    black_box(&message.command);
    for param in &message.params {
        read.params += 1;
        read.param_bytes += black_box(param).len();
    }
    read
}

/// The time for one message, in a round.
fn round(parse: fn(&str) -> Read) -> Duration {
    let start = Instant::now();
    for _ in 0..LAPS {
        for line in LINES {
            black_box(parse(black_box(line)));
        }
    }
    start.elapsed() / (LAPS * LINES.len()) as u32
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn main() {
    for line in LINES {
        assert_eq!(
            ours(line),
            theirs(line),
            "both must read the same from {line}"
        );
    }
    let (mut our_times, mut their_times) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        our_times.push(round(ours));
        their_times.push(round(theirs));
    }
    let (ours, theirs) = (median(our_times), median(their_times));
    let rate = |time: Duration| 1.0 / time.as_secs_f64();
    let report = |name: &str, time: Duration| {
        println!(
            "{name:<14} {:>7} ns a message, {:>9.0} messages/s",
            time.as_nanos(),
            rate(time)
        );
    };
    report("headcount", ours);
    report("twitch-irc", theirs);
    println!("ratio {:.2}", rate(ours) / rate(theirs));
}

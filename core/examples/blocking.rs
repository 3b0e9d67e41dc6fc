//! The core on std sockets: one thread, no runtime, no adapter.
//!
//! Start a gateway to talk to, then this, with the address that the gateway prints:
//!
//! ```text
//! cargo run --release -p headcount-sim --bin gateway -- --port 0
//! cargo run -p headcount-core --example blocking -- ws://127.0.0.1:PORT
//! ```
#![allow(clippy::print_stdout, reason = "this is a program for a terminal")]

use std::error::Error;
use std::io;
use std::net::TcpStream;
use std::time::{Duration, Instant as Clock};

use headcount_core::session::{DialFailure, Halt, OnStop};
use headcount_core::{Action, Config, Event, Input, Instant, Intents, Shard, ShardId, Token};
use tungstenite::protocol::frame::{CloseFrame, coding::CloseCode};
use tungstenite::{Message, WebSocket};

fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args()
        .nth(1)
        .ok_or("usage: blocking ws://HOST:PORT")?;
    let token = std::env::var("DISCORD_TOKEN").unwrap_or_else(|_| "token".into());
    let intents = Intents::GUILDS | Intents::GUILD_MEMBERS;
    let mut config = Config::new(Token::new(&token), intents, ShardId::ONE);
    config.url = url.into();

    let halt = run(Shard::new(
        config,
        Clock::now().elapsed().subsec_nanos().into(),
    ));
    match halt {
        Halt::Stopped => Ok(()),
        why @ (Halt::Refused(_) | Halt::Crashed) => Err(why.to_string().into()),
    }
}

/// The loop of the crate's front page, over a real socket.
fn run(mut shard: Shard) -> Halt {
    let epoch = Clock::now();
    let now = || Instant::ZERO.after(epoch.elapsed());
    let mut socket = None;
    let mut scratch = String::new();
    let mut frame;
    let mut input = Input::Timeout;
    loop {
        let mut next = None;
        for action in shard.handle(now(), input) {
            match action {
                Action::Connect { url } => {
                    socket = dial(&url).ok();
                    next = Some(if socket.is_some() {
                        Input::Opened
                    } else {
                        Input::DialFailed(DialFailure::Other)
                    });
                }
                Action::Send(command) => {
                    let text = Message::text(command.encode(&mut scratch));
                    if socket
                        .as_mut()
                        .is_some_and(|socket| socket.send(text).is_err())
                    {
                        next = Some(Input::Closed(None));
                    }
                }
                Action::Close(code) => {
                    let frame = CloseFrame {
                        code: CloseCode::from(code),
                        reason: "".into(),
                    };
                    if let Some(mut socket) = socket.take() {
                        let _ = socket.close(Some(frame));
                    }
                }
                Action::WantIdentify | Action::Mutate(_) | Action::Confirm(_) => {}
                Action::Emit(Event::Halted(halt)) => return halt,
                Action::Emit(event) => {
                    show(&event);
                    if matches!(event, Event::ShardReady(_)) {
                        shard.stop(OnStop::End);
                    }
                }
            }
        }
        let Some(deadline) = shard.poll_timeout() else {
            return Halt::Stopped;
        };
        let wait = deadline.at.since(now());
        input = match (next, &mut socket) {
            (Some(input), _) => input,
            (None, None) => {
                std::thread::sleep(wait);
                Input::Timeout
            }
            (None, Some(socket)) => {
                frame = receive(socket, wait);
                frame.as_input()
            }
        };
    }
}

/// What the socket gave.
enum Frame {
    Message(Message),
    Closed(Option<u16>),
    Nothing,
}

impl Frame {
    fn as_input(&self) -> Input<'_> {
        match self {
            Self::Message(Message::Text(text)) => Input::Payload(text.as_bytes()),
            Self::Message(_) | Self::Nothing => Input::Timeout,
            Self::Closed(code) => Input::Closed(*code),
        }
    }
}

fn dial(url: &str) -> Result<WebSocket<TcpStream>, Box<dyn Error>> {
    let url = format!("{}/?v=10&encoding=json", url.trim_end_matches('/'));
    let host = url
        .strip_prefix("ws://")
        .and_then(|rest| rest.split('/').next());
    let stream = TcpStream::connect(host.ok_or("this example speaks ws:// alone")?)?;
    stream.set_write_timeout(Some(Duration::from_secs(5)))?;
    let (socket, _) = tungstenite::client(url.as_str(), stream)?;
    Ok(socket)
}

fn receive(socket: &mut WebSocket<TcpStream>, wait: Duration) -> Frame {
    // A timeout of zero would mean none at all.
    let wait = wait.max(Duration::from_millis(1));
    if socket.get_ref().set_read_timeout(Some(wait)).is_err() {
        return Frame::Closed(None);
    }
    match socket.read() {
        Ok(Message::Close(frame)) => Frame::Closed(frame.map(|frame| frame.code.into())),
        Ok(message) => Frame::Message(message),
        Err(tungstenite::Error::Io(error)) if is_timeout(&error) => Frame::Nothing,
        Err(_) => Frame::Closed(None),
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}

fn show(event: &Event<'_>) {
    match event {
        Event::StateChanged(change) => println!("{:?} ({:?})", change.to, change.reason),
        Event::GuildReady(guild) => println!("{}: {:?}", guild.guild, guild.outcome),
        Event::ShardReady(ready) => {
            println!(
                "ready: {} guilds, {} in an outage",
                ready.available, ready.unavailable
            );
        }
        _ => {}
    }
}

//! The loop of the page "your own loop", as it stands there, driven by a script on virtual time.
#![allow(missing_docs, clippy::print_stdout, reason = "tests")]

use std::collections::VecDeque;
use std::time::Duration;

// The example begins here.
use headcount_core::{Action, Config, Input, Instant, Intents, Shard, ShardId, Token};

/// Whatever you have: a blocking socket, another runtime, a recording.
trait Wire {
    fn now(&self) -> Instant;
    /// Opened or DialFailed. The address has no query: dial `{url}/?v=10&encoding=json`.
    fn connect(&mut self, url: &str) -> Input<'static>;
    fn send(&mut self, payload: &str);
    fn close(&mut self, code: u16);
    /// Payload, Closed or Timeout, and when that was.
    fn receive_until(&mut self, deadline: Instant) -> (Instant, Input<'_>);
}

fn run(wire: &mut impl Wire, token: &str) {
    let config = Config::new(Token::new(token), Intents::GUILDS, ShardId::ONE);
    let mut shard = Shard::new(config, 42); // draw the seed anew for each shard of each process
    let mut scratch = String::new();
    let mut outcome = Some(Input::Timeout); // the first wake-up connects
    while let Some(deadline) = shard.poll_timeout() {
        let actions = match outcome.take() {
            Some(input) => shard.handle(wire.now(), input),
            None => {
                let (now, input) = wire.receive_until(deadline.at);
                shard.handle(now, input).into_owned() // frees the wire for what is to be sent
            }
        };
        for action in actions {
            match action {
                Action::Connect { url } => outcome = Some(wire.connect(&url)),
                Action::Send(command) => wire.send(command.encode(&mut scratch)),
                Action::Close(code) => wire.close(code),
                Action::Mutate(_) => {} // store.apply(mutation), if you want a cache
                Action::Emit(event) => println!("{event:?}"),
                Action::WantIdentify => {} // only when a fleet paces identifies
                Action::Confirm(_) => {}   // only with `SetupConfig::confirm`, for slow stores
            }
        }
    }
}
// The example ends here.

const HELLO: &[u8] = br#"{"op":10,"d":{"heartbeat_interval":41250}}"#;
const READY: &[u8] = br#"{"op":0,"s":1,"t":"READY","d":{"v":10,"user":{"id":"1"},"guilds":[],
    "session_id":"s","resume_gateway_url":"wss://resume.example"}}"#;

/// What a peer says on one connection, each at so many milliseconds after it was dialled.
type Script = Vec<(u64, Input<'static>)>;

/// A network whose peer keeps to scripts, one for each connection.
struct Scripted {
    now: Instant,
    scripts: VecDeque<Script>,
    /// What is still to come on this connection.
    coming: VecDeque<(Instant, Input<'static>)>,
    /// What was dialled, and when.
    dialled: Vec<(Instant, String)>,
    sent: Vec<String>,
}

impl Wire for Scripted {
    fn now(&self) -> Instant {
        self.now
    }

    fn connect(&mut self, url: &str) -> Input<'static> {
        self.dialled.push((self.now, url.to_owned()));
        let script = self.scripts.pop_front().expect("no further dial");
        let timed = script
            .into_iter()
            .map(|(at, input)| (self.now.after(Duration::from_millis(at)), input));
        self.coming = timed.collect();
        Input::Opened
    }

    fn send(&mut self, payload: &str) {
        self.sent.push(payload.to_owned());
    }

    fn close(&mut self, _: u16) {}

    fn receive_until(&mut self, deadline: Instant) -> (Instant, Input<'_>) {
        let next = self.coming.front();
        let due = next.is_some_and(|(at, _)| *at <= deadline);
        let next = if due { self.coming.pop_front() } else { None };
        let (now, input) = next.unwrap_or((deadline, Input::Timeout));
        self.now = self.now.max(now);
        (self.now, input)
    }
}

#[test]
fn the_page_shows_the_loop_that_is_tested() {
    let source = include_str!("own_loop.rs");
    let example = source
        .split_once("// The example begins here.\n")
        .and_then(|(_, rest)| rest.split_once("\n// The example ends here."))
        .map(|(example, _)| example)
        .expect("marked");
    let page = include_str!("../src/own_loop.md");
    assert!(page.contains(&format!("```rust\n{example}\n```")));
}

#[test]
fn a_redial_waits_after_a_cut_and_not_from_before_it() {
    const CUT: u64 = 30_000;
    let first = vec![
        (20, Input::Payload(HELLO)),
        (50, Input::Payload(READY)),
        (CUT, Input::Closed(None)),
    ];
    let refused = vec![(10, Input::Closed(Some(4004)))];
    let mut wire = Scripted {
        now: Instant::ZERO,
        scripts: VecDeque::from([first, refused]),
        coming: VecDeque::new(),
        dialled: Vec::new(),
        sent: Vec::new(),
    };
    run(&mut wire, "token");
    let [(first, base), (second, resume)] = &wire.dialled[..] else {
        panic!("{:?}", wire.dialled);
    };
    assert_eq!(*first, Instant::ZERO);
    assert!(base.starts_with("wss://gateway."), "{base}");
    assert_eq!(resume, "wss://resume.example");
    let cut = Instant::from_millis(CUT);
    let latest = cut.after(Duration::from_secs(1));
    assert!(cut < *second && *second <= latest, "{second:?}");
    assert!(wire.sent[0].contains(r#""op":2"#), "{:?}", wire.sent);
}

//! The driver's socket over a stream that reads, writes and stalls as the bytes spell, polled by
//! hand: futures are dropped at any await.
pub(super) mod frames;
mod runtime;

use crate::frame::unmasked;
use frames::{Frame, accept, parse};
use headcount_driver::{Compression, ErrorKind, Socket, SocketOptions};
use runtime::{Scripted, Wire};
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

/// Milliseconds that pass with each poll.
const STEP: u64 = 10;
const WRITE_DEADLINE: u64 = 10_000;
const CLOSE_DEADLINE: u64 = 2_000;

pub(super) fn run(bytes: &[u8]) {
    let wire = Wire::new(bytes);
    let Some(socket) = dial(&wire) else {
        return;
    };
    let said = speak(&wire);
    let mut talk = Talk {
        wire,
        said,
        heard: 0,
        sent: Vec::new(),
        whole: true,
    };
    let Some(socket) = talk.go_on(socket) else {
        return talk.check();
    };
    talk.hang_up(socket);
    talk.check();
}

/// Polls until it is done, or `polls` are over.
fn poll<F: Future>(wire: &Wire, mut future: Pin<&mut F>, polls: u64) -> Option<F::Output> {
    let cx = &mut Context::from_waker(Waker::noop());
    for _ in 0..polls {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return Some(output);
        }
        wire.pass(STEP);
    }
    None
}

/// Dials; the server answers as it should, or says anything. `None` if nothing came of it.
fn dial(wire: &Wire) -> Option<Socket> {
    let options = SocketOptions {
        compression: Compression::None,
        ..SocketOptions::default()
    };
    let runtime = Scripted(wire.clone());
    if wire.choose(4) == Some(1) {
        // A dial that is given up leaves nothing behind.
        let given_up = pin!(Socket::dial(&runtime, "ws://127.0.0.1", &options));
        let polls = wire.choose(6).unwrap_or(0);
        let done = poll(wire, given_up, polls);
        assert!(
            !matches!(done, Some(Ok(_))),
            "open, and nobody has answered"
        );
    }
    let mut dial = pin!(Socket::dial(&runtime, "ws://127.0.0.1", &options));
    for _ in 0..10_000 {
        if let Some(done) = poll(wire, dial.as_mut(), 1) {
            return done.ok();
        }
        if let Some(answer) = accept(&wire.written()) {
            wire.forget_written();
            match wire.choose(20) {
                Some(1) => wire.say(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"),
                Some(2) => wire.end(),
                Some(3) => wire.say(b"\x00\xff no HTTP at all\r\n\r\n"),
                _ => wire.say(answer.as_bytes()),
            }
        }
    }
    // A dial has no deadline of its own: whoever dials drops it.
    assert!(wire.is_stalled(), "a dial goes on and on");
    None
}

/// Lets the server say all it will ever say; the messages that have to arrive.
fn speak(wire: &Wire) -> Vec<Vec<u8>> {
    let mut said = Vec::new();
    for number in 0..wire.choose(8).unwrap_or(2) {
        let length = [1, 0, 125, 126, 3_000, 70_000][wire.choose(6).unwrap_or(0) as usize];
        let text: Vec<u8> = (0..length)
            .map(|at| b'a' + (at % 23) as u8 + number as u8 % 3)
            .collect();
        if wire.choose(3) == Some(1) {
            wire.say(&unmasked(0x89, b"ping"));
        }
        match wire.choose(3) {
            Some(1) => {
                let cut = text.len() / 2;
                wire.say(&unmasked(0x01, &text[..cut]));
                wire.say(&unmasked(0x89, b"between"));
                wire.say(&unmasked(0x80, &text[cut..]));
            }
            Some(2) => wire.say(&unmasked(0x82, &text)),
            _ => wire.say(&unmasked(0x81, &text)),
        }
        said.push(text);
    }
    match wire.choose(4) {
        Some(0) => wire.say(&unmasked(0x88, &4_009_u16.to_be_bytes())),
        Some(1) => wire.say(&[0xff; 9]),
        Some(2) => {}
        _ => wire.end(),
    }
    said
}

/// A conversation, and what anybody could note down of it.
struct Talk {
    wire: Wire,
    said: Vec<Vec<u8>>,
    heard: usize,
    sent: Vec<String>,
    /// No write was given up halfway.
    whole: bool,
}

impl Talk {
    /// Receives and sends in any order; the socket, unless it has come to its end.
    fn go_on(&mut self, mut socket: Socket) -> Option<Socket> {
        for turn in 0..60 {
            let goes_on = match self.wire.choose(4) {
                Some(3) => self.send(&mut socket, turn),
                Some(2) if self.wire.choose(12) == Some(1) => return Some(socket),
                None if turn > 40 => return Some(socket),
                _ => self.receive(&mut socket),
            };
            if !goes_on {
                return None;
            }
        }
        Some(socket)
    }

    /// Waits for a message for a while, and then no longer: that loses nothing.
    fn receive(&mut self, socket: &mut Socket) -> bool {
        let polls = 1 + self.wire.choose(30).unwrap_or(20);
        let receive = pin!(socket.receive());
        match poll(&self.wire, receive, polls) {
            None => true,
            Some(Ok(message)) => {
                let expected = self.said.get(self.heard).map(Vec::as_slice);
                assert_eq!(Some(message), expected, "message {}", self.heard);
                self.heard += 1;
                true
            }
            Some(Err(ended)) => {
                let all = self.heard == self.said.len();
                assert!(all || self.wire.is_broken(), "ended early: {ended:?}");
                assert!(ended.code.is_none_or(|code| code == 4009), "{ended:?}");
                false
            }
        }
    }

    fn send(&mut self, socket: &mut Socket, turn: u64) -> bool {
        let text = format!("{turn}").repeat(1 + self.wire.choose(60).unwrap_or(0) as usize);
        let (runtime, start) = (Scripted(self.wire.clone()), self.wire.now());
        let most = match self.wire.choose(10) {
            Some(1) => self.wire.choose(5).unwrap_or(0),
            _ => WRITE_DEADLINE / STEP + 2,
        };
        let send = pin!(socket.send(&runtime, &text));
        let done = poll(&self.wire, send, most);
        let took = self.wire.now() - start;
        match done {
            Some(Ok(())) => {
                self.sent.push(text.clone());
                return true;
            }
            Some(Err(error)) if error.kind() == ErrorKind::Timeout => {
                assert!(took >= WRITE_DEADLINE, "gives up after {took} ms");
            }
            Some(Err(error)) => assert!(self.wire.is_over(), "{error}"),
            // Dropped halfway, on purpose.
            None => assert!(
                took <= WRITE_DEADLINE + STEP,
                "still writes after {took} ms"
            ),
        }
        self.whole = false;
        false
    }

    /// Closing ends within its deadline, whatever the peer does.
    fn hang_up(&mut self, socket: Socket) {
        let start = self.wire.now();
        let close = pin!(socket.close(Scripted(self.wire.clone()), 4000));
        let done = poll(&self.wire, close, CLOSE_DEADLINE / STEP + 2);
        assert!(
            done.is_some(),
            "still closes after {} ms",
            self.wire.now() - start
        );
    }

    /// What was written is what was sent, message by message.
    fn check(&self) {
        let (frames, rest) = parse(&self.wire.written());
        let texts = frames.iter().filter_map(|frame| match frame {
            Frame::Text(text) => Some(text.as_str()),
            Frame::Pong | Frame::Close => None,
        });
        let texts: Vec<&str> = texts.collect();
        match self.whole {
            true => assert_eq!(texts, self.sent, "and {rest} bytes"),
            // The one that was given up may have been written to its end.
            false => assert!(
                texts.starts_with(&self.sent.iter().map(String::as_str).collect::<Vec<_>>())
            ),
        }
        assert!(texts.len() <= self.sent.len() + 1);
    }
}

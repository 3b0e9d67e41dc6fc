//! What a hostile server repeats for ever.
use super::wire::{Wire, frame, kind};
use std::io;

/// Bytes of one burst, about; then the server looks what its client says.
const BURST: usize = 64 << 10;

/// What is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flood {
    /// Pings of the largest size.
    Pings,
    /// Frames without a byte that go on with the answer to a heartbeat until something else is
    /// sent.
    Fragments,
    /// Compressed messages (zlib-stream) that inflate to nothing.
    Nothing,
    /// Dispatches of so many bytes.
    Dispatches(usize),
    /// Dispatches of so many bytes that have been sent before.
    Repeated(usize),
    /// Chat messages of so many bytes.
    Chatter(usize),
}

impl Flood {
    /// Some more of it; `sequence` is that of the last dispatch.
    ///
    /// # Errors
    /// The payloads cannot be compressed.
    pub(super) fn burst(self, wire: &mut Wire, sequence: &mut u64) -> io::Result<Vec<u8>> {
        match self {
            Self::Pings => Ok(frame(kind::PING, &[b'p'; 125]).repeat(BURST / 127)),
            Self::Fragments => wire.empty_frames(r#"{"op":11}"#, BURST / 2),
            Self::Nothing => {
                let flush = [0, 0, 0, 0xff, 0xff];
                Ok(frame(kind::BINARY, &flush).repeat(BURST / 7))
            }
            Self::Dispatches(bytes) => burst(bytes, || {
                *sequence += 1;
                wire.payload(&dispatch(*sequence, bytes))
            }),
            Self::Repeated(bytes) => burst(bytes, || wire.payload(&dispatch(1, bytes))),
            Self::Chatter(bytes) => burst(bytes, || {
                let text = "x".repeat(bytes);
                wire.payload(&format!(":ann!ann@ann PRIVMSG #ann :{text}\r\n"))
            }),
        }
    }
}

fn burst(bytes: usize, mut one: impl FnMut() -> io::Result<Vec<u8>>) -> io::Result<Vec<u8>> {
    let count = (BURST / bytes.max(1)).max(1);
    let all: io::Result<Vec<Vec<u8>>> = (0..count).map(|_| one()).collect();
    Ok(all?.concat())
}

/// A dispatch that changes nothing in a cache, with so many bytes of data.
pub(super) fn dispatch(sequence: u64, bytes: usize) -> String {
    let data = "x".repeat(bytes);
    format!(r#"{{"t":"TYPING_START","s":{sequence},"op":0,"d":{{"user_id":"3","x":"{data}"}}}}"#)
}

/// READY with so many guilds.
pub(super) fn ready(guilds: usize) -> String {
    let ids: Vec<u64> = (0..guilds as u64)
        .map(|number| 1_000_000 + number)
        .collect();
    ready_of("5e55", &ids)
}

/// READY of this session, with these guilds.
pub(super) fn ready_of(session: &str, guilds: &[u64]) -> String {
    let guild = |id| format!(r#"{{"id":"{id}","unavailable":true}}"#);
    let guilds: Vec<String> = guilds.iter().map(guild).collect();
    format!(
        r#"{{"t":"READY","s":1,"op":0,"d":{{"v":10,"user":{{"id":"1","username":"bot"}},
        "session_id":"{session}","application":{{"id":"2","flags":0}},"guilds":[{}]}}}}"#,
        guilds.join(",")
    )
}

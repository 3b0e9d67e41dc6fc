//! WebSocket frames (RFC 6455, 5.2) and the handshake, as a server of few words would do them.
use async_tungstenite::tungstenite::handshake::derive_accept_key;

/// What a client may send.
#[derive(Debug)]
pub(in crate::fuzzing) enum Frame {
    Text(String),
    Pong,
    Close,
}

/// The answer to a client's whole handshake; `None` while it is not whole.
pub(in crate::fuzzing) fn accept(request: &[u8]) -> Option<String> {
    let request = std::str::from_utf8(request).ok()?;
    let head = request.strip_suffix("\r\n\r\n")?;
    let key = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("sec-websocket-key")
            .then_some(value)
    })?;
    let accept = derive_accept_key(key.as_bytes());
    Some(format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    ))
}

/// The client's whole frames, and how many bytes are left of one that is not.
///
/// # Panics
/// When what is there is no frame that a client may send.
pub(in crate::fuzzing) fn parse(mut bytes: &[u8]) -> (Vec<Frame>, usize) {
    let mut frames = Vec::new();
    while let Some((frame, rest)) = one(bytes) {
        frames.push(frame);
        bytes = rest;
    }
    (frames, bytes.len())
}

fn one(bytes: &[u8]) -> Option<(Frame, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    let (&second, rest) = rest.split_first()?;
    assert!(second & 0x80 != 0, "a client masks what it sends");
    let (length, rest) = match second & 0x7f {
        126 => {
            let (length, rest) = rest.split_first_chunk()?;
            (usize::from(u16::from_be_bytes(*length)), rest)
        }
        127 => {
            let (length, rest) = rest.split_first_chunk()?;
            (u64::from_be_bytes(*length) as usize, rest)
        }
        length => (usize::from(length), rest),
    };
    let (mask, rest) = rest.split_first_chunk::<4>()?;
    let (body, rest) = rest.split_at_checked(length)?;
    let clear: Vec<u8> = body
        .iter()
        .zip(mask.iter().cycle())
        .map(|(byte, mask)| byte ^ mask)
        .collect();
    let frame = match first {
        0x81 => Frame::Text(String::from_utf8(clear).expect("text is UTF-8")),
        0x8a => Frame::Pong,
        0x88 => Frame::Close,
        other => panic!("a frame of kind {other:#x}"),
    };
    Some((frame, rest))
}

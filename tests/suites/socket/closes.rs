//! Close frames as a WebSocket library would not write them.

use async_tungstenite::tungstenite::handshake::derive_accept_key;
use headcount_tokio::driver::Builder;
use headcount_tokio::driver::core::session::Halt;
use headcount_tokio::driver::core::wire::close::Fatal;
use headcount_tokio::{Event, Intents};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::bot::TOKEN;
use crate::dials::info;
use crate::runtimes::{Tested, beside, on_each_runtime};

on_each_runtime! {
    a_close_frame_whose_reason_is_cut_within_a_character_ends_the_shard_by_its_code,
}

/// A server that accepts one WebSocket and says these bytes at once; its address.
async fn saying(bytes: Vec<u8>) -> String {
    let listener = beside(TcpListener::bind("127.0.0.1:0")).await;
    let listener = listener.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let serve = async move {
        let (mut stream, _) = listener.accept().await.expect("a client");
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            stream.read_buf(&mut request).await.expect("a request");
        }
        let request = String::from_utf8(request).expect("text");
        let mut lines = request.lines().filter_map(|line| line.split_once(": "));
        let key = lines.find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key"));
        let accept = derive_accept_key(key.expect("a key").1.as_bytes());
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n\r\n"
        );
        let answer = [answer.into_bytes(), bytes].concat();
        stream.write_all(&answer).await.expect("said");
        while stream.read(&mut [0; 64]).await.is_ok_and(|count| count > 0) {}
    };
    beside(async { drop(tokio::spawn(serve)) }).await;
    format!("ws://{address}")
}

async fn a_close_frame_whose_reason_is_cut_within_a_character_ends_the_shard_by_its_code<
    R: Tested,
>() {
    let reason = &"Authentifizierung ungültig".as_bytes()[..22];
    assert!(std::str::from_utf8(reason).is_err());
    let length = u8::try_from(2 + reason.len()).expect("short");
    let close = [&[0x88, length][..], &4004_u16.to_be_bytes(), reason].concat();
    let builder =
        Builder::new(R::default(), TOKEN, Intents::GUILDS).gateway(info(saying(close).await));
    let mut bot = builder.connect().await.expect("started");
    let cause = loop {
        let next = bot.next().await.expect("the shard's end comes first");
        if let Event::Halted(cause) = next.event {
            break cause;
        }
    };
    assert_eq!(cause, Halt::Refused(Fatal::AuthenticationFailed));
}

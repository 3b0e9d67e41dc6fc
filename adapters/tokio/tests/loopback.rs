//! The adapter against real sockets on loopback: HTTP for the gateway's address, then WebSocket.

use std::time::Duration;

use async_tungstenite::tungstenite::Message;
use futures_util::StreamExt;
use headcount_tokio::driver::Runtime;
use headcount_tokio::{Api, Bot, Compression, ErrorKind, Event, Intents, OnStop, Tokio};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_util::compat::TokioAsyncReadCompatExt;

const READY: &str = concat!(
    r#"{"op":0,"s":1,"t":"READY","d":{"v":10,"guilds":[],"session_id":"s","#,
    r#""resume_gateway_url":"ws://127.0.0.1:1","user":{"id":"1","username":"b","bot":true},"#,
    r#""application":{"id":"1","flags":0}}}"#
);

/// Answers one question for the gateway, then one connection; gives back how that was closed.
async fn serve(listener: TcpListener) -> Option<u16> {
    let url = format!("ws://{}", listener.local_addr().expect("an address"));
    let (mut http, _) = listener.accept().await.expect("a question");
    let mut question = [0; 2048];
    assert!(http.read(&mut question).await.expect("read") > 0);
    let body = format!(
        r#"{{"url":"{url}","shards":1,"session_start_limit":{}}}"#,
        r#"{"total":1000,"remaining":999,"reset_after":0,"max_concurrency":1}"#
    );
    let length = body.len();
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
    http.write_all(answer.as_bytes()).await.expect("answered");
    let (stream, _) = listener.accept().await.expect("a connection");
    let mut peer = async_tungstenite::accept_async(stream.compat())
        .await
        .expect("WebSocket");
    let hello = r#"{"op":10,"d":{"heartbeat_interval":40000}}"#;
    peer.send(Message::text(hello)).await.expect("sent");
    let identify = peer.next().await.expect("a payload").expect("valid");
    assert!(identify.to_text().expect("text").contains(r#""op":2"#));
    peer.send(Message::text(READY)).await.expect("sent");
    match peer.next().await {
        Some(Ok(Message::Close(frame))) => frame.map(|frame| frame.code.into()),
        other => panic!("not a close: {other:?}"),
    }
}

#[tokio::test]
async fn a_bot_comes_up_and_goes_down_over_real_sockets() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let api = Api::at(format!(
        "http://{}",
        listener.local_addr().expect("an address")
    ));
    let server = tokio::spawn(serve(listener));
    let builder = Bot::builder("token", Intents::GUILDS).api(api);
    let mut bot = builder
        .compression(Compression::None)
        .connect()
        .await
        .expect("started");
    loop {
        let event = bot.next().await.expect("the bot runs").event;
        if let Event::Dispatch(dispatch) = event {
            assert_eq!(dispatch.sequence(), Some(1));
            break;
        }
    }
    assert_eq!(
        bot.shutdown(OnStop::Resume).await.expect("it ends").len(),
        1
    );
    assert!(
        server
            .await
            .expect("served")
            .is_some_and(|code| code >= 4000)
    );
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_reported_as_such() {
    let api = Api::at("https://gateway.invalid");
    let error = Bot::builder("token", Intents::GUILDS)
        .api(api)
        .connect()
        .await;
    assert_eq!(
        error.expect_err("no such host").kind(),
        ErrorKind::NameNotFound
    );
}

#[tokio::test(start_paused = true)]
async fn timer_and_clock_agree() {
    let before = Tokio.now();
    Tokio.timer(Duration::from_secs(3600)).await;
    let passed = Tokio.now() - before;
    assert!(passed >= Duration::from_secs(3600) && passed < Duration::from_secs(3601));
}

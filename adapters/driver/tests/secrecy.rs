//! The token never reaches a logger, not even at the most talkative level of any dependency.

use std::sync::Mutex;

use headcount_core::manager::{Options, Single};
use headcount_core::twitch::{Account, Login, PoolEvent};
use headcount_driver::core as headcount_core;
use headcount_driver::{Api, ChatBuilder, ChatEvent, Compression, Socket, SocketOptions};
use tokio::io::AsyncReadExt;

mod loopback;
use loopback::{Rt, accept, listen};

const TOKEN: &str = "MTIz.secret.token";

struct Recorder(Mutex<String>);

impl log::Log for Recorder {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let line = format!("{} {}\n", record.target(), record.args());
        self.0.lock().expect("the record").push_str(&line);
    }

    fn flush(&self) {}
}

static RECORDER: Recorder = Recorder(Mutex::new(String::new()));

/// A chat bot logs in and is cut off, with its PASS on the way.
async fn log_into_chat() {
    let (listener, url) = listen().await;
    let mut builder = ChatBuilder::new(Rt).url(url);
    let login = Login::new("bot").expect("a name");
    let account = builder.account(Account::new(login, Some(headcount_core::Token::new(TOKEN))));
    let make = |_: &Options| Single;
    builder
        .manager(account, Options::default(), [], make)
        .expect("a manager");
    let mut chat = builder.start().expect("started");
    let mut stream = accept(&listener).await.into_inner().into_inner();
    let mut got = 0;
    while got < TOKEN.len() + "PASS oauth:".len() {
        got += stream.read(&mut [0; 1000]).await.expect("frames");
    }
    drop(stream);
    let broke = chat.next().await;
    assert!(
        matches!(
            broke,
            Some(ChatEvent::ConnectionFailed { opened: true, .. })
        ),
        "{broke:?}"
    );
    let lost = chat.next().await;
    assert!(
        matches!(lost, Some(ChatEvent::Pool(PoolEvent::LinkLost { .. }))),
        "{lost:?}"
    );
}

#[tokio::test]
async fn dependencies_do_not_log_what_we_send() {
    log::set_logger(&RECORDER).expect("the only logger");
    log::set_max_level(log::LevelFilter::Trace);
    let (listener, url) = listen().await;
    let server = tokio::spawn(async move {
        // Past the handshake the server reads raw bytes: it shares the process and the logger.
        let mut stream = accept(&listener).await.into_inner().into_inner();
        stream.read(&mut [0; 1000]).await.expect("a frame")
    });
    let options = SocketOptions {
        compression: Compression::None,
        ..SocketOptions::default()
    };
    let mut socket = Socket::dial(&Rt, &url, &options).await.expect("up");
    socket
        .send(&Rt, &format!("{{\"token\":\"{TOKEN}\"}}"))
        .await
        .expect("sent");
    assert!(server.await.expect("served") > TOKEN.len());
    let (listener, url) = listen().await;
    tokio::spawn(async move { drop(listener.accept().await) });
    let api = Api::at(url.replace("ws://", "http://"));
    api.gateway_info(&Rt, TOKEN).await.expect_err("no answer");
    log_into_chat().await;
    let record = RECORDER.0.lock().expect("the record");
    assert!(record.contains("tungstenite"), "loggers are on: {record}");
    for hidden in ["secret", "7365637265"] {
        assert!(!record.contains(hidden), "{hidden}: {record}");
    }
}

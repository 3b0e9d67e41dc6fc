//! The socket against hand-made servers on loopback: sizes, closes, deadlines, cuts and TLS.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_tungstenite::tungstenite::Message;
use async_tungstenite::tungstenite::protocol::CloseFrame;
use flate2::{Compress, FlushCompress};
use futures_util::{SinkExt, StreamExt};
use headcount_driver::rustls::crypto::ring;
use headcount_driver::rustls::{ClientConfig, RootCertStore, ServerConfig};
use headcount_driver::{Compression, ErrorKind, Socket, SocketOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_util::compat::TokioAsyncReadCompatExt;

mod loopback;
use loopback::{Rt, accept, listen};

fn options(compression: Compression) -> SocketOptions {
    SocketOptions {
        compression,
        ..SocketOptions::default()
    }
}

#[tokio::test]
async fn text_and_large_binary_messages_arrive_and_ours_go_out() {
    let (listener, url) = listen().await;
    let large = "x".repeat(20 << 20);
    let words = large.clone();
    let server = tokio::spawn(async move {
        let mut peer = accept(&listener).await;
        peer.send(Message::text("{}")).await.expect("sent");
        peer.send(Message::Ping("p".into())).await.expect("sent");
        peer.send(Message::binary(words)).await.expect("sent");
        let mut got = Vec::new();
        while got.len() < 2 {
            got.push(peer.next().await.expect("a message").expect("valid"));
        }
        got
    });
    let mut socket = Socket::dial(&Rt, &url, &options(Compression::None))
        .await
        .expect("dialled");
    assert_eq!(socket.receive().await.expect("small"), b"{}");
    assert_eq!(socket.receive().await.expect("large"), large.as_bytes());
    socket.send(&Rt, "hello").await.expect("sent");
    let got = server.await.expect("served");
    assert_eq!(got, [Message::Pong("p".into()), Message::text("hello")]);
}

#[tokio::test]
async fn the_handshake_asks_for_what_is_configured() {
    for (compression, query) in [
        (Compression::None, "/?v=10&encoding=json "),
        (
            Compression::ZlibStream,
            "/?v=10&encoding=json&compress=zlib-stream ",
        ),
        (
            Compression::ZstdStream,
            "/?v=10&encoding=json&compress=zstd-stream ",
        ),
    ] {
        let (listener, url) = listen().await;
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a client");
            let mut head = vec![0; 2048];
            let length = stream.read(&mut head).await.expect("a request");
            let answer = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n";
            stream.write_all(answer.as_bytes()).await.expect("answered");
            String::from_utf8_lossy(&head[..length]).into_owned()
        });
        let error = Socket::dial(&Rt, &url, &options(compression))
            .await
            .expect_err("refused");
        assert_eq!(
            error.kind(),
            ErrorKind::Status {
                code: 503,
                retry_after: None
            }
        );
        let head = server.await.expect("served");
        assert!(
            head.starts_with(&format!("GET {query}HTTP/1.1\r\n")),
            "{head}"
        );
    }
}

#[tokio::test]
async fn close_codes_arrive_both_ways() {
    for code in [1000_u16, 4000, 4004, 4014] {
        let (listener, url) = listen().await;
        let server = tokio::spawn(async move {
            let mut peer = accept(&listener).await;
            let frame = CloseFrame {
                code: code.into(),
                reason: "why".into(),
            };
            peer.close(Some(frame)).await.expect("closed");
            let mut peer = accept(&listener).await;
            match peer.next().await {
                Some(Ok(Message::Close(Some(frame)))) => u16::from(frame.code),
                other => panic!("no close frame: {other:?}"),
            }
        });
        let mut socket = Socket::dial(&Rt, &url, &options(Compression::None))
            .await
            .expect("up");
        let ended = socket.receive().await.expect_err("closed");
        assert_eq!((ended.code, ended.reason.as_str()), (Some(code), "why"));
        let socket = Socket::dial(&Rt, &url, &options(Compression::None))
            .await
            .expect("up");
        socket.close(Rt, code).await;
        assert_eq!(server.await.expect("served"), code);
    }
}

#[tokio::test]
async fn of_pings_that_wait_only_the_last_is_answered() {
    const PINGS: u32 = 100_000;
    let (listener, url) = listen().await;
    let server = tokio::spawn(async move {
        let (mut send, mut receive) = accept(&listener).await.split();
        let flood = async {
            for number in 0..PINGS {
                let ping = Message::Ping(format!("{number:0125}").into());
                send.feed(ping).await.expect("queued");
            }
            send.flush().await.expect("sent");
        };
        let answers = async {
            let mut answers = Vec::new();
            while answers.last() != Some(&(PINGS - 1)) {
                // Long enough for every buffer on the way to be full.
                tokio::time::sleep(Duration::from_millis(1)).await;
                match receive.next().await {
                    Some(Ok(Message::Pong(data))) => {
                        let number = String::from_utf8_lossy(&data).parse().expect("a number");
                        answers.push(number);
                    }
                    other => panic!("no answer: {other:?}"),
                }
            }
            answers
        };
        let ((), answers) = tokio::join!(flood, answers);
        (answers, send, receive)
    });
    let mut socket = Socket::dial(&Rt, &url, &options(Compression::None))
        .await
        .expect("up");
    tokio::select! {
        _ = socket.receive() => panic!("nothing was said"),
        answers = server => {
            let (answers, ..) = answers.expect("served");
            assert!(answers.is_sorted() && answers.len() < PINGS as usize / 10);
        }
    }
}

#[tokio::test]
async fn our_close_arrives_although_the_peer_floods_and_never_answers() {
    let (listener, url) = listen().await;
    let server = tokio::spawn(async move {
        let mut peer = accept(&listener).await;
        for _ in 0..50 {
            peer.send(Message::text("y".repeat(10_000)))
                .await
                .expect("sent");
        }
        match peer.next().await {
            Some(Ok(Message::Close(Some(frame)))) => u16::from(frame.code),
            other => panic!("no close frame: {other:?}"),
        }
    });
    let mut options = options(Compression::None);
    options.close_deadline = Duration::from_millis(300);
    let socket = Socket::dial(&Rt, &url, &options).await.expect("up");
    let start = Instant::now();
    socket.close(Rt, 4000).await;
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!(server.await.expect("served"), 4000);
}

#[tokio::test]
async fn a_cut_connection_and_a_silent_drop_are_broken() {
    let (listener, url) = listen().await;
    let server = tokio::spawn(async move { drop(accept(&listener).await) });
    let mut socket = Socket::dial(&Rt, &url, &options(Compression::None))
        .await
        .expect("up");
    server.await.expect("served");
    let ended = socket.receive().await.expect_err("cut");
    assert_eq!(ended.code, None);
    assert_eq!(ended.error.expect("an error").kind(), ErrorKind::Broken);
}

#[tokio::test]
async fn a_write_that_does_not_finish_is_a_dead_connection() {
    let (listener, url) = listen().await;
    let server = tokio::spawn(async move {
        let peer = accept(&listener).await;
        std::future::pending::<()>().await;
        drop(peer);
    });
    let mut options = options(Compression::None);
    options.write_deadline = Duration::from_millis(100);
    let mut socket = Socket::dial(&Rt, &url, &options).await.expect("up");
    let text = "z".repeat(64 << 20);
    let error = socket.send(&Rt, &text).await.expect_err("nobody reads");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    server.abort();
}

#[tokio::test]
async fn receive_may_be_cancelled_between_the_parts_of_a_message() {
    let (listener, url) = listen().await;
    let mut deflate = Vec::with_capacity(1000);
    Compress::new(flate2::Compression::default(), true)
        .compress_vec(b"{\"whole\":1}", &mut deflate, FlushCompress::Sync)
        .expect("compressed");
    let server = tokio::spawn(async move {
        let mut peer = accept(&listener).await;
        for byte in deflate {
            peer.send(Message::binary(vec![byte])).await.expect("sent");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        peer
    });
    let options = options(Compression::ZlibStream);
    let mut socket = Socket::dial(&Rt, &url, &options).await.expect("up");
    let mut cancelled = 0;
    let message = loop {
        let wait = Duration::from_micros(200);
        match tokio::time::timeout(wait, socket.receive()).await {
            Ok(received) => break received.expect("whole").to_vec(),
            Err(_) => cancelled += 1,
        }
    };
    assert_eq!(message, b"{\"whole\":1}");
    assert!(cancelled > 1, "the point of the test");
    drop(server.await);
}

#[tokio::test]
async fn a_broken_stream_and_a_too_large_message_end_the_connection() {
    for (compression, bytes, kind) in [
        (Compression::ZstdStream, vec![7; 40], ErrorKind::Compression),
        (Compression::None, vec![b' '; 2000], ErrorKind::TooLarge),
    ] {
        let (listener, url) = listen().await;
        let server = tokio::spawn(async move {
            let mut peer = accept(&listener).await;
            peer.send(Message::binary(bytes)).await.expect("sent");
            peer
        });
        let mut options = options(compression);
        options.max_message_bytes = 1000;
        let mut socket = Socket::dial(&Rt, &url, &options).await.expect("up");
        let ended = socket.receive().await.expect_err("unusable");
        assert_eq!(ended.error.map(|error| error.kind()), Some(kind));
        assert_eq!(ended.code, None);
        drop(server.await);
    }
}

#[tokio::test]
async fn tls_trusts_what_the_caller_trusts_and_nothing_else() {
    let key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let mut roots = RootCertStore::empty();
    roots.add(key.cert.der().clone()).expect("a root");
    let provider = Arc::new(ring::default_provider());
    let trusting = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let private = key.signing_key.into();
    let serving = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![key.cert.der().clone()], private)
        .expect("a server");
    let acceptor = futures_rustls::TlsAcceptor::from(Arc::new(serving));
    let (listener, _) = listen().await;
    let port = listener.local_addr().expect("an address").port();
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a client");
        assert!(
            acceptor.accept(stream.compat()).await.is_err(),
            "the stranger hangs up"
        );
        let (stream, _) = listener.accept().await.expect("a client");
        let stream = acceptor.accept(stream.compat()).await.expect("TLS");
        let mut peer = async_tungstenite::accept_async(stream)
            .await
            .expect("WebSocket");
        peer.send(Message::text("{}")).await.expect("sent");
        peer.next().await.expect("a message").expect("valid")
    });
    let url = format!("wss://localhost:{port}");
    let mut options = options(Compression::None);
    let error = Socket::dial(&Rt, &url, &options)
        .await
        .expect_err("not trusted");
    assert_eq!(error.kind(), ErrorKind::Tls);
    options.tls = Some(Arc::new(trusting));
    let mut socket = Socket::dial(&Rt, &url, &options).await.expect("trusted");
    assert_eq!(socket.receive().await.expect("a message"), b"{}");
    socket.send(&Rt, "hello").await.expect("sent");
    assert_eq!(server.await.expect("served"), Message::text("hello"));
}

//! Dials that fail: each says why, with all its causes, and with a remedy that fits.

use std::time::{Duration, Instant};

use headcount_sim::Plan;
use headcount_sim::server::ServerConfig;
use headcount_tokio::driver::core::session::{DialFailure, Reason};
use headcount_tokio::driver::{Bot, SessionStartLimit};
use headcount_tokio::{Api, BotEvent, ErrorKind, Event, GatewayInfo, Intents};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::bot::{BACKOFF, SLACK, TOKEN, builder_on, kind, options};
use crate::rigged::Rigged;
use crate::runtimes::{Tested, beside, on_each_runtime, serve};
use crate::tls::secure;

on_each_runtime! {
    a_dial_that_fails_says_why,
    a_process_without_files_says_so,
    a_gateway_that_asks_to_wait_is_obeyed_within_the_longest_back_off,
    a_service_that_is_silent_does_not_promise_to_come_back,
}

/// What a gateway's address is answered with, for a bot of one shard.
pub(crate) fn info(url: impl Into<String>) -> GatewayInfo {
    GatewayInfo {
        url: url.into(),
        shards: 1,
        session_start_limit: SessionStartLimit {
            total: 1000,
            remaining: 1000,
            reset_after: 0,
            max_concurrency: 1,
        },
    }
}

/// The first failure of a bot on this runtime, and what the shard says of it.
async fn failure<R: Tested>(runtime: R, info: GatewayInfo) -> (String, ErrorKind, DialFailure) {
    let builder = driver_builder(runtime, BACKOFF).gateway(info);
    let mut bot = builder.connect().await.expect("started");
    let mut emitted = None;
    loop {
        match bot.next().await.expect("the bot goes on").event {
            Event::ConnectionFailed(failure) => {
                assert!(!failure.opened);
                emitted = Some((format!("{:#}", failure.error), kind(&failure)));
            }
            Event::StateChanged(change) => {
                if let Reason::DialFailed(why) = change.reason {
                    let (text, kind) = emitted.expect("it is emitted before");
                    assert!(text.contains(kind.remedy()), "{text}");
                    return (text, kind, why);
                }
            }
            _ => {}
        }
    }
}

fn driver_builder<R: Tested>(runtime: R, longest: Duration) -> headcount_tokio::driver::Builder<R> {
    headcount_tokio::driver::Builder::new(runtime, TOKEN, Intents::GUILDS).configure(|config| {
        config.timing.first_backoff = BACKOFF;
        config.timing.longest_backoff = longest;
    })
}

/// A server that answers each connection with these bytes and closes; where it is, and when each
/// connection came.
async fn answering(answer: &'static str) -> (String, std::sync::mpsc::Receiver<Instant>) {
    let (sender, times) = std::sync::mpsc::channel();
    let listener = beside(TcpListener::bind("127.0.0.1:0")).await;
    let listener = listener.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let serve = async move {
        loop {
            let (mut stream, _) = listener.accept().await.expect("a client");
            if sender.send(Instant::now()).is_err() {
                return;
            }
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    };
    beside(async { drop(tokio::spawn(serve)) }).await;
    (address, times)
}

async fn a_dial_that_fails_says_why<R: Tested>() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr());
    let closed = closed.expect("a port that nobody has any more");
    let (web, _web) = answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let (ssh, _ssh) = answering("SSH-2.0-OpenSSH_9.9\r\n").await;
    let (mute, _mute) = answering("").await;
    let untrusted = serve(options(Plan::even(1, 5)), 1, secure()).await;
    let status = DialFailure::Status {
        code: 200,
        retry_after: None,
    };
    let cases = [
        (format!("ws://{closed}"), DialFailure::Refused, "refused"),
        (
            "wss://gateway.invalid".to_owned(),
            DialFailure::NameNotFound,
            "lookup",
        ),
        (untrusted.ws_url(), DialFailure::Tls, "UnknownIssuer"),
        (format!("wss://{web}"), DialFailure::Tls, "corrupt message"),
        (format!("wss://{mute}"), DialFailure::Tls, "eof"),
        (format!("ws://{web}"), status, "status 200"),
        (format!("ws://{ssh}"), DialFailure::NoWebSocket, "HTTP"),
        (
            format!("ws://{mute}"),
            DialFailure::Unreachable,
            "broke the connection",
        ),
    ];
    let mut texts = Vec::new();
    for (url, expected, words) in cases {
        let (text, _, why) = failure(R::default(), info(&url)).await;
        assert_eq!(why, expected, "{url}: {text}");
        assert!(text.contains(words), "{url}: no {words} in {text}");
        assert_eq!(text.lines().count(), 1, "{text}");
        texts.push(text);
    }
    let all = texts.len();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), all, "each differs from the others");
}

async fn a_process_without_files_says_so<R: Tested>() {
    let runtime = Rigged::<R>::default();
    let too_many_files = if cfg!(windows) { 10_024 } else { 24 };
    runtime
        .dial_error
        .store(too_many_files, std::sync::atomic::Ordering::Release);
    let (text, kind, why) = failure(runtime, info("ws://127.0.0.1:1")).await;
    assert_eq!(
        (kind, why),
        (ErrorKind::Files, DialFailure::Files),
        "{text}"
    );
    assert!(text.contains("ulimit"), "{text}");
}

async fn a_gateway_that_asks_to_wait_is_obeyed_within_the_longest_back_off<R: Tested>() {
    const ONE: &str = "HTTP/1.1 503 X\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n";
    const DAY: &str = "HTTP/1.1 429 X\r\nRetry-After: 86400\r\nContent-Length: 0\r\n\r\n";
    for (answer, code, asked, longest) in [(ONE, 503, 1, 60), (DAY, 429, 86_400, 1)] {
        let (address, times) = answering(answer).await;
        let longest = Duration::from_secs(longest);
        let builder = driver_builder(R::default(), longest);
        let bot = builder.gateway(info(format!("ws://{address}"))).connect();
        let mut bot = bot.await.expect("started");
        let (mut reasons, mut dials) = (Vec::new(), Vec::new());
        while reasons.len() < 2 {
            if let Event::StateChanged(change) = next(&mut bot).await.event
                && let Reason::DialFailed(why) = change.reason
            {
                reasons.push(why);
                dials.extend(times.try_iter());
            }
        }
        let retry_after = Some(Duration::from_secs(asked));
        let why = DialFailure::Status { code, retry_after };
        assert_eq!(reasons, [why, why]);
        let waited = dials[1] - dials[0];
        let least = Duration::from_secs(asked).min(longest);
        assert!(waited >= least && waited < least + SLACK, "{waited:?}");
    }
}

async fn next<R: Tested>(bot: &mut Bot<R>) -> BotEvent {
    bot.next().await.expect("the bot goes on")
}

async fn a_service_that_is_silent_does_not_promise_to_come_back<R: Tested>() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let mut api = Api::at(format!("http://{}", silent.local_addr().expect("one")));
    api.timeout = Duration::from_millis(100);
    let server = serve(options(Plan::even(1, 5)), 1, ServerConfig::default()).await;
    let error = builder_on(R::default(), &server).api(api).connect().await;
    let error = error.expect_err("nobody answers");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(!error.to_string().contains("itself"), "{error}");
}

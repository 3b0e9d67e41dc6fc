use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use tokio_util::compat::{Compat, TokioAsyncReadCompatExt};

use super::*;

const TOKEN: &str = "MTIz.abc.secret";

/// Serves one request with `answer` and gives back the request.
fn serve(answer: impl Into<String>) -> (Api, thread::JoinHandle<String>) {
    let answer = answer.into();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let request = read_head(&mut stream);
        stream.write_all(answer.as_bytes()).expect("answered");
        request
    });
    (Api::at(format!("http://{address}/api/v10/")), server)
}

fn read_head(stream: &mut TcpStream) -> String {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).expect("a request") == 1 {
        head.push(byte[0]);
    }
    String::from_utf8(head).expect("text")
}

fn ask(api: &Api, token: &str) -> Result<GatewayInfo, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime
        .expect("a runtime")
        .block_on(api.gateway_info(&Rt, token))
}

/// What a tokio adapter looks like from here.
#[derive(Clone, Copy)]
struct Rt;

impl Runtime for Rt {
    type Stream = Compat<tokio::net::TcpStream>;
    type Timer = tokio::time::Sleep;

    async fn connect(&self, host: &str, port: u16) -> io::Result<Self::Stream> {
        Ok(tokio::net::TcpStream::connect((host, port)).await?.compat())
    }

    fn timer(&self, after: Duration) -> Self::Timer {
        tokio::time::sleep(after)
    }

    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        tokio::spawn(future);
    }
}

fn failure(answer: &str) -> Error {
    let (api, server) = serve(answer);
    let error = ask(&api, TOKEN).expect_err("a failure");
    server.join().expect("served");
    for text in [error.to_string(), format!("{error:?}")] {
        assert!(!text.contains("secret"), "{text}");
    }
    assert_eq!(error.to_string().lines().count(), 1);
    error
}

#[test]
fn an_answer_is_read_and_the_token_sent_with_one_prefix() {
    for token in [TOKEN.to_owned(), format!("Bot {TOKEN}")] {
        let (api, server) = serve(concat!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n",
            r#"{"url":"wss://g.example","shards":9,"new":1,"session_start_limit":"#,
            r#"{"total":1000,"remaining":999,"reset_after":14400000,"max_concurrency":16}}"#
        ));
        let info = ask(&api, &token).expect("information");
        assert_eq!((info.url.as_str(), info.shards), ("wss://g.example", 9));
        let limit = info.session_start_limit;
        assert_eq!(
            (limit.total, limit.remaining, limit.max_concurrency),
            (1000, 999, 16)
        );
        assert_eq!(limit.reset_after, 14_400_000);
        let request = server.join().expect("served");
        assert!(
            request.starts_with("GET /api/v10/gateway/bot HTTP/1.1\r\n"),
            "{request}"
        );
        let line = request
            .lines()
            .find(|l| l.to_lowercase().starts_with("authorization:"));
        assert_eq!(line.map(|l| l[14..].trim()), Some("Bot MTIz.abc.secret"));
    }
}

#[test]
fn failures_are_distinguished() {
    let error = failure("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\n{}");
    assert_eq!(error.kind(), ErrorKind::InvalidToken);
    let error = failure(
        "HTTP/1.1 429 Too Many\r\nRetry-After: 9\r\nContent-Length: 20\r\n\r\n{\"retry_after\":1.25}",
    );
    let retry_after = Duration::from_millis(1250);
    assert_eq!(error.kind(), ErrorKind::RateLimited { retry_after });
    let error = failure("HTTP/1.1 429 X\r\nRetry-After: 9\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(
        error.kind(),
        ErrorKind::RateLimited {
            retry_after: Duration::from_secs(9)
        }
    );
    let code = 503;
    for (header, retry_after) in [
        ("", None),
        ("Retry-After: 7\r\n", Some(Duration::from_secs(7))),
        (
            "Retry-After: 99999999\r\n",
            Some(Duration::from_secs(86_400)),
        ),
        ("Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n", None),
        ("Retry-After: NaN\r\n", None),
    ] {
        let answer = format!("HTTP/1.1 503 Unavailable\r\n{header}Content-Length: 0\r\n\r\n");
        let error = failure(&answer);
        assert_eq!(error.kind(), ErrorKind::Status { code, retry_after });
    }
    for nonsense in [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{\"url\":\"wss\"",
        concat!(
            "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
            r#"{"url":"wss://g","shards":0,"session_start_limit":"#,
            r#"{"total":1,"remaining":1,"reset_after":0,"max_concurrency":1}}"#
        ),
        concat!(
            "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
            r#"{"url":"wss://g","shards":65537,"session_start_limit":"#,
            r#"{"total":1,"remaining":1,"reset_after":0,"max_concurrency":1}}"#
        ),
        "SSH-2.0-OpenSSH\r\n\r\n",
    ] {
        assert_eq!(failure(nonsense).kind(), ErrorKind::Nonsense, "{nonsense}");
    }
}

#[test]
fn the_caller_can_raise_the_bound_on_shards() {
    let (mut api, server) = serve(concat!(
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
        r#"{"url":"wss://g","shards":65537,"session_start_limit":"#,
        r#"{"total":1,"remaining":1,"reset_after":0,"max_concurrency":1}}"#
    ));
    api.max_shards = 65_537;
    assert_eq!(ask(&api, TOKEN).expect("believed").shards, 65_537);
    server.join().expect("served");
}

#[test]
fn no_network_and_bad_settings_are_distinguished() {
    let closed = TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("one");
    let error = ask(&Api::at(format!("http://{closed}/api")), TOKEN).expect_err("nobody there");
    assert_eq!(error.kind(), ErrorKind::Refused);
    for base in ["not a url", "", "/api"] {
        let error = ask(&Api::at(base), TOKEN).expect_err("no URL");
        assert_eq!(error.kind(), ErrorKind::Url, "{base}: {error:?}");
    }
    for base in ["http://service.example/api", "http://10.0.0.1"] {
        let error = ask(&Api::at(base), TOKEN).expect_err("no TLS");
        assert_eq!(error.kind(), ErrorKind::Plaintext, "{base}: {error:?}");
    }
    for token in ["", "  ", "two words", "line\nbreak", "\u{e9}"] {
        let error = ask(&Api::at("http://127.0.0.1:1"), token).expect_err("no token");
        assert_eq!(error.kind(), ErrorKind::InvalidToken);
    }
}

#[test]
fn a_silent_service_ends_in_a_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let mut api = Api::at(format!(
        "http://{}",
        listener.local_addr().expect("an address")
    ));
    api.timeout = Duration::from_millis(50);
    let error = ask(&api, TOKEN).expect_err("silence");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(
        !error.to_string().contains("by itself"),
        "nothing runs: {error}"
    );
}

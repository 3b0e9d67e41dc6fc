//! The status page over real connections: what it answers, to whom, and within which bounds.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{AsyncReadExt, AsyncWriteExt, StreamExt};
use headcount_board::{Board, BoardServer};
use headcount_sim::server::{Server, ServerConfig};
use headcount_sim::{Act, Arrival, Fault, Plan, Trouble, guild_id};
use headcount_tokio::Event;
use headcount_tokio::driver::core::session::OnStop;
use headcount_tokio::driver::metrics::Metric;
use headcount_tokio::driver::{Bot, Handle, Serve};
use serde_json::Value;

use crate::bot::{TOKEN, builder, options, ready, until};
use crate::runtimes::{Tested, on_each_runtime, serve};

on_each_runtime! {
    a_bot_that_comes_up_names_what_it_waits_for_until_it_is_ready,
    a_page_that_is_open_is_told_of_an_outage_and_of_its_end,
    the_page_answers_its_own_names_and_reading_methods_alone,
    odd_requests_get_one_answer_and_the_end,
    metrics_are_text_that_prometheus_reads,
    peers_that_send_nothing_leave_room_once_they_go,
    pages_whose_peers_say_no_more_are_given_up_at_once,
    a_crowd_of_peers_disturbs_neither_the_bot_nor_a_page_that_is_open,
}

const LOSES: u32 = 1;
const OUTAGE: u32 = 2;

/// An answer, taken apart.
struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }
}

/// Sends a request as it stands, and reads until the server closes.
async fn exchange<R: Tested + Serve>(board: &BoardServer, request: &str) -> Reply {
    let mut stream = dial::<R>(board.address()).await;
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut text = String::new();
    stream.read_to_string(&mut text).await.expect("an answer");
    assert!(!text.contains(TOKEN));
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    Reply {
        status: status.expect("a status"),
        head: head.to_ascii_lowercase(),
        body: body.to_owned(),
    }
}

async fn dial<R: Tested + Serve>(address: SocketAddr) -> R::Stream {
    let host = address.ip().to_string();
    let stream = R::default().connect(&host, address.port()).await;
    stream.expect("a connection")
}

async fn get<R: Tested + Serve>(board: &BoardServer, path: &str) -> Reply {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    exchange::<R>(board, &request).await
}

/// The states that a page is sent which is open, one after the other.
struct Page<R: Tested + Serve> {
    stream: R::Stream,
    text: String,
}

impl<R: Tested + Serve> Page<R> {
    async fn open(board: &BoardServer, query: &str) -> Self {
        let mut stream = dial::<R>(board.address()).await;
        let request = format!("GET /events?{query} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let text = String::new();
        Self { stream, text }
    }

    /// The next state of which this is true.
    async fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut bytes = [0; 16 << 10];
        loop {
            while let Some((_, rest)) = self.text.split_once("data: ") {
                let Some((event, rest)) = rest.split_once("\n\n") else {
                    break;
                };
                let state: Value = serde_json::from_str(event).expect("JSON");
                self.text = rest.to_owned();
                if wanted(&state["state"]) {
                    return state["state"].clone();
                }
            }
            let count = self.stream.read(&mut bytes).await.expect("more");
            assert_ne!(count, 0, "the stream goes on");
            self.text
                .push_str(std::str::from_utf8(&bytes[..count]).expect("text"));
        }
    }
}

/// Four guilds; one loses a chunk every time, and one is in an outage.
async fn started<R: Tested + Serve>() -> (Server, Bot<R>, Handle, BoardServer) {
    let mut world = Plan::sizes([3, 2_400, 5, 40]);
    world.guilds[OUTAGE as usize].arrival = Arrival::Outage;
    let lose = Trouble::LoseChunk {
        guild: guild_id(LOSES),
        index: 1,
    };
    let mut options = options(world);
    options.faults = vec![Fault::always(lose)];
    let server = serve(options, 1, ServerConfig::default()).await;
    let bot = builder::<R>(&server).connect().await.expect("started");
    let handle = bot.handle();
    let board = Board::new(&handle).period(Duration::from_millis(100));
    let board = board.serve(R::default()).expect("a port");
    assert!(board.address().ip().is_loopback());
    (server, bot, handle, board)
}

async fn end<R: Tested + Serve>(server: Server, bot: Bot<R>) {
    bot.shutdown(OnStop::End).await.expect("it ends");
    server.stop().await;
}

async fn a_bot_that_comes_up_names_what_it_waits_for_until_it_is_ready<R: Tested + Serve>() {
    let (server, mut bot, handle, board) = started::<R>().await;
    let loses = guild_id(LOSES).to_string();
    let early = get::<R>(&board, "/readyz").await;
    assert_eq!((early.status, &early.json()["ready"]), (503, &false.into()));
    assert_eq!(early.json()["shards"][0]["shard"], "0/1");
    // The chunk that is lost is waited for, over and over.
    let waiting = loop {
        let _ = futures_util::future::poll_immediate(bot.next()).await;
        R::default().timer(Duration::from_millis(5)).await;
        let reply = get::<R>(&board, "/readyz").await;
        assert_eq!(
            reply.status, 503,
            "the last chunk takes seconds to be given up"
        );
        let guild = reply.json()["guilds"][0].clone();
        if guild["guild"] == *loses
            && guild["why"]
                .as_str()
                .is_some_and(|it| it.contains("2 of 3"))
        {
            break guild;
        }
    };
    assert_eq!(waiting["waits_for"], "chunks");
    let left = waiting["until"]["in_ms"].as_u64().expect("a time");
    assert!(left <= 2_000, "{left} ms");
    assert!(waiting["until"]["unix_ms"].as_u64() > Some(1_600_000_000_000));

    ready(&mut bot).await;
    let reply = get::<R>(&board, "/readyz").await;
    assert_eq!((reply.status, &reply.json()["ready"]), (200, &true.into()));
    assert_eq!(get::<R>(&board, "/healthz").await.status, 200);
    handle.stop(OnStop::End);
    while bot.next().await.is_some() {}
    assert_eq!(get::<R>(&board, "/healthz").await.status, 503);
    let reply = get::<R>(&board, "/readyz").await;
    assert_eq!(reply.status, 503);
    assert_eq!(reply.json()["shards"][0]["why"], "stopped");
    end(server, bot).await;
}

async fn a_page_that_is_open_is_told_of_an_outage_and_of_its_end<R: Tested + Serve>() {
    let (server, mut bot, _, board) = started::<R>().await;
    ready(&mut bot).await;
    let mut page = Page::<R>::open(&board, "shards=0").await;
    let state = page.until(|state| state["is_ready"] == true).await;
    assert_eq!(state["guilds"]["known"], 4);
    assert_eq!(state["guilds"]["not_whole"], 2);
    assert_eq!(state["strip"], "l");
    let stages = serde_json::json!([["ready", 3], ["unavailable", 1]]);
    assert_eq!(state["shards"][0]["stages"], stages);
    let why = |at: usize| state["lacking"][at]["why"].as_str().expect("text");
    assert_eq!(why(0), "chunk 1 of its members never came");
    assert_eq!(why(1), "in an outage at the service");
    let members = state["cache"].as_array().expect("kinds").iter();
    let members = members
        .filter(|row| row["kind"] == "Member")
        .map(|row| &row["rows"]);
    assert_eq!(members.collect::<Vec<_>>(), [3 + 1_400 + 40]);
    assert!(!state.to_string().contains("user"), "no names");

    // Behind the first of them comes the second alone.
    let place = state["lacking"][0]["place"].as_str().expect("a place");
    let mut behind = Page::<R>::open(&board, &format!("after={place}")).await;
    let state = behind.until(|_| true).await;
    assert_eq!(state["lacking"].as_array().map(Vec::len), Some(1));
    assert_eq!(state["lacking"][0]["guild"], *guild_id(OUTAGE).to_string());

    let third = guild_id(3);
    server.act(Act::Outage { guild: third });
    let watching = async {
        page.until(|state| state["guilds"]["not_whole"] == 3).await;
        // Events that came while the page was open.
        page.until(|state| state["lag"]["half_us"].as_u64() > Some(0))
            .await;
        server.act(Act::Restore { guild: third });
        page.until(|state| state["guilds"]["not_whole"] == 2).await
    };
    let taking = async { while bot.next().await.is_some() {} };
    futures_util::future::select(std::pin::pin!(watching), std::pin::pin!(taking)).await;
    drop(board);
    end(server, bot).await;
}

async fn the_page_answers_its_own_names_and_reading_methods_alone<R: Tested + Serve>() {
    let (server, bot, _, board) = started::<R>().await;
    let page = get::<R>(&board, "/").await;
    assert_eq!(page.status, 200);
    assert!(
        page.head
            .contains("content-security-policy: default-src 'none'; script-src 'self'")
    );
    assert!(page.head.contains("x-content-type-options: nosniff"));
    assert!(
        !page.body.contains("://"),
        "nothing is loaded from elsewhere"
    );
    for path in ["/page.css", "/page.js"] {
        let reply = get::<R>(&board, path).await;
        assert_eq!(reply.status, 200);
        assert!(!reply.body.contains("://"), "{path}");
    }
    assert_eq!(get::<R>(&board, "/etc/passwd").await.status, 404);
    for (request, status) in [
        ("GET /readyz HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
        ("GET /readyz HTTP/1.1\r\n\r\n", 421),
        (
            "GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
            421,
        ),
        (
            "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
            421,
        ),
        (
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
            405,
        ),
        ("DELETE /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
        ("GET / HTTP/9.9\r\n\r\n", 400),
        ("\u{0}\u{1}\u{2}\r\n\r\n", 400),
    ] {
        assert_eq!(
            exchange::<R>(&board, request).await.status,
            status,
            "{request}"
        );
    }
    let head = exchange::<R>(&board, "HEAD / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    let long = "x".repeat(64 << 10);
    let request = format!("GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: {long}\r\n\r\n");
    let mut stream = TcpStream::connect(board.address()).expect("a connection");
    let _ = stream.write_all(request.as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP/1.1 200"));
    end(server, bot).await;
}

/// What could hide a second request, or a path, behind the first.
async fn odd_requests_get_one_answer_and_the_end<R: Tested + Serve>() {
    let (server, bot, _, board) = started::<R>().await;
    let hidden = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for (head, status) in [
        ("GET /healthz HTTP/1.1\r\nHost: localhost", 200),
        (
            "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive",
            200,
        ),
        (
            "GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6",
            200,
        ),
        (
            "GET /healthz HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked",
            200,
        ),
        (
            "GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\n\
             Transfer-Encoding: chunked",
            200,
        ),
        (
            "GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2",
            400,
        ),
        ("GET /healthz HTTP/1.1\r\nHost : localhost", 400),
        ("GET /healthz HTTP/1.1\r\n Host: localhost", 400),
        ("CONNECT localhost:80 HTTP/1.1\r\nHost: localhost", 405),
        ("OPTIONS * HTTP/1.1\r\nHost: localhost", 405),
        ("GET //healthz HTTP/1.1\r\nHost: localhost", 404),
        ("GET /./healthz HTTP/1.1\r\nHost: localhost", 404),
        ("GET /%68ealthz HTTP/1.1\r\nHost: localhost", 404),
        ("GET /../../etc/passwd HTTP/1.1\r\nHost: localhost", 404),
        ("GET /healthz/ HTTP/1.1\r\nHost: localhost", 404),
        ("GET /healthz?/../metrics HTTP/1.1\r\nHost: localhost", 200),
        (
            "GET http://localhost/healthz HTTP/1.1\r\nHost: localhost",
            200,
        ),
        ("GET /healthz HTTP/1.0\r\nHost: localhost", 200),
    ] {
        let reply = exchange::<R>(&board, &format!("{head}\r\n\r\n{hidden}")).await;
        assert_eq!(reply.status, status, "{head}");
        let answers = reply.head.matches("http/1.").count() + reply.body.matches("HTTP/1.").count();
        assert_eq!(answers, 1, "{head}");
        assert!(!reply.body.contains("headcount_"), "{head}");
    }
    end(server, bot).await;
}

async fn metrics_are_text_that_prometheus_reads<R: Tested + Serve>() {
    let (server, mut bot, _, board) = started::<R>().await;
    ready(&mut bot).await;
    let reply = get::<R>(&board, "/metrics").await;
    assert_eq!(reply.status, 200);
    assert!(reply.head.contains("text/plain; version=0.0.4"));
    let mut last = "";
    for line in reply.body.lines() {
        if let Some(head) = line.strip_prefix("# HELP ") {
            last = head.split(' ').next().expect("a name");
            assert!(Metric::ALL.iter().any(|metric| metric.name() == last));
            continue;
        }
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            assert!(kind.starts_with(last), "{kind} follows the help of {last}");
            continue;
        }
        let (name, number) = line.rsplit_once(' ').expect("a name and a number");
        assert!(name.starts_with(last), "{name} stands under {last}");
        assert!(number.parse::<f64>().is_ok(), "{line}");
    }
    for line in [
        "# TYPE headcount_event_lag_seconds histogram",
        "headcount_identifies_total{shard=\"0\"} 1",
        "headcount_guild_outcomes{outcome=\"incomplete\"} 1",
        "headcount_guilds{stage=\"unavailable\"} 1",
        "headcount_rows{kind=\"guilds\"} 3",
    ] {
        let times = reply.body.lines().filter(|it| *it == line).count();
        assert_eq!(times, 1, "{line} in {}", reply.body);
    }
    let lag = "headcount_event_lag_seconds";
    let all = reply.body.lines().filter_map(|line| {
        let rest = line.strip_prefix(lag)?;
        rest.strip_prefix("_count ")
            .or(rest.strip_prefix("_bucket{le=\"+Inf\"} "))
    });
    let all: Vec<u64> = all.map(|count| count.parse().expect("a count")).collect();
    assert!(all.len() == 2 && all[0] == all[1] && all[0] > 0, "{all:?}");
    end(server, bot).await;
}

async fn peers_that_send_nothing_leave_room_once_they_go<R: Tested + Serve>() {
    let (server, bot, _, board) = started::<R>().await;
    let mut silent = Vec::new();
    for _ in 0..64 {
        silent.push(dial::<R>(board.address()).await);
    }
    // One more is closed at once.
    let mut refused = dial::<R>(board.address()).await;
    let _ = refused
        .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await;
    let mut bytes = Vec::new();
    let _ = refused.read_to_end(&mut bytes).await;
    assert!(bytes.is_empty());
    drop(silent);
    loop {
        let mut stream = dial::<R>(board.address()).await;
        let request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
        let _ = stream.write_all(request).await;
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes).await;
        if bytes.starts_with(b"HTTP/1.1 200") {
            break;
        }
    }
    end(server, bot).await;
}

async fn pages_whose_peers_say_no_more_are_given_up_at_once<R: Tested + Serve>() {
    let (server, bot, _, board) = started::<R>().await;
    // One after the other: more than there are places.
    for _ in 0..40 {
        let mut stream = TcpStream::connect(board.address()).expect("a connection");
        let request = b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n";
        stream.write_all(request).expect("sent");
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).expect("an answer");
        assert_eq!(&answer, b"HTTP/1.1 200");
        stream.shutdown(Shutdown::Write).expect("this half");
        let _ = stream.read_to_end(&mut Vec::new());
    }
    end(server, bot).await;
}

/// Peers that are there at once, and the most that are served beside the page.
const CROWD: usize = 1_000;
const SERVED: usize = 63;

async fn a_crowd_of_peers_disturbs_neither_the_bot_nor_a_page_that_is_open<R: Tested + Serve>() {
    let (server, mut bot, _, board) = started::<R>().await;
    ready(&mut bot).await;
    let mut page = Page::<R>::open(&board, "").await;
    let is_ready = |state: &Value| state["is_ready"] == true;
    page.until(is_ready).await;
    let long = format!("GET /{} HTTP/1.1\r\n", "x".repeat(8 << 10));
    let requests = [
        "",
        "GET / HT",
        "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nHost: localhost\r\n",
        &long,
    ];
    let mut crowd = FuturesUnordered::new();
    for at in 0..CROWD {
        let mut stream = dial::<R>(board.address()).await;
        let _ = stream
            .write_all(requests[at % requests.len()].as_bytes())
            .await;
        crowd.push(async move { stream.read_to_end(&mut Vec::new()).await });
    }
    // All others are closed at once.
    let refused = crowd.by_ref().take(CROWD - SERVED);
    assert_eq!(refused.count().await, CROWD - SERVED);
    server.act(Act::Outage { guild: guild_id(0) });
    until(&mut bot, |event| match event.event {
        Event::GuildUnavailable(_) => Some(()),
        _ => None,
    })
    .await;
    page.until(|state| state["guilds"]["unavailable"] == 2)
        .await;
    drop(crowd);
    server.act(Act::Restore { guild: guild_id(0) });
    page.until(|state| state["guilds"]["unavailable"] == 1)
        .await;
    end(server, bot).await;
}

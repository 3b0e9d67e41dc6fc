//! The program: its first lines, and how it ends on mistakes.
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use async_tungstenite::tungstenite::{Message, client};
use serde_json::{Value, json};

fn gateway() -> Command {
    Command::new(env!("CARGO_BIN_EXE_gateway"))
}

#[test]
fn the_first_lines_are_urls_that_answer() {
    let arguments = ["--guilds", "2", "--members", "9", "--token", "s3cret"];
    let mut child = gateway()
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let http = lines.next().unwrap();
    let host = http.strip_prefix("http http://").unwrap();
    assert_eq!(lines.next().unwrap(), format!("ws ws://{host}"));
    let mut stream = TcpStream::connect(host).unwrap();
    stream
        .write_all(b"GET /api/v10/gateway HTTP/1.1\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    assert!(
        reply.ends_with(&format!(r#"{{"url":"ws://{host}"}}"#)),
        "{reply}"
    );
    assert!(
        lines
            .next()
            .unwrap()
            .ends_with("http GET /api/v10/gateway: 200")
    );
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_mistake_is_one_line_and_exit_code_2() {
    let output = gateway().args(["--shards", "none"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        error,
        "gateway: --shards: \"none\" is not a number in range\n"
    );
}

#[test]
fn help_goes_to_standard_output() {
    let output = gateway().arg("--help").output().unwrap();
    assert!(output.status.success());
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("EXAMPLES")
    );
}

/// The program's close code for an identify with these intents, and the rule that it prints.
fn refusal(arguments: &[&str], token: &str, intents: u64) -> (u16, String) {
    let mut program = gateway();
    let program = program.args(arguments).stdout(Stdio::piped());
    let mut child = program.spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut lines = lines.map(Result::unwrap);
    let http = lines.next().unwrap();
    let host = http.strip_prefix("http http://").unwrap();
    let stream = TcpStream::connect(host).unwrap();
    let url = format!("ws://{host}/?v=10&encoding=json");
    let (mut socket, _) = client(url, stream).unwrap();
    let properties = json!({ "os": "linux", "browser": "test", "device": "test" });
    let data = json!({ "token": token, "intents": intents, "properties": properties });
    let identify: Value = json!({ "op": 2, "d": data });
    socket.send(Message::text(identify.to_string())).unwrap();
    let code = loop {
        if let Message::Close(frame) = socket.read().unwrap() {
            break frame.expect("a code").code.into();
        }
    };
    let rule = lines.find(|line| line.contains("close 40"));
    child.kill().unwrap();
    child.wait().unwrap();
    (code, rule.expect("the broken rule is shown"))
}

#[test]
fn an_identify_that_the_service_would_refuse_is_refused_with_its_code() {
    const GUILDS: u64 = 1;
    const MEMBERS: u64 = 1 << 1;
    const PRESENCES: u64 = 1 << 8;
    const CONTENT: u64 = 1 << 15;
    const NO_INTENT: u64 = 1 << 60;
    for (arguments, token, intents, expected) in [
        (["--token", "s3cret"], "guessed", GUILDS, 4004),
        (["--granted", "none"], "any", GUILDS | NO_INTENT, 4013),
        (["--granted", "none"], "any", GUILDS | CONTENT, 4014),
        (["--granted", "members"], "any", MEMBERS | PRESENCES, 4014),
        (["--granted", "content"], "any", CONTENT | MEMBERS, 4014),
    ] {
        let (code, rule) = refusal(&arguments, token, intents);
        assert_eq!(code, expected, "{arguments:?} {intents}: {rule}");
        assert!(rule.contains(&format!("(close {expected})")), "{rule}");
    }
}

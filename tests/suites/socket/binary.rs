//! The program: its first lines, and how it ends on mistakes.
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

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

//! The examples in a terminal of 80 and of 120 columns, and what they do on Ctrl-C.
#![cfg(unix)]
#![allow(missing_docs, reason = "tests")]

use std::fs::File;
use std::io::Read;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use rustix::fs::{Mode, OFlags, open};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// How long a program runs before Ctrl-C: long enough for its bars to be drawn.
const RUN: Duration = Duration::from_secs(3);

/// Runs an example in a terminal, presses Ctrl-C, and gives back its end and all that it wrote.
fn interrupted(example: &str, columns: u16) -> (ExitStatus, String) {
    let test = std::env::current_exe().expect("a path");
    let folder = test
        .parent()
        .and_then(|deps| deps.parent())
        .expect("target");
    let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&controller).expect("granted");
    unlockpt(&controller).expect("unlocked");
    let name = ptsname(&controller, Vec::new()).expect("a name");
    let user = open(&name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).expect("opened");
    let size = Winsize {
        ws_row: 40,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&user, size).expect("sized");
    let user = File::from(user);
    let mut program = Command::new(folder.join("examples").join(example));
    program.stdin(Stdio::null()).env("TERM", "xterm");
    program
        .stdout(user.try_clone().expect("again"))
        .stderr(user);
    let mut child = program.spawn().expect("the example is built");
    drop(program);
    let (written, all) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        let (mut terminal, mut part) = (File::from(controller), [0; 4096]);
        // A terminal whose last user has gone is an error.
        while let Ok(count @ 1..) = terminal.read(&mut part) {
            written
                .send(part[..count].to_vec())
                .expect("somebody reads");
        }
    });
    let mut bytes = all.recv().expect("the first words");
    std::thread::sleep(RUN);
    let id = Pid::from_raw(child.id().try_into().expect("an id")).expect("not zero");
    kill_process(id, Signal::INT).expect("it runs");
    let status = child.wait().expect("it ends");
    reader.join().expect("read");
    all.iter().for_each(|part| bytes.extend(part));
    (status, String::from_utf8(bytes).expect("text"))
}

/// What is written between two returns to the left edge, escapes left out.
fn lines(text: &str) -> impl Iterator<Item = Vec<char>> {
    text.split(['\r', '\n']).map(|line| {
        let parts = line.split('\u{1b}').enumerate();
        let shown = parts.map(|(place, part)| match place {
            0 => part,
            _ => part
                .split_once(|c: char| c.is_ascii_alphabetic())
                .map_or("", |(_, rest)| rest),
        });
        shown.flat_map(str::chars).collect()
    })
}

/// Runs an example whose bars each have `mark` in them, and whose table begins and ends with these
/// words.
fn fits(example: &str, mark: &str, [first, last]: [&str; 2]) {
    for columns in [80, 120] {
        let (status, text) = interrupted(example, columns);
        assert!(status.success(), "{status}: {text}");
        assert!(text.contains(last), "the table so far: {text}");
        let mut bars = 0;
        for line in lines(&text) {
            let shown: String = line.iter().collect();
            if !shown.contains(mark) {
                assert!(
                    shown.trim_end().chars().count() <= columns.into(),
                    "{shown:?}"
                );
                continue;
            }
            // Bars are written one after the other, each padded to the width of the terminal.
            for row in line.chunks(columns.into()) {
                let row: String = row.iter().collect();
                let is_bar = row.trim().is_empty() || row.contains(mark);
                assert!(is_bar || row.starts_with(first), "a bar wraps: {row:?}");
                let mut rates = row.split_whitespace().filter_map(|w| w.strip_suffix("/s"));
                let is_whole = |rate: &str| rate.bytes().all(|byte| byte.is_ascii_digit());
                assert!(rates.all(is_whole), "a rate is rounded: {row:?}");
                bars += usize::from(row.trim_end().len() + 1 >= columns.into());
            }
        }
        assert!(bars > 1, "bars use the width of {columns}");
    }
}

#[test]
fn rollcall_fits_into_its_terminal_and_ends_with_the_table_so_far() {
    fits("rollcall", "/s  ", ["guild ", " MiB of cache, "]);
}

#[test]
fn chat_rooms_fits_into_its_terminal_and_ends_with_the_table_so_far() {
    let table = ["account ", " messages seen; budgets broken: 0"];
    fits("chat_rooms", " rooms  ", table);
}

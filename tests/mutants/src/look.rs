//! Runs tests while one mutant is awake, up to the first that fails.
use crate::tree::Program;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// One look at a mutant: a program with its arguments.
pub(crate) struct Look {
    pub(crate) program: Program,
    pub(crate) arguments: Vec<String>,
    /// The longest that it may take: a mutant may well wait for ever.
    pub(crate) patience: Duration,
}

/// What came of a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Every test passed.
    Nothing,
    /// The first test that failed, or what else ended the program.
    Failed(String),
}

impl Look {
    pub(crate) fn new(program: Program, arguments: &[&str]) -> Self {
        Self {
            program,
            arguments: arguments.iter().map(|&text| text.to_owned()).collect(),
            patience: Duration::from_secs(1800),
        }
    }

    /// Looks once with nothing awake, which has to pass, and takes its time as the measure.
    pub(crate) fn calibrate(&mut self) -> Result<(), String> {
        let start = Instant::now();
        match self.run(0) {
            Seen::Nothing => {}
            Seen::Failed(what) => {
                let name = &self.program.name;
                return Err(format!("{name} fails with no mutant awake: {what}"));
            }
        }
        self.patience = start.elapsed() * 5 + Duration::from_secs(20);
        Ok(())
    }

    /// Runs the program with this mutant awake.
    pub(crate) fn run(&self, mutant: u32) -> Seen {
        let child = Command::new(&self.program.path)
            .args(&self.arguments)
            .current_dir(&self.program.folder)
            .env("MUTANT", mutant.to_string())
            .env("RUST_BACKTRACE", "0")
            .env("PROPTEST_MAX_SHRINK_ITERS", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        match child {
            Ok(child) => self.watch(child),
            Err(error) => Seen::Failed(format!("cannot be run: {error}")),
        }
    }

    /// Reads what a program says until a test fails, it ends, or its time is over.
    fn watch(&self, mut child: Child) -> Seen {
        let end = Instant::now() + self.patience;
        let (sender, lines) = mpsc::channel();
        if let Some(stdout) = child.stdout.take() {
            thread::spawn(move || {
                for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        break;
                    }
                }
            });
        }
        let mut failed = None;
        while failed.is_none() {
            let left = end.saturating_duration_since(Instant::now());
            match lines.recv_timeout(left) {
                Ok(line) => failed = failure(&line),
                Err(RecvTimeoutError::Timeout) => failed = Some("no end".to_owned()),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        if failed.is_some() {
            let _ = child.kill();
        }
        match (failed, child.wait()) {
            (Some(what), _) => Seen::Failed(what),
            (None, Ok(status)) if status.success() => Seen::Nothing,
            (None, _) => Seen::Failed("it ended badly".to_owned()),
        }
    }
}

/// The name of the test that a line of its program calls failed.
fn failure(line: &str) -> Option<String> {
    let name = line.strip_prefix("test ")?.strip_suffix(" ... FAILED")?;
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, patience: Duration) -> Look {
        Look {
            program: Program {
                package: "x".to_owned(),
                name: "sh".to_owned(),
                path: "/bin/sh".into(),
                folder: ".".into(),
            },
            arguments: vec!["-c".to_owned(), script.to_owned()],
            patience,
        }
    }

    #[test]
    fn the_first_failure_a_bad_end_and_no_end_are_seen() {
        let long = Duration::from_secs(60);
        let seen = |script: &str| shell(script, long).run(7);
        assert_eq!(seen("echo 'test a::b ... ok'"), Seen::Nothing);
        let script = "echo 'test a::b ... FAILED'; sleep 100";
        assert_eq!(seen(script), Seen::Failed("a::b".to_owned()));
        assert_eq!(seen("exit 1"), Seen::Failed("it ended badly".to_owned()));
        assert_eq!(seen("test $MUTANT = 7"), Seen::Nothing);
        let never = shell("exec sleep 100", Duration::from_millis(100));
        assert_eq!(never.run(1), Seen::Failed("no end".to_owned()));
    }
}

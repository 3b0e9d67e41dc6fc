//! A model with hand-made clients on virtual time.

use headcount_sim::twitch::{Twitch, TwitchOptions, TwitchRule};
use headcount_sim::{ConnectionId, Millis, Output};
use std::collections::{BTreeMap, BTreeSet};

/// The model, and what each connection was sent.
pub(crate) struct Visit {
    pub(crate) twitch: Twitch,
    pub(crate) now: Millis,
    heard: BTreeMap<ConnectionId, Vec<String>>,
    ended: BTreeSet<ConnectionId>,
}

impl Visit {
    pub(crate) fn new(options: TwitchOptions) -> Self {
        Self {
            twitch: Twitch::new(options, 1),
            now: 0,
            heard: BTreeMap::new(),
            ended: BTreeSet::new(),
        }
    }

    /// A client that has logged in with tags and commands.
    pub(crate) fn guest(&mut self, login: &str) -> ConnectionId {
        let id = self.twitch.open(self.now);
        self.send(id, "CAP REQ :twitch.tv/tags twitch.tv/commands");
        self.send(id, &format!("PASS oauth:secret_{login}\r\nNICK {login}"));
        self.wait(100);
        let heard = self.take(id);
        assert!(heard.iter().any(|line| line.contains(" 001 ")), "{heard:?}");
        id
    }

    pub(crate) fn send(&mut self, id: ConnectionId, lines: &str) {
        self.twitch
            .receive(self.now, id, format!("{lines}\r\n").as_bytes());
        self.drain();
    }

    /// Sends, and gives back what comes within a second.
    pub(crate) fn ask(&mut self, id: ConnectionId, lines: &str) -> Vec<String> {
        self.take(id);
        self.send(id, lines);
        self.wait(1000);
        self.take(id)
    }

    /// Lets time pass.
    pub(crate) fn wait(&mut self, span: Millis) {
        self.now += span;
        self.twitch.advance(self.now);
        self.drain();
    }

    pub(crate) fn drain(&mut self) {
        while let Some((id, output)) = self.twitch.poll_output() {
            match output {
                Output::Send(lines) => {
                    assert!(lines.ends_with("\r\n"), "{lines:?}");
                    let lines = lines.lines().map(str::to_owned);
                    self.heard.entry(id).or_default().extend(lines);
                }
                Output::Close(_) | Output::Drop => {
                    self.ended.insert(id);
                }
            }
        }
    }

    /// What a connection was sent since the last look.
    pub(crate) fn take(&mut self, id: ConnectionId) -> Vec<String> {
        self.heard.remove(&id).unwrap_or_default()
    }

    pub(crate) fn has_ended(&self, id: ConnectionId) -> bool {
        self.ended.contains(&id)
    }

    pub(crate) fn broken(&self) -> Vec<TwitchRule> {
        self.twitch
            .violations()
            .iter()
            .map(|violation| violation.rule)
            .collect()
    }
}

/// The `#room`s of that many numbers, as a JOIN's list.
pub(crate) fn rooms(from: usize, to: usize) -> String {
    let names: Vec<String> = (from..to).map(|number| format!("#room{number}")).collect();
    names.join(",")
}

/// Whether a line with these words came.
pub(crate) fn has(lines: &[String], words: &str) -> bool {
    lines.iter().any(|line| line.contains(words))
}

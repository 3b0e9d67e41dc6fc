//! The recording, line by line, on virtual time.

use std::collections::btree_map::{BTreeMap, Entry as Place};
use std::fmt;

use headcount_core::{Action, Instant, ShardId};
use serde_json::json;

use super::machine::Machine;
use super::output::{action_line, line};
use super::script::{Entry, Line, Request, Settings};

/// What is wrong with a recording, and on which of its lines, from 1.
#[derive(Debug)]
pub(crate) struct Fault {
    line: usize,
    why: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

/// Plays a recording; each action is one line handed to `print`. Empty lines are passed over.
pub(crate) fn replay(recording: &str, mut print: impl FnMut(String)) -> Result<(), Fault> {
    let mut stage = Stage::default();
    for (index, text) in recording.lines().enumerate() {
        if !text.trim().is_empty() {
            let line = index + 1;
            let fault = |why| Fault { line, why };
            stage.line(text, &mut print).map_err(fault)?;
        }
    }
    Ok(())
}

/// The shards and what time it is.
#[derive(Default)]
struct Stage {
    now: Instant,
    settings: Option<Settings>,
    shards: BTreeMap<ShardId, Machine>,
}

impl Stage {
    fn line(&mut self, text: &str, print: &mut dyn FnMut(String)) -> Result<(), String> {
        let said = Line::parse(text)?;
        let (at, name) = (Instant::from_millis(said.t_ms), said.shard);
        if at < self.now {
            return Err(format!("time goes back, from {:?} to {at:?}", self.now));
        }
        let entry = said.entry()?;
        if let Entry::Config(settings) = entry {
            return self.configure(settings);
        }
        let settings = self.settings.get_or_insert_default();
        let shard = settings.shard(name)?;
        if let Place::Vacant(place) = self.shards.entry(shard) {
            place.insert(Machine::new(settings, shard)?);
        }
        self.pass(at, print);
        self.happen(shard, &entry, print)?;
        self.pass(at, print);
        Ok(())
    }

    fn configure(&mut self, settings: Settings) -> Result<(), String> {
        settings.intents()?;
        if self.settings.replace(settings).is_some() {
            return Err("config stands on the first line".into());
        }
        Ok(())
    }

    /// Lets time pass: every deadline up to `end` fires, the earliest first.
    fn pass(&mut self, end: Instant, print: &mut dyn FnMut(String)) {
        while let Some((at, shard)) = self.next_deadline().filter(|(at, _)| *at <= end) {
            self.now = self.now.max(at);
            let now = self.now;
            if let Some(machine) = self.shards.get_mut(&shard) {
                machine.wake(now, &mut |action| print(action_line(now, shard, action)));
            }
        }
        self.now = end;
    }

    fn next_deadline(&self) -> Option<(Instant, ShardId)> {
        let deadlines = self.shards.iter();
        deadlines
            .filter_map(|(shard, machine)| Some((machine.deadline()?, *shard)))
            .min()
    }

    fn happen(
        &mut self,
        shard: ShardId,
        entry: &Entry<'_>,
        print: &mut dyn FnMut(String),
    ) -> Result<(), String> {
        let now = self.now;
        let Some(machine) = self.shards.get_mut(&shard) else {
            return Ok(());
        };
        let mut sink = |action: &Action<'_>| print(action_line(now, shard, action));
        match entry {
            Entry::Payload(text) => machine.payload(now, text, &mut sink)?,
            Entry::Closed(end) => machine.closed(now, end, &mut sink),
            Entry::Request(request) => print(ask(machine, now, shard, request)?),
            Entry::Config(_) | Entry::TimePasses => {}
        }
        Ok(())
    }
}

/// What becomes of the user's call is a line too.
fn ask(
    machine: &mut Machine,
    now: Instant,
    shard: ShardId,
    request: &Request,
) -> Result<String, String> {
    let guild = request.guild;
    Ok(
        match machine.request(guild, request.query()?, request.presences) {
            Ok(id) => line(
                now,
                shard,
                "requested",
                json!({"guild": guild, "request": id.get()}),
            ),
            Err(why) => {
                let why = why.to_string();
                line(now, shard, "refused", json!({"guild": guild, "why": why}))
            }
        },
    )
}

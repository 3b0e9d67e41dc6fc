//! A recording, step by step.

use std::time::Duration;

use headcount_core::Input;
use headcount_driver::record::{Happened, Recording, Replay, ReplayStep};
use serde_json::{Value, json};

use super::output::{action_line, line};

/// What of a recording is printed.
pub(crate) struct Cut {
    /// This shard alone.
    pub(crate) shard: Option<u64>,
    /// What has this guild's id in it.
    pub(crate) guild: Option<String>,
    /// From this time on, in milliseconds.
    pub(crate) from: u64,
    /// Up to this one.
    pub(crate) to: u64,
    /// The first step of the cut that differs, and no other.
    pub(crate) only_differing: bool,
}

impl Default for Cut {
    fn default() -> Self {
        Self {
            shard: None,
            guild: None,
            from: 0,
            to: u64::MAX,
            only_differing: false,
        }
    }
}

impl Cut {
    /// Whether a step is of its shard and time.
    fn has(&self, step: &ReplayStep<'_>) -> bool {
        let is_own = |wanted| wanted == u64::from(step.shard.number());
        self.shard.is_none_or(is_own) && (self.from..=self.to).contains(&step.at.as_millis())
    }

    /// A step in words, if it is about its guild.
    fn in_lines(&self, step: &ReplayStep<'_>) -> Option<Vec<String>> {
        let is_needed = self.guild.is_some() || !self.only_differing || step.divergence.is_some();
        let lines = match is_needed {
            true => in_lines(step),
            false => Vec::new(),
        };
        let names = |guild: &String| lines.iter().any(|line| line.contains(guild.as_str()));
        self.guild.as_ref().is_none_or(names).then_some(lines)
    }
}

/// What a replay found.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    pub(crate) steps: u64,
    pub(crate) inputs: u64,
    /// In the cut.
    pub(crate) differing: u64,
    /// The version of the library that wrote it.
    pub(crate) version: String,
    pub(crate) why: String,
    pub(crate) is_full: bool,
    /// Shards whose part ends before the recording does, and why.
    pub(crate) ends: Vec<String>,
}

impl Summary {
    pub(crate) fn in_words(&self, elapsed: Duration) -> String {
        let Self {
            steps,
            inputs,
            differing,
            version,
            why,
            is_full,
            ends,
        } = self;
        let a_second = *inputs as f64 / elapsed.as_secs_f64().max(1e-9);
        let full = if *is_full {
            ", and more happened than is in it"
        } else {
            ""
        };
        let own = env!("CARGO_PKG_VERSION");
        let other = match version == own {
            true => String::new(),
            false => format!("; version {version} wrote it, which may do other things than {own}"),
        };
        let ends: String = ends.iter().map(|end| format!("; {end}")).collect();
        format!(
            "{steps} steps, {inputs} inputs ({a_second:.0} a second), {differing} that differ; \
             the recording was written because: {why}{full}{ends}{other}"
        )
    }
}

/// Replays a recording; each step and each action is one line handed to `print`, as far as the cut
/// wants it.
pub(crate) fn replay_recording(
    file: &[u8],
    cut: &Cut,
    print: &mut dyn FnMut(String),
) -> Result<Summary, String> {
    let recording = Recording::read(file).map_err(|error| error.to_string())?;
    let mut replay = Replay::new(&recording).map_err(|error| error.to_string())?;
    let mut summary = Summary {
        version: recording.version().to_owned(),
        why: recording.end().why.clone(),
        is_full: recording.end().is_full,
        ..Summary::default()
    };
    let (mut checked, mut ended) = (0_u64, "nothing happened there");
    while let Some(step) = replay.step().map_err(|error| error.to_string())? {
        let is_input = matches!(step.happened, Happened::Input(_));
        summary.steps += 1;
        summary.inputs += u64::from(is_input);
        if let Happened::Ended(why) = step.happened {
            let (shard, at) = (step.shard, step.at.as_millis());
            summary
                .ends
                .push(format!("nothing of shard {shard} from {at} ms on: {why}"));
        }
        if !cut.has(&step) {
            continue;
        }
        if let Happened::Ended(why) = step.happened {
            ended = why;
        }
        let Some(lines) = cut.in_lines(&step) else {
            continue;
        };
        let differs = step.divergence.is_some();
        checked += u64::from(is_input);
        summary.differing += u64::from(differs);
        if !cut.only_differing || (differs && summary.differing == 1) {
            lines.into_iter().for_each(&mut *print);
        }
    }
    match (checked, cut.only_differing, &cut.guild) {
        (0, true, None) => Err(format!(
            "there are no inputs that could be checked: {ended}"
        )),
        (0, _, Some(guild)) => Err(format!(
            "no input has the id {guild}: in a recording ids are others than the bot's"
        )),
        _ => Ok(summary),
    }
}

/// A step and its actions.
fn in_lines(step: &ReplayStep<'_>) -> Vec<String> {
    let (at, shard) = (step.at, step.shard);
    let (kind, details) = happened(&step.happened);
    let mut lines = vec![line(at, shard, kind, details)];
    lines.extend(
        step.actions
            .iter()
            .map(|action| action_line(at, shard, action)),
    );
    if let Some(divergence) = step.divergence {
        lines.push(line(at, shard, "differs", json!(divergence.to_string())));
    }
    lines
}

fn happened<'h>(happened: &'h Happened<'_>) -> (&'h str, Value) {
    match happened {
        Happened::Called(call) => ("call", serde_json::from_str(call).unwrap_or_default()),
        Happened::Acknowledged(sequence) => ("acknowledged", json!(sequence)),
        Happened::Recorded(sequence) => ("recorded", json!(sequence)),
        Happened::Begun => ("begin", Value::Null),
        Happened::Ended(why) => ("end", json!(why)),
        Happened::Input(Input::Payload(bytes)) => {
            let text = || json!(String::from_utf8_lossy(bytes));
            (
                "payload",
                serde_json::from_slice(bytes).unwrap_or_else(|_| text()),
            )
        }
        Happened::Input(input) => ("input", json!(format!("{input:?}"))),
    }
}

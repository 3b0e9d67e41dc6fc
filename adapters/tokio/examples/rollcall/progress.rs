//! What is shown while the roll is called.

use std::fmt::Write;
use std::time::{Duration, Instant};

use headcount_tokio::Handle;
use headcount_tokio::driver::ShardState;
use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::arguments::Arguments;

const FRAME: Duration = Duration::from_millis(100);
const LINE: Duration = Duration::from_secs(1);

/// Bars, lines, or nothing.
pub(crate) struct Progress {
    look: Look,
    interval: Interval,
    started: Instant,
}

enum Look {
    Bars {
        all: MultiProgress,
        shards: Vec<ProgressBar>,
    },
    Lines,
    Nothing,
}

impl Progress {
    pub(crate) fn new(arguments: &Arguments, handle: &Handle) -> Self {
        let (look, every) = match (arguments.json, arguments.plain) {
            (true, _) => (Look::Nothing, LINE),
            (false, true) => (Look::Lines, LINE),
            (false, false) => (bars(handle), FRAME),
        };
        let mut interval = interval(every);
        interval.set_missed_tick_behavior(MissedTickBehavior::Skip);
        Self {
            look,
            interval,
            started: Instant::now(),
        }
    }

    /// Waits until it is time to show something. Cancel-safe.
    pub(crate) async fn tick(&mut self) {
        self.interval.tick().await;
    }

    /// Shows how far each shard is.
    pub(crate) fn show(&self, handle: &Handle) {
        match &self.look {
            Look::Nothing => {}
            Look::Lines => {
                for state in handle.shards() {
                    println!(
                        "{:>5.1} s  {}",
                        self.started.elapsed().as_secs_f64(),
                        line(&state)
                    );
                }
            }
            Look::Bars { shards, .. } => {
                for (bar, state) in shards.iter().zip(handle.shards()) {
                    let members = state.readiness.members;
                    bar.set_length(members.expected.max(members.received));
                    bar.set_position(members.received);
                    bar.set_prefix(state.id.to_string());
                    bar.set_message(guilds(&state));
                }
            }
        }
    }

    /// Shows the last state, and takes the bars away.
    pub(crate) fn finish(&self, handle: &Handle) {
        self.show(handle);
        if let Look::Bars { all, shards } = &self.look {
            shards.iter().for_each(ProgressBar::abandon);
            let _ = all.println("");
        }
    }
}

fn bars(handle: &Handle) -> Look {
    let all = MultiProgress::new();
    let template = "{prefix:>6} {wide_bar} {human_pos}/{human_len} {rate:>9}  {msg}";
    let style = ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .with_key("rate", |state: &ProgressState, to: &mut dyn Write| {
            // A bar that cannot say its rate goes without.
            let _ = write!(to, "{:.0}/s", state.per_sec());
        })
        .progress_chars("=> ");
    let bar = |_| all.add(ProgressBar::new(0).with_style(style.clone()));
    let shards = handle.shards().map(bar).collect();
    Look::Bars { all, shards }
}

fn guilds(state: &ShardState) -> String {
    let stages = state.readiness.stages;
    let coming = stages.expected + stages.syncing + stages.requested + stages.receiving;
    let all = coming + stages.ready + stages.missed + stages.unavailable;
    format!("{}/{all} guilds, {:?}", stages.ready, state.phase)
}

fn line(state: &ShardState) -> String {
    let members = state.readiness.members;
    let guilds = guilds(state);
    format!(
        "shard {}: {}/{} members, {guilds}",
        state.id, members.received, members.expected
    )
}

//! What is shown while rooms are joined.

use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::arguments::Arguments;
use crate::tally::Tally;

const FRAME: Duration = Duration::from_millis(100);
const LINE: Duration = Duration::from_secs(1);

/// Bars, lines, or nothing.
pub(crate) struct Progress {
    look: Look,
    interval: Interval,
    started: Instant,
}

enum Look {
    /// One for each account.
    Bars {
        all: MultiProgress,
        crews: Vec<ProgressBar>,
    },
    Lines,
    Nothing,
}

impl Progress {
    pub(crate) fn new(arguments: &Arguments, tally: &Tally) -> Self {
        let (look, every) = match (arguments.json, arguments.plain) {
            (true, _) => (Look::Nothing, FRAME),
            (false, true) => (Look::Lines, LINE),
            (false, false) => (bars(tally), FRAME),
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

    /// Shows how far each account is.
    pub(crate) fn show(&self, tally: &Tally) {
        match &self.look {
            Look::Nothing => {}
            Look::Lines => {
                let (joined, rooms, messages) = (tally.joined(), tally.rooms(), tally.messages());
                let seconds = self.started.elapsed().as_secs_f64();
                println!("{seconds:>5.1} s  {joined:>3}/{rooms} rooms, {messages} messages");
            }
            Look::Bars { crews, .. } => {
                for (bar, crew) in crews.iter().zip(&tally.crews) {
                    bar.set_position(tally.joined_by(crew.manager) as u64);
                    bar.set_message(format!("{} messages in all", tally.messages()));
                }
            }
        }
    }

    /// Shows the last state, and leaves the bars.
    pub(crate) fn finish(&self, tally: &Tally) {
        self.show(tally);
        if let Look::Bars { all, crews } = &self.look {
            crews.iter().for_each(ProgressBar::abandon);
            let _ = all.println("");
        }
    }
}

fn bars(tally: &Tally) -> Look {
    let all = MultiProgress::new();
    let style = ProgressStyle::with_template("{prefix:>12} {wide_bar} {pos:>3}/{len} rooms  {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ");
    let bar = |rooms: usize, name: &str| {
        let bar = ProgressBar::new(rooms as u64).with_style(style.clone());
        all.add(bar.with_prefix(name.to_owned()))
    };
    let crews = tally
        .crews
        .iter()
        .map(|crew| bar(crew.rooms, &crew.name))
        .collect();
    Look::Bars { all, crews }
}

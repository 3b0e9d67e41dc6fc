//! Medians of interleaved repetitions.

use std::collections::BTreeMap;

use crate::clock::Time;
use crate::library::{Library, Which};
use crate::payload::Frames;

/// What was measured of one library.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figure {
    /// The median: of the thread's time in nanoseconds, of bytes, or of whatever the row counts.
    pub value: f64,
    /// The median of the time that went by, where time is measured.
    pub wall: Option<f64>,
    /// From the lower to the upper quartile, as a part of the median.
    pub spread: Option<f64>,
}

impl Figure {
    /// A number that does not vary.
    pub const fn exact(value: f64) -> Self {
        Self {
            value,
            wall: None,
            spread: None,
        }
    }

    fn of(mut times: Vec<Time>, per: f64) -> Self {
        times.sort_by(|one, other| one.cpu.total_cmp(&other.cpu));
        let at = |part: usize| times[(times.len() - 1) * part / 4].cpu;
        let mut walls: Vec<f64> = times.iter().map(|time| time.wall).collect();
        walls.sort_by(f64::total_cmp);
        Self {
            value: at(2) / per,
            wall: Some(walls[(walls.len() - 1) / 2] / per),
            spread: Some((at(3) - at(1)) / at(2)),
        }
    }
}

/// Figures by library.
pub type Figures = BTreeMap<Which, Figure>;

/// Runs each library in turn, the first one another each time; the first round only warms up.
pub fn interleaved(
    libraries: &[Which],
    repetitions: usize,
    per: u64,
    mut run: impl FnMut(usize, Which) -> Time,
) -> Figures {
    let mut times: BTreeMap<Which, Vec<Time>> = BTreeMap::new();
    for round in 0..=repetitions {
        for turn in 0..libraries.len() {
            let which = libraries[(round + turn) % libraries.len()];
            let time = run(round, which);
            if round > 0 {
                times.entry(which).or_default().push(time);
            }
        }
    }
    times
        .into_iter()
        .map(|(which, times)| (which, Figure::of(times, per as f64)))
        .collect()
}

/// Feeds every frame.
pub fn feed(library: &mut dyn Library, frames: &Frames) {
    frames
        .clone()
        .iter_mut()
        .for_each(|frame| library.feed(frame));
}

/// How long feeding every frame takes; the copy that may be scribbled on is made before.
pub fn timed_feed(library: &mut dyn Library, frames: &Frames) -> Time {
    let mut copy = frames.clone();
    Time::of(|| measured_feed(library, &mut copy)).1
}

/// What is measured, under a name that callgrind finds.
#[inline(never)]
pub fn measured_feed(library: &mut dyn Library, frames: &mut Frames) {
    for frame in frames.iter_mut() {
        library.feed(frame);
    }
}

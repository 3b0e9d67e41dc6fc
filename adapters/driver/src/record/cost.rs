//! What recording costs the task of a shard, event by event.

use std::num::NonZeroU32;
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::Instant as StdInstant;
use std::{hint, mem, thread};

use headcount_core::{Input, Instant, Shard};

use super::RecordOptions;
use super::archive::Archive;
use super::header::{RecordingHeader, ShardHeader};
use super::key::ScrubKey;
use super::recorder::{RecorderTask, attend};
use super::scrub::Scrubber;
use super::tape::{BUFFER, MANY, Tape, TapeFeed, TapePiece};
use super::tests::{GUILD, begin_of_a_session, config};
use crate::shard_cell::ShardCell;

/// So many events are timed together: more than a buffer of the tape holds.
const TIMED: u64 = 64;

/// So many times.
const ROUNDS: u64 = 20_000;

/// A shard as its task has it, with all that is dealt with at once.
struct Task {
    cell: ShardCell,
    now: u64,
}

impl Task {
    fn new(mut tape: Option<Tape>) -> Self {
        let mut config = config();
        let setup = &mut config.tracker.setup;
        if let Some(tape) = &mut tape {
            setup.chunking = tape.following(mem::take(&mut setup.chunking));
        }
        let mut task = Self {
            cell: ShardCell::new(Shard::new(config, 7), 1_024, tape),
            now: 0,
        };
        task.input(Input::Timeout);
        task.input(Input::Opened);
        for text in begin_of_a_session() {
            task.input(Input::Payload(text.as_bytes()));
        }
        task
    }

    fn input(&mut self, input: Input<'_>) {
        self.now += 10;
        let now = Instant::from_millis(self.now);
        hint::black_box(&self.cell.handle(now, input));
        self.cell.acknowledgements.settle(now);
    }

    /// How many nanoseconds each of these takes.
    #[inline(never)]
    fn time(&mut self, texts: &[&[u8]]) -> f64 {
        let start = StdInstant::now();
        for text in texts {
            self.input(Input::Payload(text));
        }
        start.elapsed().as_nanos() as f64 / texts.len() as f64
    }
}

/// Messages of some 600 bytes with these sequences, one behind the other as a socket leaves them.
fn messages(sequences: Range<u64>, bytes: &mut Vec<u8>) -> Vec<Range<usize>> {
    use std::io::Write;
    bytes.clear();
    let content = "x".repeat(250);
    let mut ranges = Vec::new();
    for sequence in sequences {
        let from = bytes.len();
        let id = GUILD + sequence;
        let _ = write!(
            bytes,
            r#"{{"op":0,"t":"MESSAGE_CREATE","s":{sequence},"d":{{"id":"{id}",
            "guild_id":"{GUILD}","channel_id":"{GUILD}","type":0,"tts":false,
            "timestamp":"2026-11-29T10:00:00.000000+00:00",
            "mentions":[],"flags":0,"content":"{content}",
            "author":{{"id":"99","username":"somebody"}}}}}}"#
        );
        ranges.push(from..bytes.len());
    }
    ranges
}

/// The thread's part is not the shard's: buffers come back as they are.
fn give_all_back(feed: &TapeFeed, pieces: impl Iterator<Item = RecorderTask>) {
    for task in pieces {
        if let RecorderTask::Piece(piece) = task {
            feed.give_back(piece.bytes);
        }
    }
}

/// Times both in turn, so that a busy machine is as busy for one as for the other; `between` is
/// done after each time. The medians: without, with, and what is between two that follow each
/// other.
fn compared(feed: &Arc<TapeFeed>, mut between: impl FnMut()) -> [f64; 3] {
    let mut tasks = [None, Some(Tape::new(Arc::clone(feed), 0))].map(Task::new);
    let mut spent = [Vec::new(), Vec::new(), Vec::new()];
    let mut bytes = Vec::new();
    for round in 0..ROUNDS {
        let from = 3 + round * TIMED;
        let ranges = messages(from..from + TIMED, &mut bytes);
        let texts: Vec<&[u8]> = ranges.into_iter().map(|range| &bytes[range]).collect();
        let mut times = [0.0; 2];
        for place in [round % 2, 1 - round % 2] {
            times[place as usize] = tasks[place as usize].time(&texts);
            between();
        }
        spent[0].push(times[0]);
        spent[1].push(times[1]);
        spent[2].push(times[1] - times[0]);
    }
    spent.map(|mut spent| {
        spent.sort_by(f64::total_cmp);
        spent[spent.len() / 2]
    })
}

/// With a thread beside, which does this with each piece, and gives its buffer back; `between` as
/// above.
fn with_thread(
    mut deal: impl FnMut(TapePiece, &TapeFeed) + Send + 'static,
    between: impl Fn(&TapeFeed),
) -> [f64; 3] {
    let (feed, receiver) = feed();
    let other = Arc::downgrade(&feed);
    let recorder = thread::spawn(move || {
        attend(&receiver, |task| {
            if let (RecorderTask::Piece(piece), Some(feed)) = (task, other.upgrade()) {
                deal(piece, &feed);
            }
        });
    });
    feed.serve(recorder.thread().clone());
    let costs = compared(&feed, || between(&feed));
    drop(feed);
    recorder.join().expect("no panic");
    costs
}

/// Keeps pieces as the recorder does.
fn archive() -> Archive {
    let mut scrubber = Scrubber::new(ScrubKey::new([1, 2], NonZeroU32::MIN));
    let begins = vec![ShardHeader::new(0, 7, None, false)];
    let header = RecordingHeader::new(&config(), 1, 0, begins, &mut scrubber);
    Archive::new(
        scrubber,
        header.expect("written"),
        &RecordOptions::default(),
    )
}

/// Events come faster here than they are scrubbed: waits until the thread has caught up.
fn catch_up(feed: &TapeFeed) {
    if feed.waiting() > MANY * BUFFER / 2 {
        feed.wake();
        while feed.waiting() > 0 {
            hint::spin_loop();
        }
    }
}

fn feed() -> (Arc<TapeFeed>, Receiver<RecorderTask>) {
    let (sender, receiver) = mpsc::sync_channel(1_024);
    (Arc::new(TapeFeed::new(sender, 64 << 20)), receiver)
}

#[allow(clippy::print_stdout, reason = "a measurement is shown")]
fn show(what: &str, [without, with, more]: [f64; 3]) {
    println!("{what}: {without:.0} ns an event, {with:.0} ns recorded, {more:.0} ns more");
}

#[test]
#[ignore = "a measurement, to be run in release"]
fn what_recording_costs() {
    let (nobody, receiver) = feed();
    let costs = compared(&nobody, || give_all_back(&nobody, receiver.try_iter()));
    show("buffers come back at once", costs);
    let costs = with_thread(|piece, feed| feed.give_back(piece.bytes), |_| {});
    show("they go to another thread", costs);
    let mut archive = archive();
    let keep = move |piece: TapePiece, feed: &TapeFeed| {
        archive.take(piece, |bytes| feed.give_back(bytes));
    };
    show("and are scrubbed there", with_thread(keep, catch_up));
}

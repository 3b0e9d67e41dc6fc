//! Recordings that have no more room, and begin later than the run.

use headcount_core::cache::MemoryStore;

use super::*;
use crate::record::archive::ArchiveFault;
use crate::record::tape::TapePiece;

/// So many messages fill the ring of [`small`] over and over.
const MESSAGES: u64 = 6_000;

pub(super) fn small(rows: bool) -> RecordOptions {
    RecordOptions {
        bytes: 40_000,
        rows,
        ..RecordOptions::default()
    }
}

/// A message comes, and the answer to a heartbeat that is due.
fn hear(run: &mut Run, sequence: u64) {
    let actions = run.message(sequence);
    let beats = |action: &Action<'_>| matches!(action, Action::Send(it) if it.opcode() == 1);
    if actions.iter().any(beats) {
        run.payload(r#"{"op":11}"#);
    }
    run.pass_on();
}

/// A run of so many messages; the same under any options.
pub(super) fn messages(options: &RecordOptions) -> Run {
    let mut run = Run::new(options);
    run.begin();
    for sequence in 3..MESSAGES {
        hear(&mut run, sequence);
    }
    run
}

/// How many steps a file has, all of them as in the run, and the rows at its end as text.
fn followed(file: &[u8]) -> (usize, Option<String>) {
    let recording = Recording::read(file).unwrap();
    let mut replay = Replay::new(&recording).unwrap();
    let (mut store, mut steps) = (recording.rows().unwrap(), 0);
    while let Some(step) = replay.step().unwrap() {
        assert_eq!(step.divergence, None, "{:?} {:?}", step.at, step.happened);
        steps += 1;
        for action in step.actions {
            if let (Some(store), Action::Mutate(mutation)) = (&mut store, action) {
                store.apply(mutation);
            }
        }
    }
    (steps, store.as_ref().map(exported))
}

fn exported(store: &MemoryStore) -> String {
    let pieces = store
        .export()
        .map(|piece| serde_json::to_string(&piece).unwrap());
    let mut pieces: Vec<String> = pieces.collect();
    pieces.sort();
    pieces.join("\n")
}

#[test]
fn what_is_full_loses_its_begin_and_goes_on_from_the_machines_and_rows_there() {
    let whole = messages(&RecordOptions::default()).file();
    let (all, rows) = followed(&whole);
    assert!(Recording::read(&whole).unwrap().begins_with_run());
    let late = messages(&small(true)).file();
    let recording = Recording::read(&late).unwrap();
    assert!(recording.end().is_full && !recording.begins_with_run());
    let (steps, late_rows) = followed(&late);
    assert!(steps > 300 && steps < all - 1_000, "{steps} of {all}");
    assert_eq!(late_rows, rows);
    let without = messages(&small(false)).file();
    assert_eq!(followed(&without), (steps, None));
    assert!(without.len() < 40_000 + 10_000, "{}", without.len());
}

#[test]
fn what_comes_while_rows_are_written_out_is_taken_in_and_written_too() {
    let mut run = messages(&small(true));
    let (before, _) = followed(&run.file());
    for sequence in MESSAGES..MESSAGES + 400 {
        run.message(sequence);
    }
    let (mut file, mut taken) = (Vec::new(), 0);
    let (archive, receiver, feed) = (&mut run.archive, &run.receiver, &run.feed);
    let written = archive.write(None, "a test", &mut file, |stream| {
        while let Ok(RecorderTask::Piece(piece)) = receiver.try_recv() {
            taken += 1;
            stream.take(piece, |bytes| feed.give_back(bytes));
        }
    });
    written.unwrap();
    assert!(taken > 1, "{taken}");
    let (steps, _) = followed(&file);
    assert!(steps > before + 300, "{steps} after {before}");
    for sequence in MESSAGES + 400..2 * MESSAGES {
        hear(&mut run, sequence);
    }
    assert_eq!(run.feed.waiting(), 0, "each buffer is back");
    followed(&run.file());
}

#[test]
fn a_call_changes_the_rows_that_are_kept_from_there_on() {
    let mut run = messages(&small(true));
    let call = RecordedCall::SetPolicy {
        kind: headcount_core::cache::Kind::Message,
        is_none: true,
    };
    run.tape.call(&call);
    run.shard.set_policy(
        headcount_core::cache::Kind::Message,
        &headcount_core::cache::Policy::none(),
    );
    for sequence in MESSAGES..2 * MESSAGES {
        hear(&mut run, sequence);
    }
    let (_, rows) = followed(&run.file());
    assert!(!rows.unwrap().contains("messages\":["), "they are gone");
}

#[test]
fn a_part_that_differs_is_found_when_it_goes_and_shown_by_a_file_that_begins_before_it() {
    let mut run = Run::new(&small(true));
    run.begin();
    for sequence in 3..3_000 {
        hear(&mut run, sequence);
    }
    // The run gets something that is not in its recording.
    let now = Instant::from_millis(run.now);
    let _ = run.shard.handle(now, Input::Closed(None));
    let mut file = None;
    for sequence in 3_000..2 * MESSAGES {
        hear(&mut run, sequence);
        let fault = run.archive.take_fault();
        assert!(!matches!(fault, Some(ArchiveFault::Stopped)), "{sequence}");
        if let Some(ArchiveFault::Differs(part)) = fault {
            assert!(file.is_none(), "it is said once");
            let mut written = Vec::new();
            run.archive
                .write(Some(&part), "it differs", &mut written, |_| {})
                .unwrap();
            file = Some(written);
        }
    }
    let file = file.expect("found");
    assert_eq!(Recording::read(&file).unwrap().end().why, "it differs");
    let (_, other) = replayed(&file);
    assert_eq!(
        other.first().map(|(at, _)| *at),
        Some(now.after(Duration::from_millis(40)))
    );
}

#[test]
fn what_cannot_be_followed_stays_and_nothing_more_is_kept() {
    let mut run = Run::new(&small(true));
    run.begin();
    let bytes = run.tape.take().unwrap().bytes;
    let piece = |number, bytes| TapePiece {
        shard: 0,
        number,
        bytes,
    };
    run.archive.take(piece(0, bytes), drop);
    let mut answer_to_nothing = Vec::new();
    frame::put_answer(&mut answer_to_nothing, true);
    run.archive.take(piece(1, answer_to_nothing), drop);
    let mut has_stopped = false;
    for number in 2..40 {
        let mut noise = Vec::new();
        // Short numbers are no ids, and stay as they are.
        let numbers = (0..3_000_u64).map(|it| (it * it * number).to_string());
        let numbers = numbers.collect::<Vec<_>>().join(",");
        frame::put_input(&mut noise, 1, &Input::Payload(numbers.as_bytes()));
        frame::put_actions(&mut noise, 0, 0);
        run.archive.take(piece(number, noise), drop);
        has_stopped |= matches!(run.archive.take_fault(), Some(ArchiveFault::Stopped));
    }
    assert!(has_stopped);
    let file = run.archive.file("a test");
    let recording = Recording::read(&file).unwrap();
    assert!(
        recording.end().is_full && file.len() < 40_000 + 40_000,
        "{}",
        file.len()
    );
    let mut replay = Replay::new(&recording).unwrap();
    while let Ok(Some(_)) = replay.step() {}
}

#[test]
fn payloads_that_pack_to_next_to_nothing_make_a_file_that_can_be_read() {
    let mut run = Run::new(&RecordOptions::default());
    run.begin();
    let zeros = format!("[{}0]", "0,".repeat(1 << 20));
    for _ in 0..60 {
        run.payload(&zeros);
        run.pass_on();
    }
    let file = run.file();
    assert!(file.len() < 200_000, "{}", file.len());
    let (steps, other) = replayed(&file);
    assert!(steps > 20, "{steps}");
    assert_eq!(other, []);
}

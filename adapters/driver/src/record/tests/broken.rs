//! Files that are no whole recordings.

use serde_json::{Value, json};

use super::super::archive::ArchiveFault;
use super::full::{messages, small};
use super::*;

fn file() -> Vec<u8> {
    let mut run = Run::new(&RecordOptions::default());
    run.begin();
    run.message(3);
    run.file()
}

#[test]
fn a_file_that_ends_early_is_an_error() {
    let file = file();
    for length in 0..file.len() {
        let read = Recording::read(&file[..length]);
        let expected = match length < MAGIC.len() {
            true => RecordingError::NotARecording,
            false => RecordingError::Truncated,
        };
        match read {
            Err(error) if error == expected => {}
            // What is left of the first line may be that of another version.
            Err(RecordingError::Version) if length < MAGIC.len() => {}
            // Nothing at all is left behind the first line.
            Err(RecordingError::Broken(_)) if length == MAGIC.len() => {}
            other => panic!("{length}: {other:?}"),
        }
    }
}

#[test]
fn a_byte_that_is_another_one_is_an_error() {
    let file = file();
    for at in 0..file.len() {
        let mut broken = file.clone();
        broken[at] ^= 0x40;
        assert!(Recording::read(&broken).is_err(), "{at}");
    }
    let mut longer = file;
    longer.push(0);
    assert_eq!(
        Recording::read(&longer).err(),
        Some(RecordingError::Truncated)
    );
}

#[test]
fn a_piece_that_cannot_be_scrubbed_is_reported_and_the_last() {
    let mut run = Run::new(&RecordOptions::default());
    run.begin();
    let before = Recording::read(&run.file()).unwrap();
    run.message(3);
    let piece = run.tape.take().unwrap();
    let number = piece.number;
    let odd = TapePiece {
        bytes: vec![0xff],
        ..piece
    };
    run.archive.take(odd, drop);
    let fault = run.archive.take_fault();
    assert!(matches!(fault, Some(ArchiveFault::Stopped)));
    run.message(4);
    assert_eq!(run.tape.take().map(|it| it.number), Some(number + 1));
    let after = Recording::read(&run.file()).unwrap();
    assert_eq!(after.frames, before.frames);
    assert!(after.end().is_full && !before.end().is_full);
}

#[test]
fn another_version_and_other_files_are_named() {
    let other = Recording::read(b"headcount recording 9\n...");
    assert_eq!(other.err(), Some(RecordingError::Version));
    let json = Recording::read(b"{\"t_ms\":0}");
    assert_eq!(json.err(), Some(RecordingError::NotARecording));
}

#[test]
fn streams_of_nonsense_are_errors_and_no_panics() {
    let whole = file();
    let mut blocks = file::Blocks::of(&whole).unwrap();
    let (_, header) = blocks.next().unwrap().unwrap();
    let (_, stream) = blocks.next().unwrap().unwrap();
    for at in 0..stream.len() {
        for bits in [0x01, 0x10, 0x80] {
            let mut stream = stream.clone();
            stream[at] ^= bits;
            let mut file = MAGIC.to_vec();
            put_block(&mut file, BlockKind::Header, &header);
            put_block(&mut file, BlockKind::Stream, &stream);
            put_block(&mut file, BlockKind::End, br#"{"why":"","is_full":false}"#);
            let Ok(recording) = Recording::read(&file) else {
                continue;
            };
            let Ok(mut replay) = Replay::new(&recording) else {
                continue;
            };
            while let Ok(Some(_)) = replay.step() {}
        }
    }
}

#[test]
fn a_small_file_is_no_large_recording() {
    let whole = file();
    let mut blocks = file::Blocks::of(&whole).unwrap();
    let (_, header) = blocks.next().unwrap().unwrap();
    for kind in [BlockKind::Rows, BlockKind::Machines, BlockKind::Stream] {
        let size = match kind {
            BlockKind::Stream => file::BLOCK,
            _ => 16 << 20,
        };
        let mut bomb = MAGIC.to_vec();
        put_block(&mut bomb, BlockKind::Header, &header);
        let mut block = Vec::new();
        put_block(&mut block, kind, &vec![0; size]);
        bomb.extend(block.repeat((1 << 30) / size));
        let small = bomb.len() < 2 << 20;
        assert!(small, "{kind:?} {}", bomb.len());
        assert_eq!(
            Recording::read(&bomb).err(),
            Some(RecordingError::TooLarge),
            "{kind:?}"
        );
    }
    let mut header: Value = serde_json::from_slice(&header).unwrap();
    let shards = vec![header["shards"][0].clone(); 20_000];
    header["shards"] = shards.into();
    let mut many = MAGIC.to_vec();
    put_block(&mut many, BlockKind::Header, header.to_string().as_bytes());
    let read = Recording::read(&many);
    assert_eq!(read.err(), Some(RecordingError::TooLarge));
}

/// The places of all values that hold no others.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(values) if !values.is_empty() => {
            for (key, value) in values {
                places(value, &format!("{at}/{key}"), found);
            }
        }
        Value::Array(values) if !values.is_empty() => {
            // Those after the first are alike.
            places(&values[0], &format!("{at}/0"), found);
        }
        _ => found.push(at.to_owned()),
    }
}

/// Files that are whole, with one value of the header or the machines in the place of another.
fn odd_files(mut check: impl FnMut(&str, &[u8])) {
    let whole = messages(&small(true)).file();
    let mut blocks = file::Blocks::of(&whole).unwrap();
    let mut all = Vec::new();
    while let Some(block) = blocks.next().unwrap() {
        all.push(block);
    }
    for (number, (kind, bytes)) in all.iter().enumerate() {
        if !matches!(kind, BlockKind::Header | BlockKind::Machines) {
            continue;
        }
        let mut document: Value = serde_json::from_slice(bytes).unwrap();
        let mut found = Vec::new();
        places(&document, "", &mut found);
        for place in found {
            let before = document.pointer(&place).unwrap().clone();
            for odd in [
                json!(0),
                json!(1),
                json!(u64::MAX),
                json!(u32::MAX),
                json!(-1),
                json!(null),
                json!("1"),
                json!([]),
                json!({}),
                json!(true),
            ] {
                let what = format!("{kind:?} {place}: {odd}");
                *document.pointer_mut(&place).unwrap() = odd;
                let text = document.to_string();
                let mut file = MAGIC.to_vec();
                for (at, (kind, bytes)) in all.iter().enumerate() {
                    match at == number {
                        true => put_block(&mut file, *kind, text.as_bytes()),
                        false => put_block(&mut file, *kind, bytes),
                    }
                }
                check(&what, &file);
            }
            *document.pointer_mut(&place).unwrap() = before;
        }
    }
}

#[test]
fn odd_settings_and_machines_are_errors_or_replayed_and_no_panics() {
    let (mut files, mut read, mut panics) = (0, 0, Vec::new());
    odd_files(|what, file| {
        files += 1;
        let played = std::panic::catch_unwind(|| {
            let Ok(recording) = Recording::read(file) else {
                return false;
            };
            let _ = recording.rows();
            let Ok(mut replay) = Replay::new(&recording) else {
                return false;
            };
            while let Ok(Some(_)) = replay.step() {}
            true
        });
        match played {
            Ok(was_read) => read += u32::from(was_read),
            Err(_) => panics.push(what.to_owned()),
        }
    });
    assert!(panics.is_empty(), "{panics:#?}");
    assert!(files > 500 && read > files / 10, "{read} of {files}");
}

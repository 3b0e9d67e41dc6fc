//! Files that are no whole recordings.

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

//! A folder on a real disk.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use headcount_core::id::GuildId;
use headcount_core::{Instant, ShardId, Token};

use super::{journal, session};
use crate::ErrorKind;
use crate::state::{BotKey, Durability, FileHead, SavedState, StateFolder};

const SHARD: ShardId = ShardId::new(33, 34);
const TOKEN: &str = "ODAzNTExMTAyMjQ2Nzg5MTI.G0aBcD.a-secret-of-no-bot";

/// A folder of the test's own, gone at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("headcount-state-{}-{number}", std::process::id());
        Self(std::env::temp_dir().join(name).join("deeper"))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.0.parent().expect("a parent"));
    }
}

fn open(path: &Path) -> Result<(StateFolder, usize), crate::Error> {
    let bot = BotKey::of(&Token::new(TOKEN));
    let (folder, sessions) = StateFolder::open(path, bot, Durability::PowerLoss)?;
    Ok((folder, sessions.len()))
}

fn fill(path: &Path) {
    let (folder, _) = open(path).unwrap();
    folder.cold_start(SystemTime::now());
    let log = folder.identify_log(Duration::from_secs(5));
    log.note(SHARD, 10, Some(Duration::from_secs(3_600)));
    let guild = GuildId::new(7).expect("not zero");
    folder
        .request_log(SHARD, Duration::from_secs(30))
        .note(guild);
    let mut journal = journal(&folder, SHARD);
    journal.begin(&session(SHARD, "a", 1, &[1, 2]), Instant::ZERO);
    journal.acknowledged(300, Instant::ZERO);
    drop(folder);
    let refused = open(path).err().map(|error| error.kind());
    assert_eq!(
        refused,
        Some(ErrorKind::StateInUse),
        "the journal still writes"
    );
}

#[test]
fn a_folder_is_made_written_locked_and_read_again() {
    let scratch = Scratch::new();
    fill(&scratch.0);
    let (_folder, sessions) = open(&scratch.0).unwrap();
    assert_eq!(sessions, 1);
    let seen = SavedState::read(&scratch.0).unwrap();
    assert_eq!(seen.sessions[0].session, session(SHARD, "a", 300, &[1, 2]));
    assert_eq!((seen.cold_starts.len(), seen.unused), (1, Vec::new()));
    let age = seen.cold_starts[0].elapsed().unwrap();
    assert!(age < Duration::from_secs(600));
    let error = open(&scratch.0).err().expect("it is locked");
    assert_eq!(error.kind(), ErrorKind::StateInUse);
    assert!(
        error.to_string().contains("stop the other process"),
        "{error}"
    );
}

#[test]
fn no_file_holds_a_part_of_the_token() {
    let scratch = Scratch::new();
    fill(&scratch.0);
    for entry in fs::read_dir(&scratch.0).unwrap() {
        let content = fs::read(entry.unwrap().path()).unwrap();
        for part in TOKEN.split('.') {
            let is_there = content
                .windows(part.len())
                .any(|text| text == part.as_bytes());
            assert!(!is_there, "{part}");
        }
    }
}

#[cfg(unix)]
#[test]
fn all_of_it_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::new();
    fill(&scratch.0);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&scratch.0), 0o700);
    let entries: Vec<_> = fs::read_dir(&scratch.0).unwrap().flatten().collect();
    assert_eq!(
        entries.len(),
        6,
        "lock, journal, session, starts, identifies and requests: {entries:?}"
    );
    for entry in entries {
        assert_eq!(mode(&entry.path()), 0o600, "{entry:?}");
    }
}

#[test]
fn what_cannot_be_a_folder_is_an_error_that_says_so() {
    let scratch = Scratch::new();
    fs::create_dir_all(scratch.0.parent().unwrap()).unwrap();
    fs::write(&scratch.0, "a file").unwrap();
    let error = open(&scratch.0).err().expect("it is a file");
    assert_eq!(error.kind(), ErrorKind::State);
    let missing = SavedState::read(scratch.0.join("nowhere")).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::State);
}

#[test]
fn whatever_lies_in_the_files_is_no_error() {
    let scratch = Scratch::new();
    fill(&scratch.0);
    for length in [0, 1, 100, 10_000, 100_000] {
        for name in [
            "journal",
            "session-33.1",
            "session-33.0",
            "starts",
            "identifies",
            "requests-33",
        ] {
            fs::write(scratch.0.join(name), vec![b'7'; length]).unwrap();
        }
        assert_eq!(open(&scratch.0).unwrap().1, 0);
        fill(&scratch.0);
        assert_eq!(open(&scratch.0).unwrap().1, 1);
    }
}

/// Puts a pipe in the place of a file.
#[cfg(unix)]
fn pipe(path: &Path) {
    let _ = fs::remove_file(path);
    let made = std::process::Command::new("mkfifo").arg(path).status();
    assert!(made.unwrap().success());
}

#[cfg(unix)]
#[test]
fn a_pipe_or_a_folder_in_the_place_of_a_file_holds_nothing_up() {
    let scratch = Scratch::new();
    fill(&scratch.0);
    let names = ["session-33.0", "session-33.1", "starts", "identifies"];
    for name in names.into_iter().chain(["requests-33", "snapshot.0"]) {
        pipe(&scratch.0.join(name));
    }
    fs::create_dir(scratch.0.join("snapshot.1")).unwrap();
    pipe(&scratch.0.join("snapshot.portable"));
    let (folder, sessions) = open(&scratch.0).unwrap();
    assert_eq!(sessions, 0);
    assert!(folder.snapshots().find(None).heads.is_empty());
    folder.cold_start(SystemTime::now());
    drop(folder);
    for name in ["lock", "journal"] {
        pipe(&scratch.0.join(name));
        let error = open(&scratch.0).err().expect("it is a pipe");
        assert_eq!(error.kind(), ErrorKind::State);
        fs::remove_file(scratch.0.join(name)).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn a_snapshot_that_is_written_waits_for_no_pipe() {
    let scratch = Scratch::new();
    let (folder, _) = open(&scratch.0).unwrap();
    pipe(&scratch.0.join("snapshot.1.new"));
    let head = FileHead {
        taken: 0,
        lasts: 300_000,
        positions: Vec::new(),
    };
    assert_eq!(folder.snapshots().write(head, |_| false), None);
}

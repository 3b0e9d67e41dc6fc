use std::process::{Command, Stdio};
use std::task::{Context, Wake, Waker};

use futures_util::future::FutureExt;

use super::super::tests::config;
use super::*;

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

#[test]
fn a_disk_that_fills_up_keeps_the_older_file_and_no_part_of_the_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bot.rec");
    write_file(&path, |out| out.write_all(b"older")).unwrap();
    let full = |out: &mut dyn Write| {
        out.write_all(&[7; 100_000])?;
        Err(io::ErrorKind::StorageFull.into())
    };
    let error = write_file(&path, full).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert_eq!(fs::read(&path).unwrap(), b"older");
    assert_eq!(names(folder.path()), ["bot.rec"]);
}

#[test]
fn what_a_killed_process_left_is_in_nobodys_way() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bot.rec.part"), b"half").unwrap();
    let path = folder.path().join("bot.rec");
    write_file(&path, |out| out.write_all(b"whole")).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"whole");
    assert_eq!(names(folder.path()), ["bot.rec"]);
}

#[test]
fn a_folder_in_the_place_of_the_file_is_an_error_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bot.rec");
    fs::create_dir(&path).unwrap();
    assert!(write_file(&path, |out| out.write_all(b"whole")).is_err());
    assert!(write_file(Path::new("/"), |out| out.write_all(b"whole")).is_err());
    let nowhere = path.join("none").join("bot.rec");
    assert!(write_file(&nowhere, |out| out.write_all(b"whole")).is_err());
    assert_eq!(names(folder.path()), ["bot.rec"]);
}

/// What a file of the process that is killed is made of.
const WORDS: u64 = 1 << 19;

/// Tells a process that it is the one that is killed, and where it writes.
const VICTIM: &str = "HEADCOUNT_RECORDER_VICTIM";

/// Writes one file over the other, each of one number alone, and goes on until it is killed.
fn write_without_end(path: &Path) {
    for number in 1_u64.. {
        let written = write_file(path, |out| {
            (0..WORDS).try_for_each(|_| out.write_all(&number.to_le_bytes()))
        });
        written.unwrap();
    }
}

#[test]
fn a_process_that_is_killed_at_it_leaves_the_older_file_or_the_new_one() {
    if let Some(path) = std::env::var_os(VICTIM) {
        return write_without_end(Path::new(&path));
    }
    let folder = tempfile::tempdir().unwrap();
    let (path, part) = (
        folder.path().join("bot.rec"),
        folder.path().join("bot.rec.part"),
    );
    let name = "a_process_that_is_killed_at_it_leaves_the_older_file_or_the_new_one";
    let test = format!("record::recorder::tests::{name}");
    for kill in 0..24 {
        let mut victim = Command::new(std::env::current_exe().unwrap());
        victim.args(["--exact", &test]).env(VICTIM, &path);
        let mut victim = victim.stdout(Stdio::null()).spawn().unwrap();
        let length = |path: &Path| fs::metadata(path).map_or(0, |it| it.len());
        // It falls where a file begins, in its middle, or where it becomes the new one.
        let enough = kill % 6 * (WORDS * 8 / 5);
        while !path.exists() || length(&part) < enough {
            assert!(victim.try_wait().unwrap().is_none(), "it goes on");
        }
        victim.kill().unwrap();
        victim.wait().unwrap();
        let bytes = fs::read(&path).unwrap();
        assert_eq!(bytes.len() as u64, WORDS * 8);
        assert!(bytes.chunks(8).all(|word| word == &bytes[..8]));
    }
    let names = names(folder.path());
    assert!(names.len() <= 2, "{names:?}");
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_the_file_is_replaced_and_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let (path, other) = (folder.path().join("bot.rec"), folder.path().join("other"));
    fs::write(&other, b"other").unwrap();
    for name in ["bot.rec", "bot.rec.part"] {
        std::os::unix::fs::symlink(&other, folder.path().join(name)).unwrap();
    }
    write_file(&path, |out| out.write_all(b"whole")).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"whole");
    assert_eq!(fs::read(&other).unwrap(), b"other");
}

#[test]
fn there_is_a_place_for_each_buffer_that_may_wait() {
    for waiting in [0, 1 << 20, 64 << 20, 1 << 30] {
        assert!(queue(waiting) * BUFFER >= waiting, "{waiting}");
    }
    assert_eq!(queue(usize::MAX), QUEUE.1);
}

#[test]
fn a_folder_that_is_gone_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gone").join("bot.rec");
    let error = write_file(&path, |out| out.write_all(b"whole")).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    assert_eq!(names(folder.path()), Vec::<String>::new());
}

/// A recorder, and its thread as far as it has none yet.
fn recorder() -> (Recorder, RecorderThread, Receiver<RecorderTask>) {
    let mut scrubber = Scrubber::none();
    let begins = vec![ShardHeader::new(0, 7, None, false)];
    let header = RecordingHeader::new(&config(), 1, 0, begins, &mut scrubber).unwrap();
    let (sender, receiver) = mpsc::sync_channel(QUEUE.0);
    let feed = Arc::new(TapeFeed::new(sender.clone(), 1 << 20));
    let dumps = DumpRequests::default();
    let thread = RecorderThread {
        feed: Arc::downgrade(&feed),
        dumps: dumps.clone(),
        archive: Archive::new(scrubber, header, &RecordOptions::default()),
        evidence: None,
    };
    let recorder = Recorder {
        feed,
        sender,
        dumps,
        keeps_evidence: true,
    };
    (recorder, thread, receiver)
}

/// Asks for another recording as soon as it hears of one.
struct AsksAgain {
    recorder: Recorder,
    path: PathBuf,
}

impl Wake for AsksAgain {
    fn wake(self: Arc<Self>) {
        let none = std::iter::empty();
        drop(self.recorder.dump(self.path.clone(), "again".into(), none));
    }
}

#[test]
fn a_recording_that_is_asked_for_while_others_are_written_is_written_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name| folder.path().join(name);
    let (recorder, mut thread, tasks) = recorder();
    let again = Arc::new(AsksAgain {
        recorder,
        path: path("third.rec"),
    });
    let dump = |name| {
        again
            .recorder
            .dump(path(name), name.into(), std::iter::empty())
    };
    let (mut first, mut second) = (dump("first.rec"), dump("second.rec"));
    // The third is asked for between the first and the second, whose work takes all tasks.
    let waker = Waker::from(Arc::clone(&again));
    assert!(
        first
            .poll_unpin(&mut Context::from_waker(&waker))
            .is_pending()
    );
    thread.work(&tasks, tasks.recv().unwrap());
    thread.write_out(&tasks);
    for answer in [&mut first, &mut second] {
        assert!(answer.now_or_never().unwrap().unwrap().is_ok());
    }
    assert_eq!(
        names(folder.path()),
        ["first.rec", "second.rec", "third.rec"]
    );
}

/// Why a file says that it was written.
fn why(path: &Path) -> String {
    let recording = super::super::Recording::read(&fs::read(path).unwrap()).unwrap();
    recording.end().why.clone()
}

#[test]
fn a_thousand_shards_that_end_together_leave_the_first_as_it_was_and_few_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name| folder.path().join(name);
    let (recorder, mut thread, tasks) = recorder();
    thread.evidence = Some(EvidenceFiles::new(path("bot.rec")));
    let ends = |shards: std::ops::Range<u32>| -> Vec<_> {
        let end = |shard| recorder.keep_evidence(format!("{shard} has ended"), std::iter::empty());
        shards.filter_map(end).collect()
    };
    let (first, asked) = (
        ends(0..1),
        recorder.dump(path("own.rec"), "I".into(), [].into_iter()),
    );
    thread.write_out(&tasks);
    let second = ends(1..999);
    thread.write_out(&tasks);
    let later: Vec<_> = (999..1_010)
        .flat_map(|shard| {
            let ended = ends(shard..shard + 1);
            thread.write_out(&tasks);
            ended
        })
        .collect();
    let all = first.into_iter().chain([asked]).chain(second).chain(later);
    let answers = all.filter_map(FutureExt::now_or_never);
    assert_eq!(answers.filter(|it| matches!(it, Ok(Ok(())))).count(), 1_011);
    let written = ["bot.rec", "bot.rec.2", "bot.rec.3", "bot.rec.4", "own.rec"];
    assert_eq!(names(folder.path()), written);
    assert_eq!(why(&path("bot.rec")), "0 has ended");
    assert_eq!(
        why(&path("bot.rec.2")),
        "1 has ended, and 997 more asked for it"
    );
    assert_eq!(why(&path("bot.rec.3")), "999 has ended");
    assert_eq!(why(&path("own.rec")), "I");
}

#[test]
fn all_who_ask_for_a_file_that_cannot_be_written_are_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let (recorder, mut thread, tasks) = recorder();
    let nowhere = || folder.path().join("none").join("bot.rec");
    let answers = [0, 1].map(|_| recorder.dump(nowhere(), "I".into(), [].into_iter()));
    thread.write_out(&tasks);
    for answer in answers {
        let error = answer.now_or_never().unwrap().unwrap().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}

/// Panics as soon as it hears of a recording.
struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("planted");
    }
}

#[test]
fn nobody_waits_for_a_thread_that_has_ended() {
    let folder = tempfile::tempdir().unwrap();
    let (recorder, thread, tasks) = recorder();
    let dump = |name| recorder.dump(folder.path().join(name), "I".into(), [].into_iter());
    let (mut first, second) = (dump("first.rec"), dump("second.rec"));
    let waker = Waker::from(Arc::new(Panics));
    let polled = first.poll_unpin(&mut Context::from_waker(&waker));
    assert!(polled.is_pending());
    let thread = thread::spawn(move || thread.serve(tasks));
    assert!(thread.join().is_err(), "it has panicked");
    assert!(second.now_or_never().unwrap().is_err());
    assert!(dump("third.rec").now_or_never().unwrap().is_err());
    assert_eq!(names(folder.path()), ["first.rec"]);
}

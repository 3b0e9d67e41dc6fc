use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use headcount_core::cache::Kinds;
use headcount_core::id::GuildId;
use headcount_core::session::OnStop;
use headcount_core::setup::{AutoChunk, Chunking};
use headcount_core::{Action, Config, Input, Instant, Intents, Shard, ShardId, Token};

use super::archive::Archive;
use super::file::{BlockKind, MAGIC, put_block};
use super::header::RecordingHeader;
use super::key::ScrubKey;
use super::recorder::RecorderTask;
use super::scrub::Scrubber;
use super::tape::TapeFeed;
use super::*;

mod broken;
mod full;

pub(super) const GUILD: u64 = 1_048_576_000_005_308_416;
const SEED: u64 = 7;

pub(super) fn config() -> Config {
    let intents = Intents::GUILDS | Intents::GUILD_MEMBERS | Intents::GUILD_MESSAGES;
    let mut config = Config::new(Token::new("s3cr3t"), intents, ShardId::ONE);
    config.tracker.setup.chunking = Chunking::from(AutoChunk::Missing).when(|guild| guild.large);
    config.tracker.kinds = Kinds::all();
    config.tracker.setup.confirm = Some(Duration::from_secs(60));
    config
}

/// What a gateway says first, up to the one guild of the session.
pub(super) fn begin_of_a_session() -> [String; 3] {
    let ready = format!(
        r#"{{"op":0,"t":"READY","s":1,"d":{{"v":10,"session_id":"s3ss10n",
        "user":{{"id":"77","username":"Robot"}},
        "resume_gateway_url":"wss://resume.example",
        "guilds":[{{"id":"{GUILD}","unavailable":true}}]}}}}"#
    );
    let guild = format!(
        r#"{{"op":0,"t":"GUILD_CREATE","s":2,"d":{{"id":"{GUILD}","name":"Secret Garden",
        "large":true,
        "member_count":300,"members":[],"channels":[],"roles":[]}}}}"#
    );
    let hello = r#"{"op":10,"d":{"heartbeat_interval":41250}}"#;
    [hello.into(), ready, guild]
}

/// One shard that is recorded, without a thread.
struct Run {
    shard: Shard,
    tape: Tape,
    feed: Arc<TapeFeed>,
    receiver: Receiver<RecorderTask>,
    archive: Archive,
    now: u64,
}

impl Run {
    fn new(options: &RecordOptions) -> Self {
        let key = ScrubKey::new([1, 2], NonZeroU32::MIN);
        let mut scrubber = Scrubber::new(key);
        let begins = vec![ShardHeader::new(0, SEED, None, false)];
        let header = RecordingHeader::new(&config(), 1, 0, begins, &mut scrubber).unwrap();
        let (sender, receiver) = mpsc::sync_channel(1024);
        let feed = Arc::new(TapeFeed::new(sender, options.waiting));
        let mut tape = Tape::new(Arc::clone(&feed), 0);
        let mut config = config();
        let setup = &mut config.tracker.setup;
        setup.chunking = tape.following(std::mem::take(&mut setup.chunking));
        Self {
            shard: Shard::new(config, SEED),
            tape,
            feed,
            receiver,
            archive: Archive::new(scrubber, header, options),
            now: 0,
        }
    }

    fn input(&mut self, input: Input<'_>) -> Vec<Action<'static>> {
        self.now += 40;
        let now = Instant::from_millis(self.now);
        self.tape.input(now, &input);
        let actions = self.shard.handle(now, input);
        self.tape.actions(&actions);
        actions.into_owned().into_iter().collect()
    }

    fn payload(&mut self, text: &str) -> Vec<Action<'static>> {
        self.input(Input::Payload(text.as_bytes()))
    }

    /// A session with one large guild, whose members are asked for.
    fn begin(&mut self) {
        self.input(Input::Timeout);
        self.input(Input::Opened);
        let [hello, ready, guild] = begin_of_a_session();
        self.payload(&hello);
        self.payload(&ready);
        self.tape.acknowledged(1);
        let actions = self.payload(&guild);
        let sent = |action: &Action<'_>| matches!(action, Action::Send(it) if it.opcode() == 8);
        assert!(actions.iter().any(sent), "{actions:?}");
    }

    fn message(&mut self, sequence: u64) -> Vec<Action<'static>> {
        self.payload(&format!(
            r#"{{"op":0,"t":"MESSAGE_CREATE","s":{sequence},"d":{{"id":"{}","guild_id":"{GUILD}",
            "channel_id":"{GUILD}","content":"Hello number {sequence}","author":{{"id":"99"}}}}}}"#,
            GUILD + sequence
        ))
    }

    /// Takes over what the tape has handed on.
    fn pass_on(&mut self) {
        while let Ok(RecorderTask::Piece(piece)) = self.receiver.try_recv() {
            self.archive.take(piece, |bytes| self.feed.give_back(bytes));
        }
    }

    fn file(&mut self) -> Vec<u8> {
        self.pass_on();
        if let Some(piece) = self.tape.take() {
            self.archive.take(piece, |bytes| self.feed.give_back(bytes));
        }
        self.archive.file("a test")
    }
}

/// The steps of a file, and those that went otherwise.
fn replayed(file: &[u8]) -> (usize, Vec<(Instant, Divergence)>) {
    let recording = Recording::read(file).unwrap();
    let mut replay = Replay::new(&recording).unwrap();
    let (mut steps, mut other) = (0, Vec::new());
    while let Some(step) = replay.step().unwrap() {
        steps += 1;
        other.extend(step.divergence.map(|divergence| (step.at, divergence)));
    }
    (steps, other)
}

#[test]
fn a_run_replays_to_the_same_actions() {
    let mut run = Run::new(&RecordOptions::default());
    run.begin();
    for sequence in 3..1_000 {
        run.message(sequence);
    }
    let guild = GuildId::new(GUILD).unwrap();
    run.input(Input::StoreFailed(guild));
    run.input(Input::Closed(None));
    for _ in 0..100 {
        run.input(Input::Timeout);
    }
    run.input(Input::Opened);
    let file = run.file();
    let (steps, other) = replayed(&file);
    // One step is the acknowledgement.
    assert_eq!((steps, other), (1_106, vec![]));
    assert!(!file.windows(6).any(|part| part == b"s3cr3t"));
}

#[test]
fn an_answer_of_a_store_that_nobody_asked_for_is_seen() {
    let mut run = Run::new(&RecordOptions::default());
    run.begin();
    run.input(Input::Closed(None));
    let file = run.file();
    assert_eq!(replayed(&file).1, []);
    let mut bytes = Vec::new();
    frame::put_number(&mut bytes, 0);
    let odd = [8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 5, 16, 0, 0, 0];
    frame::put_number(&mut bytes, odd.len() as u64);
    bytes.extend_from_slice(&odd);
    let mut longer = Vec::new();
    let mut blocks = file::Blocks::of(&file).unwrap();
    longer.extend_from_slice(MAGIC);
    while let Some((kind, block)) = blocks.next().unwrap() {
        if kind == BlockKind::End {
            put_block(&mut longer, BlockKind::Stream, &bytes);
        }
        put_block(&mut longer, kind, &block);
    }
    assert_eq!(replayed(&longer).1[0].1, Divergence::Unasked);
}

#[test]
fn a_shard_that_does_something_else_is_seen_at_that_step() {
    let mut run = Run::new(&RecordOptions::default());
    run.begin();
    // The run gets a message that is not in its recording.
    let unseen = format!(
        r#"{{"op":0,"t":"MESSAGE_CREATE","s":3,"d":{{"id":"1",
            "guild_id":"{GUILD}","channel_id":"{GUILD}"}}}}"#
    );
    let _ = run.shard.handle(
        Instant::from_millis(run.now),
        Input::Payload(unseen.as_bytes()),
    );
    run.input(Input::Timeout);
    run.message(3);
    run.message(4);
    let at = Instant::from_millis(run.now - 40);
    let file = run.file();
    let (_, other) = replayed(&file);
    assert_eq!(other.first().map(|(at, _)| *at), Some(at), "{other:?}");
}

#[test]
fn a_shard_that_nobody_keeps_up_with_is_recorded_no_further() {
    let mut run = Run::new(&RecordOptions {
        waiting: 200_000,
        ..RecordOptions::default()
    });
    run.begin();
    for sequence in 3..20_000 {
        run.message(sequence);
    }
    let file = run.file();
    let recording = Recording::read(&file).unwrap();
    assert!(recording.end().is_full, "it says that this is not all");
    let mut replay = Replay::new(&recording).unwrap();
    let mut last = None;
    while let Some(step) = replay.step().unwrap() {
        assert_eq!(step.divergence, None);
        last = Some(format!("{:?}", step.happened));
    }
    assert_eq!(last.unwrap(), "Ended(\"the recorder could not keep up\")");
}

#[test]
fn a_shard_that_begins_again_replays_and_its_session_is_scrubbed() {
    let mut run = Run::new(&RecordOptions::default());
    run.begin();
    run.tape.call(&RecordedCall::stop(OnStop::Resume));
    run.shard.stop(OnStop::Resume);
    run.input(Input::Timeout);
    let (session, seed) = (run.shard.session(), run.shard.next_seed());
    assert!(session.is_some(), "it is to be resumed");
    let begin = ShardHeader::new(0, seed, session, false);
    run.tape.begun_again(&begin);
    begin.begin_in(&mut run.shard).unwrap();
    run.input(Input::Timeout);
    run.input(Input::Opened);
    let [hello, ..] = begin_of_a_session();
    let actions = run.payload(&hello);
    let resumes = |action: &Action<'_>| matches!(action, Action::Send(it) if it.opcode() == 6);
    assert!(actions.iter().any(resumes), "{actions:?}");
    for _ in 0..20 {
        run.input(Input::Timeout);
    }
    let file = run.file();
    assert_eq!(replayed(&file).1, vec![]);
    let recording = Recording::read(&file).unwrap();
    let frames = String::from_utf8_lossy(&recording.frames[0]).into_owned();
    assert!(frames.contains("\"session\":{"), "it is in there");
    for secret in ["s3ss10n", "resume.example", &GUILD.to_string()] {
        assert!(!frames.contains(secret), "{secret}");
    }
}

#[test]
fn a_filter_is_asked_on_and_its_answers_are_not_kept_behind_the_end() {
    let mut run = Run::new(&RecordOptions::default());
    run.begin();
    run.tape.started();
    let [.., guild] = begin_of_a_session();
    for number in 1..100 {
        let id = (GUILD + number).to_string();
        let guild = guild.replace(&GUILD.to_string(), &id);
        run.payload(&guild.replace("\"s\":2", &format!("\"s\":{}", number + 2)));
        assert_eq!(run.tape.answers_waiting(), 0, "{number}");
    }
}

#[test]
fn no_buffer_is_made_or_grows_once_a_bot_runs() {
    let mut run = Run::new(&RecordOptions::default());
    run.begin();
    for sequence in 3..2_000 {
        run.message(sequence);
        run.pass_on();
    }
    let made = run.feed.made();
    for sequence in 2_000..20_000 {
        run.message(sequence);
        run.pass_on();
    }
    assert_eq!(run.feed.made(), made);
}

#[test]
fn the_thread_is_woken_when_many_pieces_wait() {
    let mut run = Run::new(&RecordOptions::default());
    run.begin();
    let (woken, waits) = mpsc::channel();
    let thread = thread::spawn(move || {
        thread::park();
        woken.send(()).unwrap();
    });
    run.feed.serve(thread.thread().clone());
    for sequence in 3..4_000 {
        run.message(sequence);
    }
    waits.recv_timeout(Duration::from_secs(20)).unwrap();
    thread.join().unwrap();
}

//! What is odd in payloads is recorded without what it says, and leads to the same.

use headcount_core::setup::AutoChunk;
use headcount_core::{Config, Input, Instant, Intents, Shard, ShardId, Token};
use headcount_driver::record::{Recording, Replay, RunRecorder};
use headcount_sim::census;
use headcount_sim::scenario::Source;

const RUNS: u64 = 8;
const PAYLOADS: u64 = 40;
const KEY: [u64; 2] = [0x5eed, 0xc0de];

const HELLO: &str = r#"{"op":10,"d":{"heartbeat_interval":41250}}"#;
const READY: &str = r#"{"op":0,"t":"READY","s":1,"d":{"v":10,"session_id":"s3ss10n",
    "user":{"id":"1048576000005308400","username":"Robot"},"resume_gateway_url":"wss://resume.example",
    "application":{"id":"1048576000005308401","flags":0},"guilds":[]}}"#;

/// A shard that is recorded, and all that it was given.
struct Run {
    shard: Shard,
    recorder: RunRecorder,
    given: Vec<Vec<u8>>,
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut config = Config::new(Token::new("token"), Intents::all(), ShardId::ONE);
        config.tracker.setup.chunking = AutoChunk::Missing.into();
        let recorder = RunRecorder::scrubbed(KEY, &config, [(0, seed, None)]);
        let mut run = Self {
            shard: Shard::new(config, seed),
            recorder: recorder.expect("settings"),
            given: Vec::new(),
        };
        run.take(Input::Timeout);
        run.take(Input::Opened);
        for text in [HELLO, READY] {
            run.take(Input::Payload(text.as_bytes()));
        }
        run
    }

    fn take(&mut self, input: Input<'_>) {
        let now = Instant::from_millis(100 * self.given.len() as u64);
        self.recorder.input(0, now, &input);
        let actions = self.shard.handle(now, input);
        self.recorder.actions(0, &actions);
        self.given.push(match input {
            Input::Payload(bytes) => bytes.to_vec(),
            other => format!("{other:?}").into_bytes(),
        });
    }

    /// All of it, replayed.
    fn check(mut self) {
        let file = self.recorder.file("a test");
        let recording = Recording::read(&file).expect("a recording");
        let mut replay = Replay::new(&recording).expect("settings");
        for given in &self.given {
            let step = replay.step().expect("frames").expect("one more");
            let given = String::from_utf8_lossy(given);
            assert_eq!(step.divergence, None, "{given}\n{:?}", step.actions);
        }
        assert!(replay.step().expect("frames").is_none());
    }
}

fn dispatch(sequence: u64, name: &str, data: &str) -> String {
    format!(r#"{{"op":0,"s":{sequence},"t":"{name}","d":{data}}}"#)
}

#[test]
fn odd_values_are_as_odd_when_they_are_scrubbed() {
    for seed in 0..RUNS {
        let (mut source, mut run) = (Source::seed(seed), Run::new(seed));
        for sequence in 2..PAYLOADS {
            let (name, data) = census::mangled(&mut source);
            run.take(Input::Payload(dispatch(sequence, name, &data).as_bytes()));
        }
        run.check();
    }
}

#[test]
fn numbers_that_are_no_ids_stay_none() {
    let mut run = Run::new(1);
    for (at, id) in [
        "\"99999999999999999999\"",
        "\"18446744073709551616\"",
        "\"007\"",
        "\"00000000000000000001\"",
        "99999999999999999999",
        "012345678901234567",
        "-1048576000005308416",
        "1048576000005308416.0",
        "1e400",
        "\"1048576000005308416 \"",
        "\"\"",
    ]
    .iter()
    .enumerate()
    {
        let data = format!(
            r#"{{"id":{id},"guild_id":{id},"channel_id":{id},"author":{{"id":{id}}},"content":""}}"#
        );
        let text = dispatch(at as u64 + 2, "MESSAGE_CREATE", &data);
        run.take(Input::Payload(text.as_bytes()));
    }
    run.check();
}

#[test]
fn large_and_deep_payloads_lead_to_the_same() {
    let mut run = Run::new(1);
    let deep = 64 << 10;
    for (at, data) in [
        "[".repeat(deep),
        "{\"a\":".repeat(deep / 5),
        format!("{}{}", "[".repeat(deep / 2), "]".repeat(deep / 2)),
        format!(
            "{{\"id\":\"1\",\"content\":\"{}\"}}",
            "\\u0061".repeat(deep / 6)
        ),
        format!("{{\"id\":\"1\",\"content\":\"{}", "x".repeat(deep)),
        format!("[{}1]", "1048576000005308416,".repeat(deep / 20)),
        "\u{feff}{}".to_owned(),
        String::new(),
    ]
    .iter()
    .enumerate()
    {
        let text = dispatch(at as u64 + 2, "MESSAGE_CREATE", data);
        run.take(Input::Payload(text.as_bytes()));
        run.take(Input::Payload(data.as_bytes()));
    }
    run.check();
}

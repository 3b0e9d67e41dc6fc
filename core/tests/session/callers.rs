//! Member requests of the caller, through the shard that sends them.

use std::time::Duration;

use headcount_core::RequestError;
use headcount_core::chunk::{
    ChunkRequestFinished, FinishReason, MemberQuery, RequestId, RequestProgress,
};
use headcount_core::id::{GuildId, UserId};
use headcount_core::setup::{AutoChunk, Outcome, Stage};
use headcount_core::wire::command::Command;
use headcount_core::{Action, Config, Event, Intents};

use crate::host::{Host, config};

fn guild(number: u64) -> GuildId {
    GuildId::new(number).unwrap()
}

fn chunking(mode: AutoChunk) -> Config {
    let mut config = config();
    config.intents = Intents::GUILDS | Intents::GUILD_MEMBERS;
    config.tracker.setup.chunking = mode.into();
    config
}

/// A shard whose dispatches are numbered as they come.
struct Talk {
    host: Host,
    sequence: u64,
}

impl Talk {
    /// Begins a session that lists these guilds.
    fn begin(config: Config, guilds: &[u64]) -> Self {
        let mut talk = Self {
            host: Host::new(config),
            sequence: 0,
        };
        talk.begin_session(guilds);
        talk
    }

    fn begin_session(&mut self, guilds: &[u64]) {
        self.host.dial();
        self.host.hello();
        self.sequence = 0;
        let listed = guilds
            .iter()
            .map(|id| format!(r#"{{"id":"{id}","unavailable":true}}"#));
        let listed: Vec<String> = listed.collect();
        self.hear(
            "READY",
            &format!(
                r#"{{"session_id":"5e55","guilds":[{}],"user":{{"id":"1","username":"bot"}}}}"#,
                listed.join(",")
            ),
        );
    }

    fn hear(&mut self, name: &str, data: &str) {
        self.sequence += 1;
        let sequence = self.sequence;
        let frame = format!(r#"{{"op":0,"t":"{name}","s":{sequence},"d":{data}}}"#);
        self.host.receive(&frame);
    }

    fn create(&mut self, number: u64) {
        let data = format!(
            r#"{{"id":"{number}","name":"g","owner_id":"9","roles":[],"channels":[],
            "members":[],"member_count":1500}}"#
        );
        self.hear("GUILD_CREATE", &data);
    }

    fn chunk(&mut self, nonce: &str, index: u32, count: u32, not_found: &[u64]) {
        let ids: Vec<String> = not_found.iter().map(|id| format!("\"{id}\"")).collect();
        let data = format!(
            r#"{{"guild_id":"1","members":[],"chunk_index":{index},"chunk_count":{count},
            "not_found":[{}],"nonce":"{nonce}"}}"#,
            ids.join(",")
        );
        self.hear("GUILD_MEMBERS_CHUNK", &data);
    }

    fn ask(&mut self, number: u64) -> Result<RequestId, RequestError> {
        let shard = &mut self.host.shard;
        shard.request_members(guild(number), MemberQuery::All, false)
    }

    /// The nonces of the requests that were sent so far.
    fn nonces(&self) -> Vec<String> {
        let nonce = |command: &Command| match command {
            Command::RequestMembers(request) => Some(request.nonce.to_string()),
            _ => None,
        };
        self.host.commands().filter_map(nonce).collect()
    }

    fn ends(&self) -> Vec<&ChunkRequestFinished> {
        let ends = self.host.events().filter_map(|event| match event {
            Event::ChunkRequestFinished(end) => Some(&**end),
            _ => None,
        });
        ends.collect()
    }

    fn stage(&self) -> Stage {
        self.host.shard.guild(guild(1)).unwrap().stage
    }
}

#[test]
fn a_deleted_guilds_requests_give_their_places_in_the_queue_back() {
    let mut config = chunking(AutoChunk::Never);
    config.tracker.requests.waiting = 2;
    let mut talk = Talk::begin(config, &[1, 2]);
    talk.create(1);
    talk.create(2);
    assert!(talk.ask(1).is_ok() && talk.ask(1).is_ok());
    assert_eq!(talk.ask(2), Err(RequestError::QueueFull { bound: 2 }));
    talk.hear("GUILD_DELETE", r#"{"id":"1"}"#);
    let reasons: Vec<FinishReason> = talk.ends().iter().map(|end| end.reason).collect();
    assert_eq!(reasons, [FinishReason::GuildGone; 2]);
    assert!(talk.ask(2).is_ok() && talk.ask(2).is_ok());
    assert_eq!(talk.ask(2), Err(RequestError::QueueFull { bound: 2 }));
}

#[test]
fn what_a_given_up_attempt_did_not_find_is_not_reported_at_the_end_of_the_next() {
    let mut talk = Talk::begin(chunking(AutoChunk::Never), &[1]);
    talk.create(1);
    let users = [3, 4].map(|id| UserId::new(id).unwrap());
    let query = MemberQuery::Users(users.into());
    talk.host
        .shard
        .request_members(guild(1), query, false)
        .unwrap();
    talk.host.wake();
    talk.chunk(&talk.nonces()[0], 0, 2, &[3]);
    talk.host.run(Duration::from_secs(20));
    let nonces = talk.nonces();
    assert_eq!(nonces.len(), 2, "silence, and a second attempt");
    talk.chunk(&nonces[1], 0, 1, &[]);
    let ends = talk.ends();
    assert_eq!((ends.len(), ends[0].reason), (1, FinishReason::Complete));
    assert_eq!(ends[0].not_found, []);
}

#[test]
fn a_callers_request_does_not_end_a_guilds_setup() {
    let mut talk = Talk::begin(chunking(AutoChunk::All), &[1]);
    talk.create(1);
    let setup = talk.nonces();
    let own = talk.ask(1).unwrap();
    talk.host.run(Duration::from_secs(5));
    assert!(matches!(talk.stage(), Stage::Requested { .. }));
    // The caller asks for some who are there, which needs no gate.
    let some = MemberQuery::Users(vec![UserId::new(3).unwrap()]);
    talk.host
        .shard
        .request_members(guild(1), some, false)
        .unwrap();
    talk.host.wake();
    let nonces = talk.nonces();
    assert_eq!(nonces.len(), 2, "the other full one waits at the gate");
    talk.chunk(&nonces[1], 0, 1, &[]);
    assert_eq!(talk.ends().len(), 1);
    assert!(matches!(talk.stage(), Stage::Requested { .. }));
    talk.chunk(&setup[0], 0, 2, &[]);
    assert!(matches!(talk.stage(), Stage::Receiving { .. }));
    talk.chunk(&setup[0], 1, 2, &[]);
    let Stage::Ready { outcome, .. } = talk.stage() else {
        panic!("{:?}", talk.stage())
    };
    assert_eq!(outcome, Outcome::Complete);
    // And one that ends after it leaves the guild as it is.
    talk.host.run(Duration::from_secs(31));
    assert_eq!(talk.nonces().len(), 3);
    let ready = |event: &&Event<'_>| matches!(event, Event::GuildReady(_));
    talk.chunk(&talk.nonces()[2], 0, 1, &[]);
    assert_eq!(talk.host.shard.request(own), None);
    assert_eq!(talk.host.events().filter(ready).count(), 1);
}

#[test]
fn an_answer_of_exactly_65536_chunks_is_followed_and_one_more_is_not() {
    let mut talk = Talk::begin(chunking(AutoChunk::Never), &[1]);
    talk.create(1);
    let request = talk.ask(1).unwrap();
    talk.host.wake();
    let nonce = talk.nonces().remove(0);
    talk.chunk(&nonce, 0, 65_537, &[]);
    let progress = |talk: &Talk| talk.host.shard.request(request);
    assert!(matches!(
        progress(&talk),
        Some(RequestProgress::Sent { .. })
    ));
    for index in 0..65_536 {
        talk.chunk(&nonce, index, 65_536, &[]);
        if index == 0 {
            let Some(RequestProgress::Receiving { chunk_count, .. }) = progress(&talk) else {
                panic!("{:?}", progress(&talk))
            };
            assert_eq!(chunk_count, 65_536);
        }
        let is_news = |action: &Action<'_>| !matches!(action, Action::Emit(Event::Dispatch(_)));
        talk.host.done.retain(is_news);
    }
    let ends = talk.ends();
    assert_eq!((ends.len(), ends[0].reason), (1, FinishReason::Complete));
    assert_eq!(ends[0].chunk_count, Some(65_536));
}

#[test]
fn a_new_session_counts_anew_how_often_a_guilds_data_came_again() {
    let mut talk = Talk::begin(chunking(AutoChunk::All), &[1]);
    let bound = config().tracker.setup.restarts;
    let in_setup = |talk: &Talk| matches!(talk.stage(), Stage::Requested { .. });
    for _ in 0..=bound {
        talk.create(1);
        assert!(in_setup(&talk), "not too often yet");
    }
    talk.host.receive(r#"{"op":9,"d":false}"#);
    talk.begin_session(&[1]);
    for _ in 0..=bound {
        talk.create(1);
        assert!(in_setup(&talk), "the last session's times do not count");
    }
    talk.create(1);
    assert!(matches!(talk.stage(), Stage::Ready { .. }), "too often");
}

#[test]
fn a_second_request_for_everyone_is_in_line_behind_the_gate_from_the_call_on() {
    let config = chunking(AutoChunk::Never);
    let gate = config.tracker.requests.gate;
    let mut talk = Talk::begin(config, &[1]);
    talk.create(1);
    talk.ask(1).unwrap();
    talk.host.wake();
    let sent = talk.host.now;
    let second = talk.ask(1).unwrap();
    let Some(RequestProgress::Queued { not_before, .. }) = talk.host.shard.request(second) else {
        panic!("it waits")
    };
    assert_eq!(not_before.since(sent), gate);
}

#[test]
fn a_request_that_waited_for_its_guild_takes_it_for_no_large_one() {
    let config = chunking(AutoChunk::Never);
    let silence = config.tracker.requests.silence;
    let mut talk = Talk::begin(config, &[1]);
    let request = talk.ask(1).unwrap();
    talk.create(1);
    talk.host.run(Duration::ZERO);
    assert_eq!(talk.nonces().len(), 1);
    let Some(RequestProgress::Sent { until, .. }) = talk.host.shard.request(request) else {
        panic!("it is sent")
    };
    assert_eq!(until.since(talk.host.now), silence);
}

//! Member requests and whatever comes as an answer, beside plain sets of chunk numbers.
use crate::scenario::Source;
use headcount_core::chunk::{
    ChunkRequestFinished, FinishReason, MemberQuery, RequestId, RequestProgress,
};
use headcount_core::id::{GuildId, UserId};
use headcount_core::tracker::{TrackerConfig, TrackerInput};
use headcount_core::wire::command::Command;
use headcount_core::{Action, Actions, Event, Instant, Intents, ShardId, Tracker};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const GUILDS: u64 = 4;

pub(super) fn run(bytes: &[u8]) {
    let source = &mut Source::bytes(bytes);
    let mut life = Life::new();
    while !source.is_spent() {
        life.step(source);
    }
    life.fall_silent();
}

/// What anybody could note down of a guild's request.
#[derive(Debug)]
struct Noted {
    id: RequestId,
    sends: u32,
    nonce: Option<String>,
    /// How many chunks there are, as a chunk that counted said last.
    count: Option<u32>,
    /// The same of the last attempt alone.
    of: Option<u32>,
    got: BTreeSet<u32>,
    members: u64,
}

struct Life {
    tracker: Tracker,
    now: u64,
    up: bool,
    /// Under way, by guild.
    noted: BTreeMap<u64, Noted>,
    nonces: Vec<(u64, String)>,
    sent: BTreeSet<String>,
}

impl Life {
    /// A tracker whose guilds have come.
    fn new() -> Self {
        let config = TrackerConfig::default();
        let mut life = Self {
            tracker: Tracker::new(ShardId::ONE, Intents::all(), config, 3),
            now: 0,
            up: true,
            noted: BTreeMap::new(),
            nonces: Vec::new(),
            sent: BTreeSet::new(),
        };
        let listed: Vec<Value> = (1..=GUILDS)
            .map(|id| json!({"id": id.to_string(), "unavailable": true}))
            .collect();
        let user = json!({"id": "9", "username": "b"});
        life.dispatch(
            "READY",
            &json!({"v": 10, "session_id": "s", "user": user, "guilds": listed}),
        );
        for guild in 1..=GUILDS {
            let data = json!({"id": guild.to_string(), "name": "g", "member_count": 5000,
                "large": true, "members": [], "channels": [], "roles": []});
            life.dispatch("GUILD_CREATE", &data);
        }
        life
    }

    fn step(&mut self, source: &mut Source<'_>) {
        match source.below(12) {
            0 | 1 => self.ask(source),
            2 => self.wait(source.below(12_000)),
            3 => self.wait(source.below(400)),
            4 => self.refuse(source),
            5 => self.cut(source),
            _ => self.chunk(source),
        }
        for (guild, noted) in &self.noted {
            self.compare(*guild, noted);
        }
    }

    /// One request per guild at a time, so that a nonce says whose it is.
    fn ask(&mut self, source: &mut Source<'_>) {
        let guild = 1 + source.below(GUILDS);
        if self.noted.contains_key(&guild) {
            return;
        }
        let query = match source.below(3) {
            0 | 1 => MemberQuery::All,
            _ => MemberQuery::Users(vec![UserId::new(7).expect("not zero")]),
        };
        let asked = self.tracker.request_members(guild_id(guild), query, false);
        let noted = Noted {
            id: asked.expect("a request that may be made"),
            sends: 0,
            nonce: None,
            count: None,
            of: None,
            got: BTreeSet::new(),
            members: 0,
        };
        self.noted.insert(guild, noted);
        self.input(TrackerInput::Timeout);
    }

    fn wait(&mut self, time: u64) {
        let end = self.now + time;
        while let Some(at) = self
            .tracker
            .poll_timeout()
            .filter(|at| at.as_millis() <= end)
        {
            let was = self.tracker.poll_timeout();
            self.now = self.now.max(at.as_millis());
            self.input(TrackerInput::Timeout);
            assert_ne!(
                self.tracker.poll_timeout(),
                was,
                "a deadline does not move on"
            );
        }
        self.now = end;
    }

    fn refuse(&mut self, source: &mut Source<'_>) {
        let guild = 1 + source.below(GUILDS);
        let mut meta = json!({"guild_id": guild.to_string()});
        if let Some(nonce) = self
            .noted
            .get(&guild)
            .and_then(|noted| noted.nonce.as_ref())
        {
            meta["nonce"] = json!(nonce);
        }
        let wait = source.below(40);
        self.dispatch(
            "RATE_LIMITED",
            &json!({"opcode": 8, "retry_after": wait, "meta": meta}),
        );
    }

    fn cut(&mut self, source: &mut Source<'_>) {
        if self.up {
            self.up = false;
            self.input(TrackerInput::ConnectionLost);
        }
        if source.percent(80) {
            self.up = true;
            self.dispatch("RESUMED", &json!({}));
        }
    }

    /// A chunk of a nonce that was sent, or that never was, as it should be or not.
    fn chunk(&mut self, source: &mut Source<'_>) {
        let recent = self.nonces.len().min(5);
        let back = source.below(recent as u64 + 1) as usize;
        let (mut guild, nonce) = match back {
            0 => (1, "theirs".to_owned()),
            back => self.nonces[self.nonces.len() - back].clone(),
        };
        if source.percent(5) {
            guild = 1 + source.below(GUILDS);
        }
        let usual = 2 + nonce.len() as u32 % 3;
        let count = source.pick(&[usual, usual, usual, 1, 0, 9]);
        let index = source.up_to(count + 1);
        let listed = source.below(3);
        let members: Vec<Value> = (0..listed)
            .map(|id| json!({"user": {"id": (100 + id).to_string(), "username": "u"}, "roles": []}))
            .collect();
        let whole = self.take(guild, &nonce, index, count, listed);
        let before = whole.then(|| self.noted[&guild].id);
        self.dispatch(
            "GUILD_MEMBERS_CHUNK",
            &json!({
                "guild_id": guild.to_string(), "nonce": nonce, "chunk_index": index,
                "chunk_count": count, "members": members,
            }),
        );
        if before.is_some() {
            assert!(
                !self.noted.contains_key(&guild),
                "all has come, and it goes on"
            );
        }
    }

    /// Notes a chunk; whether it is the last that is missing.
    fn take(&mut self, guild: u64, nonce: &str, index: u32, count: u32, members: u64) -> bool {
        let Some(noted) = self.noted.get_mut(&guild) else {
            return false;
        };
        let current = noted.nonce.as_deref() == Some(nonce);
        let fits = index < count && noted.of.is_none_or(|of| of == count);
        if !current || !fits || !noted.got.insert(index) {
            return false;
        }
        (noted.of, noted.count) = (Some(count), Some(count));
        noted.members += members;
        noted.got.len() == count as usize
    }

    /// Nobody answers any more, and yet everything ends.
    fn fall_silent(&mut self) {
        if !self.up {
            self.up = true;
            self.dispatch("RESUMED", &json!({}));
        }
        self.wait(1_200_000);
        assert!(self.noted.is_empty(), "never ends: {:?}", self.noted);
        assert_eq!(self.tracker.poll_timeout(), None);
    }

    fn dispatch(&mut self, name: &str, data: &Value) {
        let data = data.to_string();
        let now = Instant::from_millis(self.now);
        let actions = self.tracker.dispatch(now, name, None, &data);
        let actions = actions.into_owned();
        self.note(actions);
    }

    fn input(&mut self, input: TrackerInput<'_>) {
        let actions = self.tracker.handle(Instant::from_millis(self.now), input);
        let actions = actions.into_owned();
        self.note(actions);
    }

    fn note(&mut self, actions: Actions<'static>) {
        for action in actions {
            match action {
                Action::Send(Command::RequestMembers(request)) => {
                    assert!(self.up, "sent over a lost connection");
                    let nonce = request.nonce.as_str().to_owned();
                    assert!(self.sent.insert(nonce.clone()), "a nonce twice");
                    let guild = request.guild.get();
                    self.nonces.push((guild, nonce.clone()));
                    let noted = self.noted.get_mut(&guild).expect("sent for nobody");
                    (noted.nonce, noted.sends) = (Some(nonce), noted.sends + 1);
                    (noted.of, noted.members) = (None, 0);
                    noted.got.clear();
                }
                Action::Emit(Event::ChunkRequestFinished(end)) => self.ended(&end),
                _ => {}
            }
        }
    }

    fn ended(&mut self, end: &ChunkRequestFinished) {
        let Some(request) = end.request else {
            return;
        };
        let noted = self.noted.remove(&end.guild.get()).expect("ended twice");
        assert_eq!(noted.id, request);
        let all = noted.of.or(noted.count).unwrap_or(0);
        let missed: Vec<u32> = (0..all)
            .filter(|index| !noted.got.contains(index))
            .collect();
        assert_eq!(end.missed, missed, "{noted:?}");
        assert_eq!((end.chunk_count, end.members), (noted.count, noted.members));
        assert_eq!(
            (end.attempts, end.nonce.is_some()),
            (noted.sends, noted.sends > 0)
        );
        let whole = noted.of.is_some() && missed.is_empty();
        assert_eq!(end.reason == FinishReason::Complete, whole, "{noted:?}");
    }

    fn compare(&self, guild: u64, noted: &Noted) {
        match self.tracker.request(noted.id) {
            None => panic!("guild {guild}: ended without a word: {noted:?}"),
            Some(RequestProgress::Receiving {
                chunks,
                chunk_count,
                members,
                attempts,
                ..
            }) => {
                let got = noted.got.len() as u32;
                let is = (Some(chunk_count), chunks, members, attempts);
                assert_eq!(is, (noted.of, got, noted.members, noted.sends));
            }
            Some(RequestProgress::Sent { attempts, .. }) => {
                assert_eq!((attempts, noted.of), (noted.sends, None));
            }
            Some(RequestProgress::AwaitingGuild | RequestProgress::Queued { .. }) => {}
        }
    }
}

fn guild_id(number: u64) -> GuildId {
    GuildId::new(number).expect("not zero")
}

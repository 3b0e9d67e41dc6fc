//! A tracker beside another library: what it tells, what it keeps, and when it wants to be woken.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::time::Duration;

use headcount_core::cache::memory::Completeness;
use headcount_core::cache::{Kind, Kinds, MemoryStore, Policy};
use headcount_core::chunk::{MemberQuery, RequestId};
use headcount_core::id::{GuildId, UserId};
use headcount_core::setup::{
    AutoChunk, Chunking, HoldConfig, Outcome, SetupConfig, Stage, SyncConfig, WaitsFor,
};
use headcount_core::tracker::{TrackerConfig, TrackerInput};
use headcount_core::wire::Name;
use headcount_core::wire::command::Command;
use headcount_core::{Action, Actions, Event, Instant, Intents, ShardId, Tracker};

const SECOND: u64 = 1_000;

fn guild(number: u64) -> GuildId {
    GuildId::new(number).unwrap()
}

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

/// A tracker with a store that follows it, and all that it told.
struct Beside {
    tracker: Tracker,
    store: MemoryStore,
    now: Instant,
    sent: Vec<Command>,
    told: Vec<Event<'static>>,
}

impl Beside {
    fn new(config: TrackerConfig) -> Self {
        Self {
            tracker: Tracker::new(ShardId::ONE, Intents::all(), config, 7),
            store: MemoryStore::new(7),
            now: at(0),
            sent: Vec::new(),
            told: Vec::new(),
        }
    }

    fn chunking(chunking: impl Into<Chunking>) -> Self {
        let mut config = TrackerConfig::default();
        config.setup.chunking = chunking.into();
        Self::new(config)
    }

    fn perform(&mut self, actions: Actions<'static>) {
        for action in actions {
            match action {
                Action::Mutate(mutation) => drop(self.store.apply(mutation)),
                Action::Send(command) => self.sent.push(command),
                Action::Emit(event) => self.told.push(event),
                other => panic!("a tracker has no connection: {other:?}"),
            }
        }
    }

    fn hear(&mut self, name: &str, data: &str) {
        let actions = self.tracker.dispatch(self.now, name, None, data);
        let actions = actions.into_owned();
        self.perform(actions);
    }

    fn handle(&mut self, input: TrackerInput<'_>) {
        let actions = self.tracker.handle(self.now, input).into_owned();
        self.perform(actions);
    }

    /// Lets time pass, through every deadline on the way.
    fn wait(&mut self, millis: u64) {
        let end = self.now.after(Duration::from_millis(millis));
        while let Some(next) = self.tracker.poll_timeout().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            self.handle(TrackerInput::Timeout);
        }
        self.now = end;
    }

    fn ready(&mut self, guilds: &[u64]) {
        let listed = guilds
            .iter()
            .map(|id| format!(r#"{{"id":"{id}","unavailable":true}}"#));
        let listed: Vec<String> = listed.collect();
        let data = format!(
            r#"{{"session_id":"s","guilds":[{}],"user":{{"id":"1","username":"b"}}}}"#,
            listed.join(",")
        );
        self.hear("READY", &data);
    }

    fn create(&mut self, number: u64, members: &[u64]) {
        let data = format!(
            r#"{{"id":"{number}","name":"g","owner_id":"9","roles":[],"channels":[],
            "members":[{}],"member_count":3}}"#,
            listed(members)
        );
        self.hear("GUILD_CREATE", &data);
    }

    fn nonce(&self) -> String {
        match self.sent.last() {
            Some(Command::RequestMembers(request)) => request.nonce.to_string(),
            other => panic!("no request was sent last: {other:?}"),
        }
    }

    fn chunk(&mut self, number: u64, members: &[u64], (index, count): (u32, u32)) {
        let nonce = self.nonce();
        self.chunk_as(&nonce, number, members, (index, count));
    }

    fn chunk_as(&mut self, nonce: &str, number: u64, members: &[u64], place: (u32, u32)) {
        let (members, (index, count)) = (listed(members), place);
        let data = format!(
            r#"{{"guild_id":"{number}","members":[{members}],"chunk_index":{index},
            "chunk_count":{count},"nonce":"{nonce}"}}"#
        );
        self.hear("GUILD_MEMBERS_CHUNK", &data);
    }

    fn ask(&mut self, number: u64, query: MemberQuery) -> RequestId {
        let asked = self.tracker.request_members(guild(number), query, false);
        asked.unwrap()
    }

    fn stage(&self, number: u64) -> Stage {
        self.tracker.stage(guild(number)).unwrap()
    }

    fn members(&self) -> Vec<u64> {
        let here = |id: &u64| {
            let user = UserId::new(*id).unwrap();
            self.store.member(guild(1), user).is_some()
        };
        (1..100).filter(here).collect()
    }

    fn completeness(&self) -> Completeness {
        self.store.completeness(guild(1)).unwrap()
    }

    /// The names of the dispatches that were delivered, which are then forgotten.
    fn delivered(&mut self) -> Vec<String> {
        let name = |event: &Event<'_>| match event {
            Event::Dispatch(dispatch) => Some(dispatch.name_text().to_string()),
            _ => None,
        };
        let names = self.told.iter().filter_map(name).collect();
        self.told.clear();
        names
    }
}

fn listed(members: &[u64]) -> String {
    let member = |id: &u64| {
        format!(
            r#"{{"user":{{"id":"{id}","username":"u{id}"}},"roles":[],
            "joined_at":"2020-01-01T00:00:00+00:00"}}"#
        )
    };
    let all: Vec<String> = members.iter().map(member).collect();
    all.join(",")
}

fn some() -> MemberQuery {
    MemberQuery::Users(vec![UserId::new(3).unwrap()])
}

mod holding {
    use super::*;

    fn holding(hold: HoldConfig) -> Beside {
        let mut config = TrackerConfig::default();
        config.setup.chunking = AutoChunk::All.into();
        config.hold = Some(hold);
        Beside::new(config)
    }

    fn message(number: u64) -> String {
        format!(r#"{{"guild_id":"{number}","author":{{"id":"5"}},"tts":false,"id":"7"}}"#)
    }

    #[test]
    fn events_wait_for_their_guild_wherever_it_is_named() {
        let mut beside = holding(HoldConfig::default());
        beside.ready(&[1]);
        beside.delivered();
        beside.hear("MESSAGE_CREATE", &message(1));
        beside.hear(
            "CHANNEL_PINS_UPDATE",
            r#"{"channel_id":"8","guild_id":"1"}"#,
        );
        beside.hear("WEBHOOKS_UPDATE", r#"{"guild_id":"1","channel_id":"8"}"#);
        assert!(beside.delivered().is_empty());
    }

    #[test]
    fn what_waits_for_a_guild_comes_when_it_is_ready_though_others_are_not() {
        let mut beside = holding(HoldConfig::default());
        beside.ready(&[1, 2]);
        beside.hear("MESSAGE_CREATE", &message(1));
        beside.hear("MESSAGE_CREATE", &message(2));
        beside.create(1, &[]);
        beside.delivered();
        beside.chunk(1, &[], (0, 1));
        assert_eq!(
            beside.delivered(),
            ["GUILD_MEMBERS_CHUNK", "MESSAGE_CREATE"]
        );
    }

    #[test]
    fn a_deadline_releases_nothing_that_still_has_to_wait() {
        let mut beside = holding(HoldConfig::default());
        beside.ready(&[1]);
        beside.create(1, &[]);
        beside.hear("MESSAGE_CREATE", &message(1));
        beside.delivered();
        beside.wait(15 * SECOND);
        let WaitsFor::Sending { .. } = beside.tracker.guild(guild(1)).unwrap().waits_for else {
            panic!("the first attempt has failed")
        };
        assert!(beside.delivered().is_empty());
    }

    #[test]
    fn an_overflow_tells_the_bytes_of_its_guild_alone() {
        let data = message(1);
        let mut beside = holding(HoldConfig {
            events: 10,
            bytes: data.len() - 1,
        });
        beside.ready(&[1]);
        beside.told.clear();
        beside.hear("MESSAGE_CREATE", &data);
        let Some(Event::HeldOverflow(overflow)) = beside.told.first() else {
            panic!("{:?}", beside.told)
        };
        assert_eq!((overflow.events, overflow.bytes), (1, data.len()));
    }
}

mod waiting {
    use super::*;

    #[test]
    fn of_two_deadlines_the_earlier_is_told() {
        let mut beside = Beside::chunking(AutoChunk::All);
        beside.ready(&[1, 2]);
        beside.create(1, &[]);
        let request = beside.tracker.guild(guild(1)).unwrap().until.unwrap();
        let other = beside.tracker.guild(guild(2)).unwrap().until.unwrap();
        assert!(request < other);
        assert_eq!(beside.tracker.poll_timeout(), Some(request));
    }

    #[test]
    fn a_stage_begins_when_its_dispatch_came() {
        let mut beside = Beside::chunking(AutoChunk::All);
        beside.ready(&[1, 2]);
        for (number, second) in [(1, 3), (2, 7)] {
            beside.now = at(second * SECOND);
            beside.create(number, &[]);
            let since = beside.tracker.guild(guild(number)).unwrap().since;
            assert_eq!(since, beside.now);
        }
    }

    #[test]
    fn what_has_ended_is_forgotten() {
        let mut beside = Beside::chunking(AutoChunk::Never);
        beside.ready(&[1]);
        beside.create(1, &[]);
        let mut sizes = Vec::new();
        for _ in 0..20 {
            for _ in 0..20 {
                beside.ask(1, some());
                beside.wait(2 * SECOND);
                beside.chunk(1, &[], (0, 1));
                beside.sent.clear();
            }
            beside.wait(100 * SECOND);
            sizes.push(format!("{:?}", beside.tracker).len());
        }
        // Only numbers grow: what was asked for 400 times leaves no more than once.
        assert!(sizes[19] < sizes[0] + 400, "{sizes:?}");
    }

    #[test]
    fn a_dispatch_that_is_not_understood_is_named() {
        let mut beside = Beside::chunking(AutoChunk::Never);
        beside.hear("GUILD_DELETE", "{");
        let Some(Event::Misunderstood(news)) = beside.told.first() else {
            panic!("{:?}", beside.told)
        };
        assert_eq!(news.name, Some(Name::GuildDelete));
    }
}

mod guilds {
    use super::*;

    #[test]
    fn a_create_that_says_unavailable_is_an_outage() {
        let mut beside = Beside::chunking(AutoChunk::All);
        beside.ready(&[1]);
        beside.hear("GUILD_CREATE", r#"{"id":"1","unavailable":true}"#);
        assert_eq!(beside.stage(1), Stage::Unavailable);
        let outage = |event: &Event<'_>| matches!(event, Event::GuildUnavailable(_));
        assert!(beside.told.iter().any(outage));
        assert!(beside.tracker.readiness().finished, "nobody waits for it");
    }

    #[test]
    fn a_guild_that_is_left_tells_whether_it_was_away() {
        let mut beside = Beside::chunking(AutoChunk::Never);
        beside.ready(&[1, 2]);
        beside.create(1, &[]);
        beside.hear("GUILD_DELETE", r#"{"id":"2","unavailable":true}"#);
        for number in [1, 2] {
            beside.hear("GUILD_DELETE", &format!(r#"{{"id":"{number}"}}"#));
        }
        let left = |event: &Event<'_>| match event {
            Event::GuildLeave(left) => Some((left.guild, left.was_unavailable)),
            _ => None,
        };
        let left: Vec<_> = beside.told.iter().filter_map(left).collect();
        assert_eq!(left, [(guild(1), false), (guild(2), true)]);
    }

    #[test]
    fn an_answer_to_somebody_else_tells_all_that_was_not_found() {
        let mut beside = Beside::chunking(AutoChunk::Never);
        beside.ready(&[1]);
        beside.create(1, &[]);
        for (index, id) in [(0, 3), (1, 4)] {
            let data = format!(
                r#"{{"guild_id":"1","members":[],"chunk_index":{index},"chunk_count":2,
                "not_found":["{id}"],"nonce":"theirs"}}"#
            );
            beside.hear("GUILD_MEMBERS_CHUNK", &data);
        }
        let Some(Event::ChunkRequestFinished(end)) = beside.told.last() else {
            panic!("{:?}", beside.told)
        };
        assert_eq!(end.not_found, [3, 4].map(|id| UserId::new(id).unwrap()));
    }
}

mod members {
    use super::*;

    #[test]
    fn a_search_that_is_not_answered_takes_nothing_from_a_whole_guild() {
        let mut beside = Beside::chunking(AutoChunk::All);
        beside.ready(&[1]);
        beside.create(1, &[2]);
        beside.chunk(1, &[2, 3], (0, 1));
        let whole = Completeness::Complete { members: 2 };
        assert_eq!(beside.completeness(), whole);
        beside.ask(1, some());
        beside.wait(100 * SECOND);
        let ends = |event: &&Event<'_>| matches!(event, Event::ChunkRequestFinished(_));
        assert_eq!(beside.told.iter().filter(ends).count(), 2);
        assert_eq!(beside.completeness(), whole);
    }

    /// What a change in the middle of an answer makes of its last chunk.
    fn changed(change: impl Fn(&mut Tracker)) -> Completeness {
        let mut beside = Beside::chunking(AutoChunk::All);
        beside.ready(&[1]);
        beside.create(1, &[2]);
        let nonce = beside.nonce();
        beside.chunk_as(&nonce, 1, &[2], (0, 2));
        change(&mut beside.tracker);
        beside.chunk_as(&nonce, 1, &[3], (1, 2));
        beside.completeness()
    }

    #[test]
    fn members_switched_off_and_on_make_no_answer_whole_that_was_under_way() {
        let is_whole = |it| matches!(it, Completeness::Complete { .. });
        assert!(is_whole(changed(|_| {})));
        assert!(!is_whole(changed(|tracker| {
            tracker.set_kinds(Kinds::GUILDS);
            tracker.set_kinds(Kinds::default());
        })));
        assert!(is_whole(changed(
            |tracker| tracker.set_kinds(Kinds::default())
        )));
        assert!(!is_whole(changed(|tracker| {
            tracker.set_policy(Kind::Member, &Policy::all());
        })));
        let roles = |tracker: &mut Tracker| tracker.set_policy(Kind::Role, &Policy::all());
        assert!(is_whole(changed(roles)), "a change of another kind");
    }

    /// Whom a store has when guild 1 comes again with member 3, who had members 2 and 3.
    fn left(sweep: bool, chunking: impl Into<Chunking>) -> Vec<u64> {
        let mut config = TrackerConfig::default();
        config.setup.chunking = chunking.into();
        config.sweep_after_chunk = sweep;
        let mut beside = Beside::new(config);
        beside.ready(&[1]);
        beside.create(1, &[2, 3]);
        beside.create(1, &[3]);
        beside.members()
    }

    #[test]
    fn old_members_stay_only_if_everyone_is_asked_for_and_that_is_wanted() {
        assert_eq!(left(true, AutoChunk::All), [2, 3]);
        assert_eq!(left(false, AutoChunk::All), [3]);
        for mode in [AutoChunk::Never, AutoChunk::Large, AutoChunk::Missing] {
            assert_eq!(left(true, mode), [3], "{mode:?}");
        }
        let all = || Chunking::from(AutoChunk::All);
        let some = [
            Chunking {
                at_start: false,
                ..all()
            },
            Chunking {
                on_join: false,
                ..all()
            },
            Chunking {
                allow: Some([guild(1)].into()),
                ..all()
            },
            Chunking {
                deny: [guild(2)].into(),
                ..all()
            },
        ];
        for chunking in some {
            assert_eq!(left(true, chunking.clone()), [3], "{chunking:?}");
        }
    }
}

mod client_accounts {
    use super::*;

    fn syncing() -> Beside {
        Beside::new(TrackerConfig {
            setup: SetupConfig {
                sync: Some(SyncConfig::default()),
                ..SetupConfig::default()
            },
            ..TrackerConfig::default()
        })
    }

    #[test]
    fn a_sync_that_is_under_way_is_waited_for_until_its_time() {
        let mut beside = syncing();
        beside.ready(&[1]);
        beside.create(1, &[]);
        assert_eq!(beside.sent, [Command::GuildSync(vec![guild(1)])]);
        let waits = beside.tracker.guild(guild(1)).unwrap();
        assert_eq!(waits.waits_for, WaitsFor::Sync);
        assert_eq!(waits.until, Some(at(10 * SECOND)));
    }

    #[test]
    fn a_member_request_does_not_wait_for_a_batch_that_gathers() {
        let mut beside = syncing();
        beside.ready(&[1, 2, 3]);
        beside.create(1, &[]);
        beside.hear("GUILD_SYNC", r#"{"id":"1","members":[],"presences":[]}"#);
        beside.create(2, &[]);
        assert!(beside.sent.is_empty(), "guild 3 is still expected");
        beside.ask(2, some());
        assert_eq!(beside.tracker.poll_timeout(), Some(at(0)));
        beside.handle(TrackerInput::Timeout);
        assert!(matches!(beside.sent[..], [Command::RequestMembers(_)]));
    }

    #[test]
    fn a_guild_whose_data_comes_again_and_again_is_not_synced_for_ever() {
        let mut beside = syncing();
        beside.ready(&[1]);
        let bound = SetupConfig::default().restarts;
        for _ in 0..=bound {
            beside.create(1, &[]);
            assert!(matches!(beside.stage(1), Stage::Syncing { .. }));
        }
        beside.create(1, &[]);
        let Stage::Ready { outcome, .. } = beside.stage(1) else {
            panic!("{:?}", beside.stage(1))
        };
        assert!(matches!(outcome, Outcome::Incomplete { .. }));
    }
}

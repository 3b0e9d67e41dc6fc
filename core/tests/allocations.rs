//! How often the way from a frame to a mutation allocates.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fmt::Write as _;

use headcount_core::cache::{Deriver, Kinds, MemoryStore, Mutation};
use headcount_core::session::Phase;
use headcount_core::setup::AutoChunk;
use headcount_core::wire::command::Command;
use headcount_core::wire::view::View;
use headcount_core::wire::{Envelope, Text};
use headcount_core::{
    Action, Config, Dispatch, Event, Input, Instant, Intents, Shard, ShardId, Token,
};

struct Counting;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
    static BYTES: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: hands everything on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        BYTES.set(BYTES.get() + layout.size());
        // SAFETY: the caller's promises are the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are the same.
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        BYTES.set(BYTES.get() + size);
        // SAFETY: the caller's promises are the same.
        unsafe { System.realloc(place, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Runs `work` and returns its result, the allocations and their bytes.
fn counted<T>(work: impl FnOnce() -> T) -> (T, u64, usize) {
    let (count, bytes) = (COUNT.get(), BYTES.get());
    let result = work();
    (result, COUNT.get() - count, BYTES.get() - bytes)
}

fn derive(frame: &str, kinds: Kinds) -> Option<Mutation<'_>> {
    let envelope = Envelope::parse(frame.as_bytes()).unwrap();
    let view = View::parse(envelope.kind(), envelope.data, kinds).unwrap();
    view.map(|view| Deriver::new(ShardId::ONE, kinds).derive(view))
}

fn member(id: u64) -> String {
    format!(
        r#"{{"user":{{"username":"user{id}","public_flags":0,"primary_guild":null,"id":"{id}",
        "global_name":"User \u00e9 {id}","display_name_styles":null,"display_name":"User {id}",
        "discriminator":"0","collectibles":null,"bot":false,"avatar_decoration_data":null,
        "avatar":"a_0123456789abcdef0123456789abcdef"}},"roles":["1001","1002","1003"],
        "premium_since":null,"pending":false,"nick":null,"mute":false,
        "joined_at":"2023-09-01T14:48:02.222000+00:00","flags":0,"deaf":false,
        "communication_disabled_until":null,"banner":null,"avatar":null}}"#
    )
}

fn chunk(members: u64) -> String {
    let mut list = String::new();
    let mut presences = String::new();
    for id in 1..=members {
        write!(list, "{},", member(id)).unwrap();
        write!(
            presences,
            r#"{{"user":{{"id":"{id}"}},"status":"online","client_status":{{"web":"online"}},
            "activities":[{{"name":"chess","type":0,"created_at":1693579682222}}]}},"#
        )
        .unwrap();
    }
    list.pop();
    presences.pop();
    format!(
        r#"{{"t":"GUILD_MEMBERS_CHUNK","s":3,"op":0,"d":{{"presences":[{presences}],
        "not_found":[],"nonce":"abc","members":[{list}],"guild_id":"7","chunk_index":0,
        "chunk_count":1}}}}"#
    )
}

#[test]
fn a_chunk_of_1000_members_is_one_mutation_of_few_allocations() {
    let frame = chunk(1000);
    let (mutation, count, bytes) = counted(|| derive(&frame, Kinds::all()).unwrap());
    assert_eq!(mutation.ops().count(), 2);
    assert!(count <= 16, "{count} allocations");
    assert!(bytes < 4 * frame.len(), "{bytes} bytes for {}", frame.len());
}

#[test]
fn a_skipped_dispatch_allocates_nothing() {
    let frame = r#"{"t":"TYPING_START","s":3,"op":0,"d":{"user_id":"1","timestamp":5,
        "member":{"nick":"a\"b"},"channel_id":"2","guild_id":"3"}}"#;
    let (mutation, count, _) = counted(|| derive(frame, Kinds::all()));
    assert_eq!((mutation, count), (None, 0));
    let frame = frame.replace("TYPING_START", "PRESENCE_UPDATE");
    let (mutation, count, _) = counted(|| derive(&frame, Kinds::default()));
    assert_eq!((mutation, count), (None, 0));
}

#[test]
fn a_heartbeat_ack_allocates_nothing() {
    let (envelope, count, _) = counted(|| Envelope::parse(br#"{"op":11}"#).unwrap());
    assert_eq!((envelope.op, count), (11, 0));
}

#[test]
fn members_that_are_not_cached_are_counted_without_allocating_for_them() {
    let frame = chunk(1000);
    let (mutation, count, _) = counted(|| derive(&frame, Kinds::GUILDS).unwrap());
    assert!(mutation.is_empty());
    assert!(count <= 1, "{count} allocations");
}

#[test]
fn a_view_of_a_dispatch_allocates_no_more_than_decoding_needs() {
    let views = |name: &str, data: &str| {
        let dispatch = Dispatch::new(name, Some(3), data);
        let (view, count, bytes) = counted(|| dispatch.view().unwrap());
        (view.is_some(), count, bytes)
    };
    let gone = r#"{"guild_id":"1","user":{"id":"7","username":"ann"}}"#;
    assert_eq!(views("GUILD_MEMBER_REMOVE", gone), (true, 0, 0));
    let deleted = r#"{"id":"1","channel_id":"2","guild_id":"3"}"#;
    let (found, count, _) = views("MESSAGE_DELETE", deleted);
    assert!(found && count <= 1, "a list of one id: {count}");
    assert_eq!(views("TYPING_START", deleted), (false, 0, 0));
    let frame = chunk(1000);
    let data = Envelope::parse(frame.as_bytes()).unwrap().data;
    let (found, count, bytes) = views("GUILD_MEMBERS_CHUNK", data);
    assert!(found && count <= 16, "{count} allocations");
    assert!(bytes < 4 * frame.len(), "{bytes} bytes for {}", frame.len());
}

#[test]
fn texts_compare_without_allocating() {
    let frame = r#"{"op":0,"t":"A\u0062C"}"#;
    let (same, count, _) = counted(|| {
        let envelope = Envelope::parse(frame.as_bytes()).unwrap();
        envelope.name == Some(Text::plain("AbC"))
    });
    assert!(same);
    assert_eq!(count, 0);
}

#[test]
fn little_text_reserves_little() {
    for data in [
        "[",
        "[{",
        "[{}]",
        "[[[[",
        "[{\"user\":{\"id\":\"1\",\"username\":\"\"}},",
    ] {
        let frame = format!(r#"{{"guild_id":"1","members":{data}"#);
        let (view, _, bytes) = counted(|| {
            View::parse(
                headcount_core::wire::Name::GuildMembersChunk,
                &frame,
                Kinds::all(),
            )
        });
        assert!(view.is_err());
        assert!(bytes <= 4096, "{bytes} bytes for {data}");
    }
}

/// A shard that has begun a session and asked its one guild for members; and its nonce.
fn shard() -> (Shard, String) {
    let intents = Intents::GUILDS | Intents::GUILD_MEMBERS | Intents::GUILD_PRESENCES;
    let mut config = Config::new(Token::new("t"), intents, ShardId::ONE);
    config.tracker.setup.chunking = AutoChunk::Missing.into();
    config.tracker.kinds = Kinds::all();
    let mut shard = Shard::new(config, 3);
    let mut nonce = String::new();
    let ready = r#"{"op":0,"t":"READY","s":1,"d":{"session_id":"5e55","guilds":[],
        "user":{"id":"1","username":"bot"}}}"#;
    let create = r#"{"op":0,"t":"GUILD_CREATE","s":2,"d":{"id":"7","name":"g","owner_id":"9",
        "roles":[],"channels":[],"members":[],"member_count":1000}}"#;
    let hello = br#"{"op":10,"d":{"heartbeat_interval":41250}}"#;
    for input in [
        Input::Timeout,
        Input::Opened,
        Input::Payload(hello),
        Input::Payload(ready.as_bytes()),
        Input::Payload(create.as_bytes()),
    ] {
        for action in shard.handle(Instant::ZERO, input) {
            if let Action::Send(Command::RequestMembers(request)) = action {
                nonce = request.nonce.to_string();
            }
        }
    }
    assert_eq!(shard.phase(), Phase::Active);
    (shard, nonce)
}

/// Lets the shard beat, encodes the beat, and lets it be answered.
fn beat(shard: &mut Shard, scratch: &mut String) {
    let now = loop {
        let now = shard.poll_timeout().unwrap().at;
        let mut beaten = false;
        for action in shard.handle(now, Input::Timeout) {
            if let Action::Send(command @ Command::Heartbeat { .. }) = action {
                assert!(command.encode(scratch).starts_with("{\"op\":1"));
                beaten = true;
            }
        }
        if beaten {
            break now;
        }
    };
    let answer = shard.handle(now, Input::Payload(br#"{"op":11}"#));
    assert_eq!(answer.len(), 0);
}

#[test]
fn a_heartbeat_of_a_shard_allocates_nothing() {
    let (mut shard, _) = shard();
    let mut scratch = String::new();
    // The member request runs into its retries first; then there is nothing but beats.
    for _ in 0..10 {
        beat(&mut shard, &mut scratch);
    }
    for _ in 0..100 {
        let ((), count, _) = counted(|| beat(&mut shard, &mut scratch));
        assert_eq!(count, 0);
    }
}

#[test]
fn a_skipped_dispatch_of_a_shard_allocates_nothing() {
    let (mut shard, _) = shard();
    for sequence in 3..50 {
        let frame = format!(
            r#"{{"t":"TYPING_START","s":{sequence},"op":0,"d":{{"user_id":"1","channel_id":"2"}}}}"#
        );
        let handle = || shard.handle(Instant::ZERO, Input::Payload(frame.as_bytes()));
        let (actions, count, _) = counted(handle);
        assert!(matches!(
            actions.iter().next(),
            Some(Action::Emit(Event::Dispatch(_)))
        ));
        assert_eq!((actions.len(), count), (1, 0));
    }
}

#[test]
fn a_chunk_of_a_shard_is_one_mutation_of_few_allocations() {
    let (mut shard, nonce) = shard();
    let frame = chunk(1000).replace("\"abc\"", &format!("\"{nonce}\""));
    let handle = || shard.handle(Instant::ZERO, Input::Payload(frame.as_bytes()));
    let (actions, count, _) = counted(handle);
    let mutations = actions
        .iter()
        .filter(|action| matches!(action, Action::Mutate(_)));
    assert_eq!(mutations.count(), 1);
    let finished = |action: &&Action<'_>| matches!(action, Action::Emit(Event::GuildJoin(_)));
    assert!(
        actions.iter().any(|action| finished(&action)),
        "the answer is whole"
    );
    assert!(count <= 16, "{count} allocations");
}

#[test]
fn a_known_reaction_and_a_deletion_allocate_nothing_in_a_store() {
    let mut store = MemoryStore::new(1);
    let mut apply = |name: &str, data: &str| {
        let frame = format!(r#"{{"t":"{name}","s":3,"op":0,"d":{{{data},"guild_id":"7"}}}}"#);
        let mutation = derive(&frame, Kinds::all()).unwrap();
        assert!(!mutation.is_empty(), "{frame}");
        counted(|| store.apply(mutation)).1
    };
    apply("GUILD_CREATE", r#""id":"7","roles":[],"channels":[]"#);
    for id in 11..14 {
        let message = format!(
            r#""id":"{id}","channel_id":"2","content":"a","author":{{"id":"5","username":"u"}}"#
        );
        apply("MESSAGE_CREATE", &message);
    }
    let reaction = r#""message_id":"12","channel_id":"2","user_id":"5","burst":false,
        "emoji":{"id":null,"name":"smile"}"#;
    assert!(apply("MESSAGE_REACTION_ADD", reaction) > 0, "it is new");
    assert_eq!(apply("MESSAGE_REACTION_ADD", reaction), 0);
    assert_eq!(apply("MESSAGE_REACTION_REMOVE", reaction), 0);
    assert_eq!(apply("MESSAGE_DELETE", r#""id":"12","channel_id":"2""#), 0);
}

#[test]
fn a_voice_state_of_a_known_member_allocates_nothing() {
    let (mut shard, mut store) = (shard().0, MemoryStore::new(1));
    let create = r#"{"op":0,"t":"GUILD_CREATE","s":2,"d":{"id":"7","roles":[],"channels":[]}}"#;
    store.apply(derive(create, Kinds::all()).unwrap());
    let mut feed = |sequence: u64, mute: bool| {
        let frame = format!(
            r#"{{"t":"VOICE_STATE_UPDATE","s":{sequence},"op":0,"d":{{"member":{},"user_id":"5",
            "session_id":"0123456789abcdef0123456789abcdef","channel_id":"2","guild_id":"7",
            "mute":{mute},"request_to_speak_timestamp":null}}}}"#,
            member(5)
        );
        let handle = || {
            for action in shard.handle(Instant::ZERO, Input::Payload(frame.as_bytes())) {
                if let Action::Mutate(mutation) = action {
                    store.apply(mutation);
                }
            }
        };
        counted(handle).1
    };
    assert!(feed(3, false) > 0, "the rows are new");
    for sequence in 4..10 {
        assert_eq!(feed(sequence, sequence % 2 == 0), 0);
    }
}

//! Twitch messages: round trips, hostile input, and no allocation on the way in.

use std::alloc::{GlobalAlloc, Layout, System};
use std::borrow::Cow;
use std::cell::Cell;

use headcount_core::twitch::{ChatLine, IrcMessage, Limits, Line, Prefix, lines};
use proptest::prelude::*;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call goes to the system allocator unchanged; the counter allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const CHAT: &str = "@badge-info=subscriber/22;badges=subscriber/18,premium/1;client-nonce=459e3142;\
color=#1E90FF;display-name=Ann;emotes=25:0-4,12-16/1902:6-10;first-msg=0;flags=;\
id=885196de-cb67-427a-baa8-82f9b0fcd05f;mod=0;reply-parent-display-name=Bob;\
reply-parent-msg-id=b34ccfc7-4977-403a-8a94-33c6bac34fb8;returning-chatter=0;room-id=713936733;\
subscriber=1;tmi-sent-ts=1642715756806;turbo=0;user-id=713936734;user-type=;vip=1 \
:ann!ann@ann.tmi.twitch.tv PRIVMSG #room :Kappa Keepo Kappa\r\n";

#[test]
fn reading_a_chat_message_with_20_tags_allocates_nothing() {
    let before = ALLOCATIONS.with(Cell::get);
    let message = IrcMessage::parse(CHAT.as_bytes()).unwrap();
    let tags = message.tags().iter().count();
    let length: usize = message
        .tags()
        .iter()
        .map(|(_, value)| value.unescape().len())
        .sum();
    let sender = message.prefix().and_then(Prefix::nick);
    let (room, text) = (message.room(), message.text());
    assert_eq!(ALLOCATIONS.with(Cell::get), before);
    assert_eq!(
        (tags, sender, text),
        (20, Some("ann"), Some("Kappa Keepo Kappa"))
    );
    assert!(length > 100 && room.is_some());
}

#[test]
fn what_a_chat_message_says_is_read_without_an_allocation() {
    let message = IrcMessage::parse(CHAT.as_bytes()).unwrap();
    let before = ALLOCATIONS.with(Cell::get);
    let ChatLine::PrivMsg(said) = message.view() else {
        panic!()
    };
    let who = said.chatter();
    let names = said.emotes().filter(|it| it.name_in(said.text()).is_some());
    let counts = (names.count(), who.badges().count());
    let read = (
        who.login(),
        who.display_name(),
        who.color(),
        said.reply_to(),
    );
    assert_eq!(ALLOCATIONS.with(Cell::get), before);
    assert!(
        counts.0 > 0 && counts.1 > 0 && read.0 == Some("ann"),
        "{counts:?} {read:?}"
    );
}

/// Reads all that a view says, and counts how much of it is there.
fn read_view(line: ChatLine<'_>) -> usize {
    let there = |parts: &[bool]| parts.iter().filter(|part| **part).count();
    match line {
        ChatLine::UserNotice(it) => there(&[
            it.room().is_some(),
            it.kind().is_some(),
            it.system_message().is_some(),
            it.text().is_some(),
            it.emotes().count() > 0,
            it.chatter().badges().count() > 0,
            it.detail("months").is_some(),
        ]),
        ChatLine::RoomSettings(it) => there(&[
            it.room().is_some(),
            it.room_id().is_some(),
            it.emote_only().is_some(),
            it.followers_only().is_some(),
            it.unique_only().is_some(),
            it.slow().is_some(),
            it.subscribers_only().is_some(),
        ]),
        ChatLine::ClearChat(it) => {
            _ = it.target();
            there(&[it.room().is_some(), it.user_id().is_some()])
        }
        ChatLine::Notice(it) => there(&[
            it.room().is_some(),
            it.kind().is_some(),
            it.text().is_some(),
        ]),
        ChatLine::UserState(it) => there(&[
            it.room().is_some(),
            it.message_id().is_some(),
            it.chatter().is_moderator(),
            it.chatter().badge_info().count() > 0,
        ]),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_other_view_is_read_without_an_allocation() {
    let lines = [
        (
            "@badges=vip/1;emotes=25:0-4;login=ann;msg-id=resub;msg-param-months=3;\
             system-msg=ann\\shas :tmi.twitch.tv USERNOTICE #room :Kappa",
            7,
        ),
        (
            "@emote-only=0;followers-only=10;r9k=0;room-id=7;slow=5;subs-only=0 \
             :tmi.twitch.tv ROOMSTATE #room",
            7,
        ),
        (
            "@ban-duration=30;room-id=7;target-user-id=9 :tmi.twitch.tv CLEARCHAT #room :ann",
            2,
        ),
        ("@msg-id=slow_on :tmi.twitch.tv NOTICE #room :Slow mode", 3),
        (
            "@badge-info=subscriber/2;badges=moderator/1;id=b34c;mod=1 \
             :tmi.twitch.tv USERSTATE #room",
            4,
        ),
    ];
    for (line, parts) in lines {
        let message = IrcMessage::parse(line.as_bytes()).unwrap();
        let before = ALLOCATIONS.with(Cell::get);
        let there = read_view(message.view());
        assert_eq!(ALLOCATIONS.with(Cell::get), before, "{line}");
        assert_eq!(there, parts, "{line}");
    }
}

fn word() -> impl Strategy<Value = String> {
    "[^ :\r\n\0][^ \r\n\0]{0,12}"
}

fn value() -> impl Strategy<Value = String> {
    "[^\0]{0,20}|[;\\\\ \r\n:s=a]{0,12}"
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        tags in prop::collection::vec(("[+]?[a-z./-]{1,9}", value()), 0..24),
        prefix in prop::option::of(word()),
        command in "[A-Z]{1,9}|[0-9]{3}",
        words in prop::collection::vec(word(), 0..5),
        last in prop::option::of("[^\r\n\0]{0,60}"),
    ) {
        let tags: Vec<_> = tags.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let params: Vec<_> = words.iter().chain(&last).map(String::as_str).collect();
        let line = Line {
            tags: &tags,
            prefix: prefix.as_deref(),
            command: &command,
            params: &params,
        };
        let mut text = String::new();
        line.encode(Limits::SERVER, &mut text).unwrap();
        prop_assert_eq!(lines(text.as_bytes()).count(), 1);
        let message = IrcMessage::parse(text.as_bytes()).unwrap();
        prop_assert_eq!(message.prefix().map(Prefix::as_str), prefix.as_deref());
        prop_assert_eq!(message.command(), command);
        prop_assert_eq!(message.params().iter().collect::<Vec<_>>(), params);
        let read: Vec<_> = message.tags().iter().map(|(k, v)| (k, v.unescape())).collect();
        let wanted: Vec<_> = tags.iter().map(|(k, v)| (*k, Cow::Borrowed(*v))).collect();
        prop_assert_eq!(read, wanted);
        for (key, _) in &tags {
            let last = tags.iter().rfind(|(other, _)| other == key).unwrap().1;
            prop_assert_eq!(message.tag(key).unwrap().unescape(), last);
        }
    }

    #[test]
    fn any_bytes_are_a_message_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for line in lines(&bytes) {
            if let Ok(message) = IrcMessage::parse(line) {
                read_all(&message);
            }
        }
    }

    #[test]
    fn near_misses_are_a_message_or_an_error(text in "[@:;= \\\\#A!é\u{1}1\r\n\0]{0,60}") {
        for line in lines(text.as_bytes()) {
            if let Ok(message) = IrcMessage::parse(line) {
                read_all(&message);
            }
        }
    }
}

fn read_all(message: &IrcMessage<'_>) {
    let values: usize = message.tags().iter().map(|(_, v)| v.unescape().len()).sum();
    let params: usize = message.params().iter().map(str::len).sum();
    assert!(values + params <= message.line().len());
    let prefix = message.prefix();
    let _ = (message.room(), message.text(), message.is_action());
    let _ = prefix.map(|prefix| (prefix.nick(), prefix.user(), prefix.host()));
}

//! Logging in, joining, parting, and how connections end.

use crate::visitor::{Visit, has};
use headcount_sim::twitch::{AccountPlan, RoomPlan, TwitchAct, TwitchOptions, TwitchRule, Who};

fn visit() -> Visit {
    let missing = RoomPlan {
        missing: true,
        ..RoomPlan::default()
    };
    let suspended = RoomPlan {
        suspended: true,
        ..RoomPlan::default()
    };
    let plan = AccountPlan {
        moderates: ["friend".to_owned()].into(),
        banned: ["foe".to_owned()].into(),
        ..AccountPlan::new("bot", "secret_bot")
    };
    Visit::new(TwitchOptions {
        accounts: vec![plan],
        rooms: [
            ("ghost".to_owned(), missing),
            ("gone".to_owned(), suspended),
        ]
        .into(),
        ..TwitchOptions::default()
    })
}

#[test]
fn a_login_gets_what_was_asked_for() {
    let mut visit = visit();
    let id = visit.twitch.open(0);
    assert!(has(
        &visit.ask(id, "CAP LS"),
        "CAP * LS :twitch.tv/tags twitch.tv/commands"
    ));
    assert!(has(
        &visit.ask(id, "CAP REQ :twitch.tv/tags other"),
        "CAP * NAK"
    ));
    let plain = visit.ask(id, "PASS oauth:secret_bot\r\nNICK somebody_else");
    assert!(
        has(&plain, ":tmi.twitch.tv 001 bot :Welcome, GLHF!"),
        "the token decides"
    );
    assert!(has(&plain, " 376 bot :>") && !has(&plain, "GLOBALUSERSTATE"));
    assert!(has(
        &visit.ask(id, "DANCE now"),
        "421 bot DANCE :Unknown command"
    ));
    assert!(has(
        &visit.ask(id, "PING :x y"),
        ":tmi.twitch.tv PONG tmi.twitch.tv :x y"
    ));
    assert_eq!(
        visit.ask(id, "PING"),
        ["PONG"],
        "no prefix, as tmi.js needs it"
    );
    visit.ask(id, "NICK again");
    assert!(visit.has_ended(id));
    let id = visit.twitch.open(visit.now);
    visit.send(id, "CAP REQ :twitch.tv/tags twitch.tv/commands");
    let tagged = visit.ask(id, "PASS oauth:secret_bot\r\nNICK bot");
    assert!(
        has(&tagged, "user-type= :tmi.twitch.tv GLOBALUSERSTATE"),
        "{tagged:?}"
    );
}

#[test]
fn a_login_that_fails_says_why_and_ends() {
    for (lines, why) in [
        (
            "PASS oauth:wrong\r\nNICK bot",
            "Login authentication failed",
        ),
        ("PASS secret_bot\r\nNICK bot", "Improperly formatted auth"),
        ("NICK bot", "Improperly formatted auth"),
        ("PASS oauth:x\r\nNICK no-name!", "Invalid NICK"),
    ] {
        let mut visit = visit();
        let id = visit.twitch.open(0);
        let answer = visit.ask(id, lines);
        assert_eq!(answer, [format!(":tmi.twitch.tv NOTICE * :{why}")]);
        assert!(visit.has_ended(id));
    }
}

#[test]
fn a_join_is_confirmed_and_refusals_are_distinguished() {
    let mut visit = visit();
    let id = visit.guest("bot");
    let answer = visit.ask(id, "JOIN #Friend");
    assert_eq!(answer[0], ":bot!bot@bot.tmi.twitch.tv JOIN #friend");
    for words in [
        ":bot.tmi.twitch.tv 353 bot = #friend :bot",
        ":bot.tmi.twitch.tv 366 bot #friend :End of /NAMES list",
        "slow=0;subs-only=0 :tmi.twitch.tv ROOMSTATE #friend",
        "mod=1;subscriber=0;user-type=mod :tmi.twitch.tv USERSTATE #friend",
    ] {
        assert!(has(&answer, words), "{words}: {answer:?}");
    }
    assert_eq!(answer.len(), 5);
    assert_eq!(visit.ask(id, "JOIN #ghost").len(), 0);
    assert_eq!(
        visit.ask(id, "JOIN #friend").len(),
        0,
        "it is there already"
    );
    assert!(has(
        &visit.ask(id, "JOIN #gone"),
        "msg-id=msg_channel_suspended"
    ));
    assert!(has(&visit.ask(id, "JOIN #foe"), "msg-id=msg_banned"));
    let answer = visit.ask(id, "PART #friend,#never");
    assert_eq!(answer, [":bot!bot@bot.tmi.twitch.tv PART #friend"]);
    assert_eq!(visit.broken(), []);
}

#[test]
fn a_ban_puts_out_and_can_be_lifted() {
    let mut visit = visit();
    let (one, two) = (visit.guest("bot"), visit.guest("ann"));
    visit.ask(one, "JOIN #a");
    visit.ask(two, "JOIN #a");
    let (login, room) = ("bot".to_owned(), "a".to_owned());
    let ban = TwitchAct::Ban {
        login: login.clone(),
        room: room.clone(),
    };
    visit.take(one);
    visit.twitch.act(visit.now, ban);
    visit.drain();
    assert!(has(&visit.take(one), ":bot!bot@bot.tmi.twitch.tv PART #a"));
    assert!(has(&visit.take(two), ":tmi.twitch.tv CLEARCHAT #a :bot"));
    assert!(has(&visit.ask(one, "JOIN #a"), "msg_banned"));
    visit
        .twitch
        .act(visit.now, TwitchAct::Unban { login, room });
    assert!(has(&visit.ask(one, "JOIN #a"), "JOIN #a"));
}

#[test]
fn a_reconnect_is_announced_and_a_frozen_connection_hears_nothing() {
    let mut visit = visit();
    let (one, two) = (visit.guest("bot"), visit.guest("ann"));
    let who = Who::Account("bot".to_owned());
    visit
        .twitch
        .act(visit.now, TwitchAct::Reconnect { who, after: 500 });
    visit.drain();
    assert_eq!(visit.take(one), [":tmi.twitch.tv RECONNECT"]);
    assert!(!visit.has_ended(one));
    visit.wait(500);
    assert!(visit.has_ended(one) && !visit.has_ended(two));
    visit.twitch.act(visit.now, TwitchAct::Freeze(Who::All));
    assert_eq!(visit.ask(two, "PING :x").len(), 0);
    assert!(!visit.has_ended(two));
}

#[test]
fn who_does_not_answer_a_ping_is_dropped() {
    let mut visit = visit();
    let (one, two) = (visit.guest("bot"), visit.guest("ann"));
    visit.wait(300_000);
    assert!(has(&visit.take(two), "PING :tmi.twitch.tv"));
    visit.send(two, "PONG :tmi.twitch.tv");
    visit.wait(10_000);
    assert!(visit.has_ended(one) && !visit.has_ended(two));
    assert_eq!(visit.broken(), [TwitchRule::NoPong]);
}

#[test]
fn nonsense_is_counted_and_never_ends_anything() {
    let mut visit = visit();
    let id = visit.twitch.open(0);
    visit.twitch.receive(0, id, b"\xff\xfe\r\n");
    visit.send(id, "@\r\n:\r\n \r\nJOIN #a");
    let rules = [TwitchRule::Nonsense; 4];
    assert_eq!(visit.broken()[..4], rules);
    assert_eq!(visit.broken()[4..], [TwitchRule::TooEarly]);
    let id = visit.guest("bot");
    visit.send(id, &format!("JOIN #{}", "x".repeat(10_000)));
    visit.send(id, "JOIN\r\nPART\r\nPRIVMSG\r\nPRIVMSG #a\r\nCAP");
    assert!(visit.broken().contains(&TwitchRule::LongLine));
    assert!(!visit.has_ended(id));
}

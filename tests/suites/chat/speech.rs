//! Who hears what.

use crate::visitor::{Visit, has};
use headcount_sim::twitch::{TwitchAct, TwitchOptions, TwitchRule};

#[test]
fn a_sender_does_not_hear_itself_but_its_other_connections_do() {
    let mut visit = Visit::new(TwitchOptions::default());
    let (one, two) = (visit.guest("bot"), visit.guest("bot"));
    let (ann, away) = (visit.guest("ann"), visit.guest("cid"));
    for id in [one, two, ann] {
        visit.ask(id, "JOIN #a");
    }
    for id in [two, ann, away] {
        visit.take(id);
    }
    let answer = visit.ask(
        one,
        "@client-nonce=7;reply-parent-msg-id=x PRIVMSG #a :  hi   there ",
    );
    assert_eq!(answer.len(), 1, "{answer:?}");
    assert!(has(&answer, "client-nonce=7;id=") && has(&answer, "USERSTATE #a"));
    for id in [two, ann] {
        let heard = visit.take(id);
        assert!(
            has(&heard, ":bot!bot@bot.tmi.twitch.tv PRIVMSG #a :hi there"),
            "{heard:?}"
        );
        assert!(has(&heard, "reply-parent-msg-id=x;"));
    }
    assert_eq!(visit.take(away).len(), 0);
    // Who has not joined can speak all the same.
    visit.send(away, "PRIVMSG #a :hello");
    assert!(has(&visit.take(one), "PRIVMSG #a :hello"));
    assert_eq!(visit.twitch.said().len(), 2);
}

#[test]
fn too_fast_and_twice_the_same_are_refused() {
    let mut visit = Visit::new(TwitchOptions::default());
    let id = visit.guest("bot");
    visit.ask(id, "PRIVMSG #a :one");
    visit.send(id, "PRIVMSG #a :two");
    assert!(has(
        &visit.ask(id, "PRIVMSG #a :three"),
        "msg-id=msg_ratelimit"
    ));
    assert_eq!(visit.broken(), [TwitchRule::RoomRate]);
    visit.wait(1000);
    assert!(has(
        &visit.ask(id, "PRIVMSG #a :three"),
        "msg-id=msg_duplicate"
    ));
    let long = "x".repeat(600);
    visit.send(id, &format!("PRIVMSG #b :{long}"));
    assert_eq!(
        visit.twitch.said().last().map(|said| said.text.len()),
        Some(500)
    );
}

#[test]
fn whispers_reach_every_connection_and_shared_chat_every_room() {
    let mut visit = Visit::new(TwitchOptions::default());
    let (one, two) = (visit.guest("bot"), visit.guest("bot"));
    visit.ask(one, "JOIN #a,#b");
    visit.take(two);
    let (to, from, text) = ("bot".to_owned(), "ann".to_owned(), "psst".to_owned());
    visit.twitch.act(
        visit.now,
        TwitchAct::Whisper {
            to,
            from: from.clone(),
            text,
        },
    );
    visit.drain();
    for id in [one, two] {
        assert!(has(&visit.take(id), "WHISPER bot :psst"));
    }
    let (rooms, text) = (vec!["a".to_owned(), "b".to_owned()], "both".to_owned());
    visit
        .twitch
        .act(visit.now, TwitchAct::SayShared { rooms, from, text });
    visit.drain();
    let heard = visit.take(one);
    assert_eq!(heard.len(), 2);
    let source = |line: &String| {
        let tag = line
            .split(';')
            .find(|tag| tag.starts_with("source-id="))
            .map(str::to_owned);
        tag.expect("a source")
    };
    assert_eq!(source(&heard[0]), source(&heard[1]));
}

#[test]
fn viewers_speak_where_somebody_listens_and_tags_go_to_those_who_asked() {
    let mut visit = Visit::new(TwitchOptions {
        chatter: Some(1000),
        ..TwitchOptions::default()
    });
    let nobody = visit.twitch.open(0);
    visit.send(nobody, "NICK justinfan1");
    visit.ask(nobody, "JOIN #a");
    visit.wait(3000);
    let heard = visit.take(nobody);
    let chat: Vec<&String> = heard
        .iter()
        .filter(|line| line.contains("PRIVMSG"))
        .collect();
    assert_eq!(chat.len(), 3, "{heard:?}");
    assert!(chat.iter().all(|line| line.starts_with(":viewer_")));
}

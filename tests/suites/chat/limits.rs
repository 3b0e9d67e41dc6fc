//! The budgets of an account, and the three ways to meet JOINs over the rate.

use crate::visitor::{Visit, has, rooms};
use headcount_sim::twitch::{AccountPlan, JoinEnforcement, TwitchOptions, TwitchRule};

fn visit(join_enforcement: JoinEnforcement) -> Visit {
    Visit::new(TwitchOptions {
        join_enforcement,
        ..TwitchOptions::default()
    })
}

#[test]
fn the_join_rate_is_the_accounts_and_met_in_three_ways() {
    for (enforcement, joined, killed) in [
        (JoinEnforcement::Off, 22, false),
        (JoinEnforcement::Drop, 20, false),
        (JoinEnforcement::Kill, 8, true),
    ] {
        let mut visit = visit(enforcement);
        let (one, two) = (visit.guest("bot"), visit.guest("bot"));
        visit.send(one, &format!("JOIN {}", rooms(0, 8)));
        visit.send(two, &format!("JOIN {}", rooms(8, 22)));
        visit.wait(1000);
        let there: usize = visit.twitch.connections().map(|(_, _, rooms)| rooms).sum();
        assert_eq!(there, joined, "{enforcement:?}");
        assert_eq!(visit.has_ended(two), killed, "{enforcement:?}");
        assert!(!visit.has_ended(one));
        assert!(visit.broken().contains(&TwitchRule::JoinRate));
        let account = visit.twitch.violations()[0].login.as_deref();
        assert_eq!(account, Some("bot"));
    }
}

#[test]
fn twenty_joins_in_each_ten_seconds_are_within_the_rate() {
    let mut visit = visit(JoinEnforcement::Kill);
    let id = visit.guest("bot");
    for from in [0, 20, 40] {
        visit.send(id, &format!("JOIN {}", rooms(from, from + 20)));
        visit.wait(10_000);
    }
    assert_eq!(visit.broken(), []);
    assert_eq!(visit.twitch.rooms_of(id).count(), 60);
}

#[test]
fn a_verified_account_and_an_anonymous_one_join_more() {
    let plan = AccountPlan {
        verified: true,
        ..AccountPlan::new("big", "secret_big")
    };
    let mut visit = Visit::new(TwitchOptions {
        accounts: vec![plan],
        ..TwitchOptions::default()
    });
    let big = visit.guest("big");
    visit.ask(big, &format!("JOIN {}", rooms(0, 100)));
    assert_eq!(visit.twitch.rooms_of(big).count(), 100);
    let nobody = visit.twitch.open(visit.now);
    visit.send(nobody, "NICK justinfan7");
    visit.ask(nobody, &format!("JOIN {}", rooms(0, 120)));
    assert_eq!(visit.twitch.rooms_of(nobody).count(), 120);
    assert_eq!(visit.broken(), []);
    visit.send(nobody, "PRIVMSG #room1 :hi");
    assert_eq!(visit.broken(), [TwitchRule::AnonymousSpeech]);
}

#[test]
fn a_hundred_rooms_are_the_limit_and_moderated_ones_do_not_count() {
    let plan = AccountPlan {
        verified: true,
        moderates: ["room0", "room1"].map(str::to_owned).into(),
        ..AccountPlan::new("big", "secret_big")
    };
    let mut visit = Visit::new(TwitchOptions {
        accounts: vec![plan],
        ..TwitchOptions::default()
    });
    let (one, two) = (visit.guest("big"), visit.guest("big"));
    visit.ask(one, &format!("JOIN {}", rooms(0, 60)));
    let answer = visit.ask(two, &format!("JOIN {}", rooms(60, 103)));
    let refused = "msg-id=msg_concurrent_channel_limit_reached :tmi.twitch.tv NOTICE #room102 :You \
                   are connected to too many chat channels";
    assert!(has(&answer, refused), "{answer:?}");
    assert_eq!(visit.broken(), [TwitchRule::RoomLimit]);
    // Rooms of a lost connection count for a while, unless they are joined again.
    visit.twitch.closed(visit.now, one);
    let answer = visit.ask(two, "JOIN #room102");
    assert!(has(&answer, "too many chat channels"));
    assert!(has(
        &visit.ask(two, "JOIN #room30"),
        ":big!big@big.tmi.twitch.tv JOIN #room30"
    ));
    visit.wait(30_000);
    assert!(has(&visit.ask(two, "JOIN #room102"), "JOIN #room102"));
}

#[test]
fn too_many_messages_are_not_heard_for_half_an_hour() {
    let mut visit = visit(JoinEnforcement::Drop);
    let id = visit.guest("bot");
    for number in 0..21 {
        visit.send(id, &format!("PRIVMSG #room{number} :hello"));
    }
    assert_eq!(visit.broken(), [TwitchRule::MessageRate]);
    assert_eq!(visit.twitch.said().len(), 20);
    // On a new connection: the old one is dropped, since it answers no PING.
    visit.wait(1_700_000);
    let id = visit.guest("bot");
    visit.send(id, "PRIVMSG #a :are you there?");
    assert_eq!(visit.twitch.said().len(), 20);
    visit.wait(200_000);
    visit.send(id, "PRIVMSG #a :are you there?");
    assert_eq!(visit.twitch.said().len(), 21);
}

#[test]
fn a_moderator_may_say_more() {
    let plan = AccountPlan {
        moderates: ["a".to_owned()].into(),
        ..AccountPlan::new("bot", "secret_bot")
    };
    let mut visit = Visit::new(TwitchOptions {
        accounts: vec![plan],
        ..TwitchOptions::default()
    });
    let id = visit.guest("bot");
    for number in 0..101 {
        visit.send(id, &format!("PRIVMSG #a :number {number}"));
    }
    assert_eq!(visit.twitch.said().len(), 100);
    assert_eq!(visit.broken(), [TwitchRule::MessageRate]);
}

#[test]
fn twenty_logins_in_ten_seconds_are_the_limit() {
    let mut visit = visit(JoinEnforcement::Drop);
    let hurry = |visit: &mut Visit| {
        let id = visit.twitch.open(visit.now);
        visit.ask(id, "PASS oauth:x\r\nNICK bot")
    };
    for _ in 0..20 {
        let id = visit.twitch.open(visit.now);
        visit.send(id, "PASS oauth:x\r\nNICK bot");
    }
    assert!(has(&hurry(&mut visit), "NOTICE * :Login unsuccessful"));
    assert_eq!(visit.broken(), [TwitchRule::LoginRate]);
    visit.wait(10_000);
    assert!(has(&hurry(&mut visit), " 001 bot :Welcome, GLHF!"));
}

use core::time::Duration;
use std::vec::Vec;

use super::*;

fn view(line: &str) -> ChatLine<'_> {
    IrcMessage::parse(line.as_bytes()).unwrap().view()
}

fn parsed(line: &str) -> PrivMsg<'_> {
    match view(line) {
        ChatLine::PrivMsg(said) => said,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_message_says_who_said_what_with_which_emotes() {
    let said = parsed(
        "@badge-info=subscriber/22;badges=moderator/1,subscriber/3012;bits=100;color=#0D4200;\
         display-name=An\\sn;emotes=25:0-4,12-16/emotesv2_1:6-10;first-msg=1;id=b34c;mod=1;\
         reply-parent-msg-body=a\\sb;reply-parent-msg-id=a1;room-id=1337;subscriber=1;\
         tmi-sent-ts=1507246572675;user-id=7 :ann!ann@ann.tmi.twitch.tv PRIVMSG #bob \
         :Kappa Keepo Kappa",
    );
    assert_eq!(
        (said.text(), said.id(), said.bits()),
        ("Kappa Keepo Kappa", Some("b34c"), Some(100))
    );
    assert_eq!(
        (said.room_id(), said.sent_at()),
        (Some(1337), Some(1_507_246_572_675))
    );
    assert!(said.is_first() && !said.is_action() && !said.is_mirror());
    assert_eq!(said.reply_to(), Some("a1"));
    assert_eq!(said.reply_to_text().unwrap().unescape(), "a b");
    let who = said.chatter();
    assert_eq!(
        (who.login(), who.user_id(), who.color()),
        (Some("ann"), Some(7), Some(0x0D_4200))
    );
    assert_eq!(who.display_name().unwrap().unescape(), "An n");
    assert!(who.is_moderator() && who.is_subscriber() && !who.is_vip() && !who.is_broadcaster());
    let badges: Vec<_> = who
        .badges()
        .map(|badge| (badge.set, badge.version))
        .collect();
    assert_eq!(badges, [("moderator", "1"), ("subscriber", "3012")]);
    assert_eq!(
        who.badge_info().next(),
        Some(Badge {
            set: "subscriber",
            version: "22"
        })
    );
    let emotes: Vec<_> = said
        .emotes()
        .map(|it| (it.id(), it.name_in(said.text())))
        .collect();
    let kappa = ("25", Some("Kappa"));
    assert_eq!(emotes, [kappa, kappa, ("emotesv2_1", Some("Keepo"))]);
}

#[test]
fn emotes_are_counted_in_characters_and_may_lie_beyond_the_text() {
    let said = parsed(
        "@emotes=1:3-7,0-0,8-8,7-99,99-100,5-4,x-1,2/bad/9: :a!a@a PRIVMSG #b :\u{1f600}\u{e9} Kappa",
    );
    let names: Vec<_> = said.emotes().map(|it| it.name_in(said.text())).collect();
    assert_eq!(names, [Some("Kappa"), Some("\u{1f600}"), None, None, None]);
    let action = "@emotes=25:0-4 :a!a@a PRIVMSG #b :\u{1}ACTION Kappa\u{1}";
    let said = parsed(action);
    assert!(said.is_action());
    assert_eq!(
        said.emotes().next().unwrap().name_in(said.text()),
        Some("Kappa")
    );
}

#[test]
fn odd_tags_are_as_if_they_were_not_there() {
    let said = parsed(
        "@badges=x,/,a/b/1;bits=many;color=red;display-name=;emotes=;mod=yes;room-id=-1;user-id= \
         PRIVMSG #b :hi",
    );
    let who = said.chatter();
    assert_eq!(
        (who.login(), who.user_id(), who.color()),
        (None, None, None)
    );
    assert!(who.display_name().is_none() && !who.is_moderator());
    assert_eq!(
        (said.bits(), said.room_id(), said.emotes().count()),
        (None, None, 0)
    );
    let sets: Vec<_> = who.badges().map(|badge| badge.set).collect();
    assert_eq!(sets, ["", "a/b"]);
    assert!(said.chatter().badge_info().next().is_none());
}

#[test]
fn a_mirror_of_shared_chat_is_known_by_its_room() {
    let line = |own: u32| {
        std::format!("@room-id={own};source-room-id=1;source-id=m :a!a@a PRIVMSG #b :hi")
    };
    assert!(!parsed(&line(1)).is_mirror() && parsed(&line(2)).is_mirror());
}

#[test]
fn notices_of_users_name_their_kind_and_details() {
    let ChatLine::UserNotice(notice) = view(
        "@login=ann;msg-id=resub;msg-param-cumulative-months=6;msg-param-sub-plan=Prime;\
         system-msg=ann\\sis\\sback;user-id=7 :tmi.twitch.tv USERNOTICE #bob :Great",
    ) else {
        panic!()
    };
    assert_eq!(
        (notice.kind(), notice.text()),
        (Some("resub"), Some("Great"))
    );
    assert_eq!(notice.chatter().login(), Some("ann"));
    assert_eq!(notice.detail("cumulative-months").unwrap().raw(), "6");
    assert!(notice.detail("months").is_none());
    assert_eq!(notice.system_message().unwrap().unescape(), "ann is back");
}

#[test]
fn what_is_cleared_is_a_room_or_a_users() {
    let target = |line| match view(line) {
        ChatLine::ClearChat(cleared) => cleared.target(),
        other => panic!("{other:?}"),
    };
    assert_eq!(target(":tmi.twitch.tv CLEARCHAT #bob"), Cleared::Room);
    assert_eq!(
        target(":tmi.twitch.tv CLEARCHAT #bob :ann"),
        Cleared::Banned("ann")
    );
    let minute = Cleared::TimedOut("ann", Duration::from_secs(60));
    assert_eq!(
        target("@ban-duration=60 :tmi.twitch.tv CLEARCHAT #bob :ann"),
        minute
    );
}

#[test]
fn settings_of_a_room_come_one_by_one_or_all() {
    let settings = |line| match view(line) {
        ChatLine::RoomSettings(settings) => settings,
        other => panic!("{other:?}"),
    };
    let all = settings(
        "@emote-only=0;followers-only=-1;r9k=1;room-id=7;slow=30;subs-only=0 \
         :tmi.twitch.tv ROOMSTATE #bob",
    );
    assert_eq!(
        (all.room_id(), all.followers_only()),
        (Some(7), Some(Followers::Off))
    );
    assert_eq!(
        (all.emote_only(), all.unique_only()),
        (Some(false), Some(true))
    );
    assert_eq!(
        (all.slow(), all.subscribers_only()),
        (Some(Duration::from_secs(30)), Some(false))
    );
    let one = settings("@followers-only=10;room-id=7 :tmi.twitch.tv ROOMSTATE #bob");
    assert_eq!(
        one.followers_only(),
        Some(Followers::Since(Duration::from_secs(600)))
    );
    assert_eq!((one.slow(), one.emote_only()), (None, None));
}

#[test]
fn notices_and_the_bots_own_state_are_read() {
    let line = "@msg-id=msg_slowmode :tmi.twitch.tv NOTICE #bob :Too fast.";
    let ChatLine::Notice(notice) = view(line) else {
        panic!()
    };
    assert_eq!(
        (notice.kind(), notice.text()),
        (Some("msg_slowmode"), Some("Too fast."))
    );
    let ChatLine::Notice(login) = view(":tmi.twitch.tv NOTICE * :Login failed") else {
        panic!()
    };
    assert_eq!((login.room(), login.kind()), (None, None));
    let line = "@badges=moderator/1;id=m1;mod=1 :tmi.twitch.tv USERSTATE #bob";
    let ChatLine::UserState(state) = view(line) else {
        panic!()
    };
    assert!(state.chatter().is_moderator());
    assert_eq!(
        (state.message_id(), state.chatter().login()),
        (Some("m1"), None)
    );
    assert!(matches!(view("PING :x"), ChatLine::Other(_)));
}

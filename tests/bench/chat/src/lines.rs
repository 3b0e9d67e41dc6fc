//! What a bot in busy rooms reads: made by hand in the form of the real thing.

/// Eight lines: chat with 20 tags and fewer, a reply, a subscription, states, a plain one.
pub(crate) const LINES: [&str; 8] = [
    "@badge-info=subscriber/22;badges=subscriber/18,premium/1;client-nonce=459e3142;color=#1E90FF;\
     display-name=Ann;emotes=25:0-4,12-16/1902:6-10;first-msg=0;flags=;\
     id=885196de-cb67-427a-baa8-82f9b0fcd05f;mod=0;reply-parent-display-name=Bob;\
     reply-parent-msg-id=b34ccfc7-4977-403a-8a94-33c6bac34fb8;returning-chatter=0;\
     room-id=713936733;subscriber=1;tmi-sent-ts=1642715756806;turbo=0;user-id=713936734;\
     user-type=;vip=1 :ann!ann@ann.tmi.twitch.tv PRIVMSG #some_room :Kappa Keepo Kappa",
    "@badge-info=;badges=;color=#0000FF;display-name=JunIsHere;emotes=;first-msg=0;flags=0-6:P.3;\
     id=e9d998c3-36f1-430f-89ec-6b887c28af36;mod=0;returning-chatter=0;room-id=11148817;\
     subscriber=0;tmi-sent-ts=1594545155039;turbo=0;user-id=29803735;user-type= \
     :junishere!junishere@junishere.tmi.twitch.tv PRIVMSG #another_room :what a round that was, \
     I did not expect the other team to come back like this",
    "@badge-info=subscriber/3;badges=moderator/1,subscriber/3;color=#8A2BE2;display-name=Cid_77;\
     emotes=;first-msg=0;flags=;id=5d8a02b1-7b2e-4b2e-9a8e-2a57b0b7cc0e;mod=1;\
     reply-parent-display-name=JunIsHere;reply-parent-msg-body=what\\sa\\sround\\sthat\\swas;\
     reply-parent-msg-id=e9d998c3-36f1-430f-89ec-6b887c28af36;reply-parent-user-id=29803735;\
     reply-parent-user-login=junishere;returning-chatter=0;room-id=11148817;subscriber=1;\
     tmi-sent-ts=1594545159039;turbo=0;user-id=45803711;user-type=mod \
     :cid_77!cid_77@cid_77.tmi.twitch.tv PRIVMSG #another_room :@JunIsHere nobody did",
    "@badge-info=subscriber/6;badges=subscriber/6;color=#008000;display-name=dora;emotes=;flags=;\
     id=db25007f-7a18-43eb-9379-80131e44d633;login=dora;mod=0;msg-id=resub;\
     msg-param-cumulative-months=6;msg-param-streak-months=2;msg-param-should-share-streak=1;\
     msg-param-sub-plan=Prime;msg-param-sub-plan-name=Prime;room-id=1337;subscriber=1;\
     system-msg=dora\\ssubscribed\\swith\\sPrime.\\sThey've\\ssubscribed\\sfor\\s6\\smonths!;\
     tmi-sent-ts=1507246572675;user-id=1234;user-type= :tmi.twitch.tv USERNOTICE #some_room \
     :Great stream, keep it up!",
    "@badge-info=;badges=moderator/1;color=#0D4200;display-name=bot;emote-sets=0,33,50;mod=1;\
     subscriber=0;user-type=mod :tmi.twitch.tv USERSTATE #some_room",
    "@emote-only=0;followers-only=-1;r9k=0;room-id=713936733;slow=10;subs-only=0 :tmi.twitch.tv \
     ROOMSTATE #some_room",
    "@ban-duration=350;room-id=12345678;target-user-id=87654321;tmi-sent-ts=1642719320727 \
     :tmi.twitch.tv CLEARCHAT #some_room :ronni",
    ":ann!ann@ann.tmi.twitch.tv PRIVMSG #some_room :no tags were asked for here",
];

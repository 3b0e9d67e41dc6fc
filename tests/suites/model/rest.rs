//! The HTTP calls of bots.
use headcount_sim::{Gateway, Options, Rest, Rule, Token};
use serde_json::Value;

fn call(gateway: &mut Gateway, method: &str, path: &str, token: Option<&str>) -> (u16, Value) {
    let reply = gateway.rest(
        0,
        &Rest {
            method,
            path,
            authorization: token,
            body: &[],
        },
    );
    (reply.status, serde_json::from_str(&reply.body).unwrap())
}

fn gateway() -> Gateway {
    let options = Options {
        token: Token::new("right"),
        shards: 3,
        ..Options::default()
    };
    let mut gateway = Gateway::new(options, 1);
    gateway.set_urls("ws://127.0.0.1:7".to_owned(), "ws://127.0.0.1:8".to_owned());
    gateway
}

#[test]
fn the_gateway_is_found_with_and_without_version() {
    let mut gateway = gateway();
    for path in [
        "/api/v10/gateway",
        "/api/gateway",
        "/gateway",
        "/api/v9/gateway",
    ] {
        let (status, body) = call(&mut gateway, "GET", path, None);
        assert_eq!(
            (status, &body["url"]),
            (200, &Value::from("ws://127.0.0.1:7"))
        );
    }
    let (_, body) = call(
        &mut gateway,
        "GET",
        "/api/v10/gateway/bot",
        Some("Bot right"),
    );
    assert_eq!(body["shards"], 3);
    let limit = &body["session_start_limit"];
    assert_eq!(
        (&limit["total"], &limit["remaining"]),
        (&1000.into(), &1000.into())
    );
    assert_eq!(limit["reset_after"], 0);
}

#[test]
fn the_bot_and_its_application_have_one_id() {
    let mut gateway = gateway();
    let (_, user) = call(&mut gateway, "GET", "/api/v10/users/@me", Some("Bot right"));
    let path = "/api/v10/oauth2/applications/@me";
    let (_, application) = call(&mut gateway, "GET", path, Some("Bot right"));
    assert_eq!(user["id"], gateway.world().bot().to_string());
    assert_eq!(user["bot"], true);
    assert_eq!(application["id"], user["id"]);
}

#[test]
fn wrong_calls_are_refused_and_a_missing_token_is_noted() {
    let mut gateway = gateway();
    assert_eq!(
        call(&mut gateway, "GET", "/api/v10/gateway/bot", None).0,
        401
    );
    assert_eq!(
        call(&mut gateway, "GET", "/api/v10/users/@me", Some("Bot wrong")).0,
        401
    );
    assert_eq!(call(&mut gateway, "POST", "/api/v10/gateway", None).0, 405);
    assert_eq!(call(&mut gateway, "GET", "/api/v10/nothing", None).0, 404);
    let rules: Vec<Rule> = gateway.violations().iter().map(|v| v.rule).collect();
    assert_eq!(rules, [Rule::Authorization, Rule::Authorization]);
    assert!(
        !gateway
            .violations()
            .iter()
            .any(|v| v.to_string().contains("wrong"))
    );
}

#[test]
fn a_guilds_members_come_in_pages_by_ascending_id() {
    let mut gateway = gateway();
    let guild = gateway.world().guilds().next().unwrap();
    let (id, ids) = (guild.id(), guild.member_ids().collect::<Vec<_>>());
    let first = gateway.world().member_json(id, ids[0]).unwrap();
    let mut get = |query: &str| {
        let path = format!("/api/v10/guilds/{id}/members{query}");
        call(&mut gateway, "GET", &path, Some("Bot right"))
    };
    let (status, one) = get("");
    assert_eq!((status, one.as_array().unwrap().len()), (200, 1));
    assert_eq!(one[0], serde_json::from_str::<Value>(&first).unwrap());
    let (mut after, mut found) = (0, Vec::new());
    loop {
        let (_, page) = get(&format!("?limit=20&after={after}"));
        let page: Vec<u64> = page.as_array().unwrap().iter().map(user_of).collect();
        assert!(page.len() <= 20);
        let Some(last) = page.last() else { break };
        after = *last;
        found.extend(page);
    }
    assert_eq!(found, ids);
    for wrong in ["?limit=0", "?limit=1001", "?limit=x", "?after=x"] {
        let (status, body) = get(wrong);
        assert_eq!((status, &body["code"]), (400, &50_035.into()), "{wrong}");
    }
}

fn user_of(member: &Value) -> u64 {
    member["user"]["id"].as_str().unwrap().parse().unwrap()
}

#[test]
fn what_bots_look_up_at_their_start_is_answered_under_every_prefix() {
    let mut gateway = gateway();
    let guild = gateway.world().guilds().nth(1).unwrap();
    let (id, user) = (guild.id(), guild.member_at(3).unwrap());
    let channel = guild.channel_ids().nth(2).unwrap();
    let bot = gateway.world().bot();
    for prefix in ["/api/v10", "/api/v9", "/api", ""] {
        let mut get = |path: String| {
            let (status, body) = call(
                &mut gateway,
                "GET",
                &format!("{prefix}{path}"),
                Some("Bot right"),
            );
            assert_eq!(status, 200, "{prefix}{path}");
            body
        };
        assert_eq!(
            get("/soundboard-default-sounds".into()),
            Value::Array(vec![])
        );
        assert_eq!(
            get(format!("/applications/{bot}/commands")),
            Value::Array(vec![])
        );
        let localized = format!("/applications/{bot}/commands?with_localizations=true");
        assert_eq!(get(localized), Value::Array(vec![]));
        let members = get(format!("/guilds/{id}/members?limit=1000"));
        assert_eq!(members.as_array().unwrap().len(), 50);
        assert_eq!(
            get(format!("/guilds/{id}/members/{user}"))["user"]["id"],
            user.to_string()
        );
        let found = get(format!("/channels/{channel}"));
        assert_eq!(found["id"], channel.to_string());
        assert_eq!(found["guild_id"], id.to_string());
        assert_eq!(get(format!("/users/{user}"))["id"], user.to_string());
        assert_eq!(get(format!("/users/{bot}"))["bot"], true);
    }
    assert!(gateway.violations().is_empty());
}

#[test]
fn what_does_not_exist_is_reported_by_its_code() {
    let mut gateway = gateway();
    let guild = gateway.world().guilds().next().unwrap().id();
    for (path, code) in [
        ("/guilds/1/members?limit=5".to_owned(), 10_004),
        ("/guilds/1/members/1".to_owned(), 10_004),
        (format!("/guilds/{guild}/members/1"), 10_007),
        ("/channels/1".to_owned(), 10_003),
        ("/users/1".to_owned(), 10_013),
    ] {
        let (status, body) = call(&mut gateway, "GET", &path, Some("Bot right"));
        assert_eq!((status, &body["code"]), (404, &code.into()), "{path}");
    }
    for (path, status) in [("/channels/x", 400), ("/applications/1/commands", 403)] {
        assert_eq!(call(&mut gateway, "GET", path, Some("Bot right")).0, status);
    }
    assert_eq!(call(&mut gateway, "GET", "/channels/1", None).0, 401);
    assert_eq!(
        call(&mut gateway, "DELETE", "/channels/1", Some("Bot right")).0,
        405
    );
}

#[test]
fn members_are_listed_only_with_their_intent_enabled() {
    let options = Options {
        granted: 0,
        ..Options::default()
    };
    let mut gateway = Gateway::new(options, 1);
    let guild = gateway.world().guilds().next().unwrap().id();
    let path = format!("/guilds/{guild}/members");
    let (status, body) = call(&mut gateway, "GET", &path, Some("Bot right"));
    assert_eq!((status, &body["code"]), (403, &50_001.into()));
}

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

//! HTTP replies.
use crate::client::{Client, TOKEN, http, options};
use headcount_sim::server::{Server, ServerConfig};

async fn start() -> Server {
    Server::start(options(), 7, ServerConfig::default())
        .await
        .unwrap()
}

#[tokio::test]
async fn the_gateway_names_its_own_url_as_json() {
    let server = start().await;
    for path in ["/api/v10/gateway", "/api/v9/gateway", "/api/gateway"] {
        let (head, body) = http(&server, &format!("GET {path} HTTP/1.1")).await;
        assert!(head.starts_with("HTTP/1.1 200 OK"), "{path}: {head}");
        let head = head.to_lowercase();
        assert!(
            head.lines()
                .any(|line| line == "content-type: application/json"),
            "{head}"
        );
        let url = body["url"].as_str().unwrap();
        assert_eq!(url.trim_end_matches('/'), server.ws_url());
    }
}

#[tokio::test]
async fn a_bot_asks_with_its_token() {
    let server = start().await;
    let ask = "GET /api/v10/gateway/bot HTTP/1.1\r\nAuthorization:";
    let (head, body) = http(&server, &format!("{ask} Bot {TOKEN}")).await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert_eq!(body["shards"], 1);
    assert!(body["session_start_limit"]["remaining"].as_u64().unwrap() > 0);
    let (head, _) = http(&server, &format!("{ask} Bot wrong")).await;
    assert!(head.starts_with("HTTP/1.1 401"), "{head}");
}

#[tokio::test]
async fn who_am_i_and_what_application_am_i() {
    let server = start().await;
    for path in ["/api/v10/users/@me", "/api/v10/oauth2/applications/@me"] {
        let request = format!("GET {path} HTTP/1.1\r\nAuthorization: Bot {TOKEN}");
        let (head, body) = http(&server, &request).await;
        assert!(head.starts_with("HTTP/1.1 200"), "{path}: {head}");
        assert!(body["id"].is_string(), "{path}: {body}");
        assert!(
            path.contains("oauth2") || body["mfa_enabled"] == true,
            "{body}"
        );
    }
    let (head, _) = http(
        &server,
        "POST /api/v10/nowhere HTTP/1.1\r\nContent-Length: 0",
    )
    .await;
    assert!(head.starts_with("HTTP/1.1 404"), "{head}");
}

#[tokio::test]
async fn members_are_looked_up_in_pages() {
    let server = start().await;
    let guild = server.inspect(|gateway| gateway.world().guilds().next().unwrap().id());
    let path = format!("/api/v10/guilds/{guild}/members?limit=2&after=1");
    let request = format!("GET {path} HTTP/1.1\r\nAuthorization: Bot {TOKEN}");
    let (head, body) = http(&server, &request).await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert_eq!(body.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn an_unknown_compression_is_reported_at_the_handshake() {
    let server = start().await;
    let error = Client::open(&server.ws_url(), "lz4", None)
        .await
        .err()
        .unwrap();
    assert!(error.to_string().contains("400"), "{error}");
}

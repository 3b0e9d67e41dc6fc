//! Identify, READY, guilds and chunks over each transport.
use crate::client::{Client, MEMBERS, TOKEN, options};
use headcount_sim::server::{Certificate, Cutting, Server, ServerConfig};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

async fn start(config: ServerConfig) -> Server {
    Server::start(options(), 7, config).await.unwrap()
}

/// Identifies as the only shard and counts the members of every guild; returns messages needed.
async fn roll_call(server: &Server, compress: &str, trusted: Option<&Certificate>) -> usize {
    let mut client = Client::open(&server.ws_url(), compress, trusted)
        .await
        .unwrap();
    assert_eq!(client.next().await.unwrap()["op"], 10);
    client.identify(TOKEN, [0, 1]).await;
    let ready = client.dispatch("READY").await;
    // What twilight's own user type asks for.
    assert_eq!(ready["user"]["mfa_enabled"], true);
    let guilds = ready["guilds"].as_array().unwrap().len();
    let mut expected = BTreeMap::new();
    let mut counted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    while expected.len() < guilds || counted.iter().any(|(id, m)| m.len() < expected[id]) {
        let payload = client.next().await.unwrap();
        let d = &payload["d"];
        match payload["t"].as_str() {
            Some("GUILD_CREATE") => {
                expected.insert(
                    d["id"].to_string(),
                    d["member_count"].as_u64().unwrap() as usize,
                );
                counted.entry(d["id"].to_string()).or_default();
                let all = json!({ "guild_id": d["id"], "query": "", "limit": 0 });
                client.send(8, all).await;
            }
            Some("GUILD_MEMBERS_CHUNK") => {
                let members = d["members"].as_array().unwrap();
                let ids = members
                    .iter()
                    .map(|member| member["user"]["id"].to_string());
                counted
                    .entry(d["guild_id"].to_string())
                    .or_default()
                    .extend(ids);
            }
            _ => {}
        }
    }
    assert_eq!(counted.values().map(BTreeSet::len).sum::<usize>(), MEMBERS);
    let messages = client.messages;
    client.close(1000).await;
    assert_eq!(server.violations(), []);
    messages
}

#[tokio::test]
async fn plain_text_counts_everyone() {
    let server = start(ServerConfig::default()).await;
    roll_call(&server, "", None).await;
}

#[tokio::test]
async fn zlib_stream_counts_everyone() {
    let server = start(ServerConfig::default()).await;
    roll_call(&server, "zlib-stream", None).await;
}

#[tokio::test]
async fn zlib_stream_may_be_cut_into_several_messages() {
    let whole = roll_call(&start(ServerConfig::default()).await, "zlib-stream", None).await;
    let config = ServerConfig {
        cutting: Cutting::Anywhere,
        ..ServerConfig::default()
    };
    assert!(roll_call(&start(config).await, "zlib-stream", None).await > whole);
}

#[tokio::test]
async fn zstd_stream_counts_everyone() {
    let server = start(ServerConfig::default()).await;
    roll_call(&server, "zstd-stream", None).await;
}

#[tokio::test]
async fn tls_works_for_who_trusts_the_certificate() {
    let server = start(ServerConfig {
        tls: true,
        ..ServerConfig::default()
    })
    .await;
    assert!(server.ws_url().starts_with("wss://127.0.0.1:"));
    let certificate = server.certificate().unwrap();
    assert!(certificate.pem().contains("BEGIN CERTIFICATE"));
    roll_call(&server, "zstd-stream", Some(certificate)).await;
}

#[tokio::test]
async fn etf_and_old_versions_are_closed_with_their_codes() {
    let server = start(ServerConfig::default()).await;
    assert_eq!(
        Client::closed_with(&server, "v=10&encoding=etf").await,
        Err(Some(4002))
    );
    assert_eq!(
        Client::closed_with(&server, "v=3&encoding=json").await,
        Err(Some(4012))
    );
}

//! Identify, READY, guilds and chunks over each transport.
use crate::client::{Client, TOKEN, options};
use headcount_sim::server::{Certificate, Cutting, Server, ServerConfig};
use serde_json::{Value, json};
use std::collections::BTreeSet;

async fn start(config: ServerConfig) -> Server {
    Server::start(options(), 7, config).await.unwrap()
}

/// Identifies as the only shard and counts the members of every guild; returns messages needed.
async fn roll_call(server: &Server, compress: &str, trusted: Option<&Certificate>) -> usize {
    let mut client = Client::open(&server.ws_url(), compress, trusted).await.unwrap();
    assert_eq!(client.next().await.unwrap()["op"], 10);
    client.identify(TOKEN, [0, 1]).await;
    let ready = client.dispatch("READY").await;
    let guilds = ready["guilds"].as_array().unwrap().len();
    assert!(guilds > 0);
    for _ in 0..guilds {
        let guild = client.dispatch("GUILD_CREATE").await;
        let held = count(&mut client, &guild["id"]).await;
        assert_eq!(held, guild["member_count"].as_u64().unwrap());
    }
    let messages = client.messages;
    client.close(1000).await;
    assert_eq!(server.violations(), []);
    messages
}

/// Asks for all members of a guild and counts them once each.
async fn count(client: &mut Client, guild: &Value) -> u64 {
    let d = json!({ "guild_id": guild, "query": "", "limit": 0, "nonce": "count" });
    client.send(8, d).await;
    let mut members = BTreeSet::new();
    let mut left = None;
    while left != Some(0) {
        let chunk = client.dispatch("GUILD_MEMBERS_CHUNK").await;
        assert_eq!(chunk["nonce"], "count");
        left = Some(left.unwrap_or(chunk["chunk_count"].as_u64().unwrap()) - 1);
        let ids = chunk["members"].as_array().unwrap().iter().map(|m| m["user"]["id"].to_string());
        members.extend(ids);
    }
    members.len() as u64
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
    let config = ServerConfig { cutting: Cutting::Random, ..ServerConfig::default() };
    assert!(roll_call(&start(config).await, "zlib-stream", None).await > whole);
}

#[tokio::test]
async fn zstd_stream_counts_everyone() {
    let server = start(ServerConfig::default()).await;
    roll_call(&server, "zstd-stream", None).await;
}

#[tokio::test]
async fn tls_works_for_who_trusts_the_certificate() {
    let server = start(ServerConfig { tls: true, ..ServerConfig::default() }).await;
    assert!(server.ws_url().starts_with("wss://127.0.0.1:"));
    let certificate = server.certificate().unwrap();
    assert!(certificate.pem().contains("BEGIN CERTIFICATE"));
    roll_call(&server, "zstd-stream", Some(certificate)).await;
}

#[tokio::test]
async fn etf_and_old_versions_are_closed_with_their_codes() {
    let server = start(ServerConfig::default()).await;
    assert_eq!(Client::closed_with(&server, "v=10&encoding=etf").await, Err(Some(4002)));
    assert_eq!(Client::closed_with(&server, "v=3&encoding=json").await, Err(Some(4012)));
}

//! The ways a connection can end or hang.
use crate::client::{Client, TOKEN, options};
use headcount_sim::act::{Act, Target};
use headcount_sim::server::{Flow, Happening, HostedServer, Server, ServerConfig};
use serde_json::Value;
use std::sync::{Arc, Mutex};
use std::time::Duration;

async fn open(server: &Server) -> Client {
    let mut client = Client::open(&server.ws_url(), "", None).await.unwrap();
    assert_eq!(client.next().await.unwrap()["op"], 10);
    client
}

#[tokio::test]
async fn the_server_closes_with_the_code_of_the_model() {
    let server = Server::start(options(), 7, ServerConfig::default())
        .await
        .unwrap();
    let mut client = open(&server).await;
    server.act(Act::Close(Target::All, 4000));
    assert_eq!(client.next().await, Err(Some(4000)));
}

#[tokio::test]
async fn a_cut_connection_ends_without_a_close_frame() {
    let server = Server::start(options(), 7, ServerConfig::default())
        .await
        .unwrap();
    let mut client = open(&server).await;
    server.cut_all();
    assert_eq!(client.next().await, Err(None));
}

#[tokio::test]
async fn a_mute_connection_says_nothing_until_it_flows_again() {
    let server = Server::start(options(), 7, ServerConfig::default())
        .await
        .unwrap();
    let mut client = open(&server).await;
    server.set_flow(Flow::Mute);
    client.send(1, Value::Null).await;
    let quiet = tokio::time::timeout(Duration::from_millis(50), client.next()).await;
    assert!(quiet.is_err(), "{quiet:?}");
    server.set_flow(Flow::Open);
    assert_eq!(client.next().await.unwrap()["op"], 11);
}

#[tokio::test]
async fn observers_see_what_happens() {
    let emitted = Arc::new(Mutex::new(Vec::new()));
    let lines = Arc::clone(&emitted);
    let observer = Box::new(move |_, happening: &Happening<'_>| {
        lines.lock().unwrap().push(happening.to_string());
    });
    let config = ServerConfig {
        observers: vec![observer],
        ..ServerConfig::default()
    };
    let server = Server::start(options(), 7, config).await.unwrap();
    open(&server).await.close(4321).await;
    let emitted = emitted.lock().unwrap();
    assert_eq!(
        emitted[0],
        "connection 1: opened on the base host, v=10&encoding=json"
    );
    assert_eq!(emitted[1], "connection 1: the client closed with 4321");
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut_when_too_much_waits() {
    let config = ServerConfig {
        waiting_limit: 1000,
        ..ServerConfig::default()
    };
    let server = Server::start(options(), 7, config).await.unwrap();
    let mut client = open(&server).await;
    server.set_flow(Flow::Frozen);
    client.identify(TOKEN, [0, 1]).await;
    server.set_flow(Flow::Mute);
    while client.next().await != Err(None) {}
}

#[tokio::test]
async fn a_stopped_server_drops_its_connections() {
    let server = Server::start(options(), 7, ServerConfig::default())
        .await
        .unwrap();
    let mut client = open(&server).await;
    server.stop().await;
    assert_eq!(client.next().await, Err(None));
}

#[test]
fn a_hosted_server_needs_no_runtime_of_its_caller() {
    let server = HostedServer::start(options(), 7, ServerConfig::default()).unwrap();
    let address = server.http_url().replace("http://", "");
    drop(std::net::TcpStream::connect(&address).unwrap());
    drop(server);
}

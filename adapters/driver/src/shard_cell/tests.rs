//! A shard that another owner had meanwhile.

use headcount_core::{Config, Intents, Token};

use super::*;

const HELLO: &str = r#"{"op":10,"d":{"heartbeat_interval":41250}}"#;
const READY: &str = r#"{"op":0,"t":"READY","s":1,"d":{"session_id":"5e55","guilds":[],
    "user":{"id":"1","username":"bot"},"resume_gateway_url":"wss://resume.example"}}"#;

/// Its last state here is older than what the other owner has recorded.
#[test]
fn what_a_shard_was_before_another_owner_is_not_recorded_until_it_begins() {
    let config = Config::new(Token::new("t"), Intents::GUILDS, ShardId::ONE);
    let cell = ShardCell::new(Shard::new(config, 1), 1_000, None);
    for input in [
        Input::Timeout,
        Input::Opened,
        Input::Payload(HELLO.as_bytes()),
        Input::Payload(READY.as_bytes()),
    ] {
        drop(cell.handle(Instant::from_millis(0), input));
    }
    let acknowledged = cell.acknowledged();
    assert_eq!(acknowledged.map(|at| at.sequence), Some(1));
    let session = cell.session();
    cell.stop(OnStop::Resume);
    for input in [Input::Timeout, Input::Closed(None)] {
        drop(cell.handle(Instant::from_millis(10_000), input));
    }
    assert_eq!(cell.acknowledged(), acknowledged, "it may be given back");
    cell.await_start();
    cell.inherit(ShardTenure::of(session));
    assert_eq!(cell.acknowledged(), None);
    cell.note_applied();
    assert_eq!(cell.applied(), acknowledged);
    let tenure = cell.begin_tenure();
    assert_eq!(cell.acknowledged(), None);
    assert_eq!(cell.applied(), None, "its rows are gone from the cache");
    let now = Instant::from_millis(20_000);
    cell.start(now, tenure, None).expect("it has ended");
    assert_eq!(cell.acknowledged(), acknowledged);
}

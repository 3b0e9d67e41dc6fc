//! The example `many`: owners and a Redis are killed, and no event is lost.
#![allow(missing_docs, reason = "tests")]

#[path = "../examples/server/mod.rs"]
mod server;

use std::path::Path;
use std::process::Command;

use serde_json::Value;

#[test]
fn no_event_is_lost_when_owners_and_the_redis_are_killed_and_one_stands_still() {
    // One is started, to see whether there is one.
    if server::Server::for_test(&[]).is_none() {
        return;
    }
    let test = std::env::current_exe().expect("a path");
    let target = test.parent().and_then(Path::parent).expect("target");
    let output = Command::new(target.join("examples").join("many"))
        .args(["--json", "--kills", "3", "--redis-kills", "2"])
        .args(["--pauses", "1"])
        .output()
        .expect("the example is built");
    let printed = String::from_utf8_lossy(&output.stdout);
    let account: Value = serde_json::from_str(&printed).expect("JSON");
    assert!(
        account["holds"] == true && output.status.success(),
        "{account:#}"
    );
    assert_eq!(account["owners_killed"], 3);
    assert_eq!(account["redis_emptied"], 1);
    assert_eq!(account["owners_paused"], 1, "by SIGSTOP, for 30 s");
    assert!(account["sent"].as_u64() > Some(1_000), "{account:#}");
    let takeover = account["takeover_seconds_p99"].as_f64();
    assert!(takeover < Some(15.0), "{account:#}");
}

//! Bots that are killed, each a process of its own.

use std::process::Command;

use serde_json::Value;

/// Ends bots in every way, with and without a gateway that forgets what a heartbeat acknowledges.
#[test]
fn a_killed_bot_loses_nothing_and_repeats_only_what_was_not_acknowledged() {
    let mut restarts = Command::new(env!("CARGO_BIN_EXE_restarts"));
    let members = "20000";
    restarts.args([
        "--kills",
        "6",
        "--trimming",
        "50",
        "--members",
        members,
        "--json",
    ]);
    let output = restarts.output().expect("it runs");
    let printed = String::from_utf8_lossy(&output.stdout);
    let accounts: Value = serde_json::from_str(&printed).expect("one object");
    assert_eq!(accounts["snapshot"]["members"], 20_000, "{accounts}");
    let during = &accounts["aimed"]["instants"]["during"];
    let during = during.as_object().expect("counts").values();
    let during: u64 = during.filter_map(Value::as_u64).sum();
    assert!(during > 0, "none fell into the writing: {accounts}");
    let ways = ["graceful", "killed", "slow", "aimed"];
    for way in ways {
        let account = &accounts[way];
        let whole = account["rows"]["whole_guilds"].as_u64();
        assert!(
            whole > Some(0),
            "the rows of no guild are compared: {account}"
        );
        let number = |key: &str| account[key].as_u64().expect("a number");
        assert_eq!(number("restarts"), 6);
        assert!(number("sent") > 60, "{way}: {account}");
        let wrong = ["lost", "out_of_order", "guilds_never_ready"].map(number);
        assert_eq!(wrong, [0; 3], "{way}: {account}");
        assert!(number("warm") > 0, "{way}: {account}");
        assert_eq!(number("sessions"), 2, "each gateway has one: {account}");
        // A machine that is busy with other tests records late.
        let may = 2 * number("doubled_allowed");
        assert!(number("doubled") <= may, "{way}: {account}");
        assert!(way != "graceful" || may == 0, "{account}");
        assert!(
            account["trimming"]["heartbeats"].as_u64() > Some(0),
            "{account}"
        );
        assert_eq!(account["broken_rules"], Value::Array(Vec::new()));
        assert_eq!(account["rows"]["wrong"], Value::Array(Vec::new()));
    }
}

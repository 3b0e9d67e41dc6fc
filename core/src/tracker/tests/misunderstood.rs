//! Dispatches that cannot be read, or not what they are about.

use super::*;

#[test]
fn what_is_no_json_changes_nothing_and_is_not_delivered() {
    let mut scenario = Scenario::new(AutoChunk::All, None);
    scenario.ready(&[10]);
    scenario.emitted();
    let before = scenario.tracker.readiness();
    for (count, data) in ["{", r#"{"id":"10""#, r#"{"a":[}"#].into_iter().enumerate() {
        scenario.dispatch("GUILD_CREATE", data);
        assert_eq!(scenario.emitted(), [format!("misunderstood {}", count + 1)]);
        assert_eq!(scenario.tracker.readiness(), before);
    }
    scenario.dispatch("NO_SUCH_EVENT", "null");
    assert_eq!(scenario.emitted(), ["NO_SUCH_EVENT 5"]);
}

#[test]
fn a_dispatch_without_its_subject_is_delivered_and_changes_nothing() {
    let mut scenario = Scenario::new(AutoChunk::All, None);
    scenario.ready(&[10]);
    scenario.emitted();
    let before = scenario.tracker.readiness();
    for (count, (name, data)) in [
        ("GUILD_CREATE", "[]"),
        ("GUILD_CREATE", r#"{"id":"0"}"#),
        ("GUILD_DELETE", r#"{"id":10.5}"#),
        ("GUILD_MEMBERS_CHUNK", r#"{"guild_id":"x","members":{}}"#),
        ("RATE_LIMITED", r#"{"opcode":8,"retry_after":-1,"meta":{}}"#),
        ("MESSAGE_CREATE", r#"{"id":"5"}"#),
        ("READY", "null"),
    ]
    .into_iter()
    .enumerate()
    {
        scenario.dispatch(name, data);
        let emitted = [
            format!("{name} {}", count + 2),
            format!("misunderstood {}", count + 1),
        ];
        assert_eq!(scenario.emitted(), emitted);
        assert_eq!(scenario.tracker.readiness(), before);
    }
}

//! Every name that twilight has an event for is read as that event.
#![allow(missing_docs, reason = "tests")]

use std::collections::BTreeSet;

use headcount_core::Dispatch;
use headcount_core::wire::Name;
use headcount_twilight::Typed;
use twilight_model::gateway::event::{DispatchEvent, EventType};

/// Those of twilight's words for events that are no names of dispatches.
const NO_NAMES: [&str; 7] = [
    "GATEWAY_CLOSE",
    "GATEWAY_HEARTBEAT",
    "GATEWAY_HEARTBEAT_ACK",
    "GATEWAY_HELLO",
    "GATEWAY_INVALIDATE_SESSION",
    "GATEWAY_RECONNECT",
    "UNAVAILABLE_GUILD",
];

/// The names of dispatches that twilight knows: serde lists them when it is asked for another one.
fn names() -> BTreeSet<String> {
    let refused = serde_json::from_str::<EventType>("\"?\"").expect_err("no such name");
    let text = refused.to_string();
    let words = text.split('`').skip(3).step_by(2).map(str::to_owned);
    let all: BTreeSet<String> = words.collect();
    assert!(NO_NAMES.iter().all(|no| all.contains(*no)), "{text}");
    all.into_iter()
        .filter(|name| !NO_NAMES.contains(&name.as_str()))
        .collect()
}

#[test]
fn no_name_that_twilight_has_an_event_for_is_refused_as_unknown() {
    let names = names();
    assert!(names.len() > 65, "{names:?}");
    for name in &names {
        let typed = Dispatch::new(name, Some(1), "null").typed();
        let reason = typed.map_or_else(|error| error.to_string(), |event| format!("{event:?}"));
        assert!(!reason.contains("unknown variant"), "{reason}");
    }
}

#[test]
fn the_core_knows_every_name_that_twilight_knows() {
    for name in names() {
        assert_ne!(Name::from_wire(&name), Name::Unknown, "{name}");
    }
}

#[test]
fn entitlements_that_change_and_end_are_read() {
    let data = r#"{"id":"1","application_id":"2","sku_id":"3","user_id":"4","type":8,
        "deleted":false,"consumed":true,"starts_at":null,"ends_at":null}"#;
    let typed = |name| Dispatch::new(name, Some(1), data).typed().expect(name);
    let DispatchEvent::EntitlementUpdate(update) = typed("ENTITLEMENT_UPDATE") else {
        panic!("another event");
    };
    let DispatchEvent::EntitlementDelete(delete) = typed("ENTITLEMENT_DELETE") else {
        panic!("another event");
    };
    assert_eq!((update.0.id.get(), delete.0.sku_id.get()), (1, 3));
}

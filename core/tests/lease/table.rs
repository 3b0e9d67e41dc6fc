//! What a store has to do, and settings that do not fit together.

use std::time::Duration;

use headcount_core::fleet::lease::{
    Epoch, Expected, LeaseConfig, LeaseEntry, LeaseKey, LeaseTable, ProcessId, Swap, Swapped,
};

fn swap(expected: Expected, value: Option<&[u8]>) -> Swap {
    Swap {
        ticket: 1,
        key: LeaseKey::Identifies,
        expected,
        holder: ProcessId::new(7),
        floor: 0,
        lease: Duration::from_secs(10),
        value: value.map(Box::from),
        with_value: true,
    }
}

fn done(swapped: Swapped) -> LeaseEntry {
    match swapped {
        Swapped::Done(entry) => entry,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_entry_is_written_only_as_expected_and_looked_at_in_any_case() {
    let mut table = LeaseTable::new();
    assert_eq!(
        table.swap(5, &swap(Expected::Never, Some(b"a"))),
        Swapped::Refused(None)
    );
    let first = done(table.swap(5, &swap(Expected::Nothing, Some(b"a"))));
    assert_eq!((first.until, &*first.value), (10_005, &b"a"[..]));
    let refused = table.swap(6, &swap(Expected::Nothing, Some(b"b")));
    assert_eq!(refused, Swapped::Refused(Some(first.clone())));
    let kept = done(table.swap(7, &swap(Expected::Written(first.epoch), None)));
    assert_eq!(&*kept.value, b"a");
    assert!(kept.epoch > first.epoch);
    let refused = table.swap(8, &swap(Expected::Written(first.epoch), Some(b"c")));
    assert_eq!(refused, Swapped::Refused(Some(kept)));
}

#[test]
fn an_epoch_is_above_the_last_the_time_and_what_its_process_knows() {
    let mut table = LeaseTable::new();
    let number = |swapped| done(swapped).epoch.number;
    assert_eq!(
        number(table.swap(1_000, &swap(Expected::Nothing, None))),
        1_000
    );
    let written = |number| {
        let (holder, ticket) = (ProcessId::new(7), 1);
        Expected::Written(Epoch {
            number,
            holder,
            ticket,
        })
    };
    assert_eq!(number(table.swap(10, &swap(written(1_000), None))), 1_001);
    let mut above = swap(written(1_001), None);
    above.floor = 5_000;
    assert_eq!(number(table.swap(20, &above)), 5_000);
    table.put_back(LeaseKey::Identifies, None);
    above.expected = Expected::Nothing;
    assert_eq!(
        number(table.swap(30, &above)),
        5_000,
        "a new table begins no lower"
    );
}

#[test]
fn settings_that_do_not_fit_together_are_named() {
    let named = |change: fn(&mut LeaseConfig)| {
        let mut config = LeaseConfig::default();
        change(&mut config);
        config.check().map_err(|error| error.setting().to_owned())
    };
    assert_eq!(named(|_| {}), Ok(()));
    let refused = |name: &str| Err(name.to_owned());
    assert_eq!(named(|it| it.look = Duration::ZERO), refused("look"));
    assert_eq!(
        named(|it| it.lease = Duration::from_secs(6)),
        refused("lease")
    );
    assert_eq!(
        named(|it| it.hold = Duration::from_secs(6)),
        refused("hold")
    );
    assert_eq!(
        named(|it| it.spacing = Duration::from_secs(1)),
        refused("spacing")
    );
}

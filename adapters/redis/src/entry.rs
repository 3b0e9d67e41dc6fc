//! An entry of the table, as Redis has it.

use std::time::Duration;

use headcount_core::fleet::lease::{Epoch, LeaseEntry, ProcessId};

/// The fields of an entry but for its value, in the order in which they are asked for.
pub(crate) const FIELDS: [&str; 6] = ["version", "number", "holder", "ticket", "until", "lease"];

const VERSION: u64 = 1;

/// No number of an epoch is higher: scripts count in doubles, which are exact up to 2^53, and each
/// writing is higher than those before. Milliseconds since 1970 get there in 285,000 years.
const HIGHEST: u64 = (1 << 53) - (1 << 20);

/// Reads the fields of an entry, and its value if it was asked for.
///
/// The outer option is `None` if it is not understood, the inner one if there is no entry.
pub(crate) fn read(fields: &mut Vec<Option<Vec<u8>>>) -> Option<Option<LeaseEntry>> {
    if fields.len() < FIELDS.len() {
        return None;
    }
    let value = if fields.len() > FIELDS.len() {
        fields.pop()?
    } else {
        None
    };
    if fields.iter().all(Option::is_none) {
        return Some(None);
    }
    let numbers: Option<Vec<u64>> = fields
        .iter()
        .map(|field| number(field.as_deref()?))
        .collect();
    let [version, number, holder, ticket, until, lease] = numbers?.try_into().ok()?;
    let epoch = Epoch {
        number,
        holder: ProcessId::new(holder),
        ticket,
    };
    (version == VERSION && number <= HIGHEST).then(|| {
        Some(LeaseEntry {
            epoch,
            until,
            lease: Duration::from_millis(lease),
            value: value.unwrap_or_default().into(),
        })
    })
}

fn number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(of: &[&str]) -> Vec<Option<Vec<u8>>> {
        of.iter()
            .map(|text| Some(text.as_bytes().to_vec()))
            .collect()
    }

    #[test]
    fn an_entry_is_read_whole_or_not_at_all() {
        let whole = [
            "1",
            "5",
            "18446744073709551615",
            "3",
            "10005",
            "10000",
            "value",
        ];
        let entry = read(&mut fields(&whole)).unwrap().unwrap();
        assert_eq!(entry.epoch.holder, ProcessId::new(u64::MAX));
        assert_eq!((entry.until, &*entry.value), (10_005, &b"value"[..]));
        let without = read(&mut fields(&whole[..6])).unwrap().unwrap();
        assert!(without.value.is_empty());
        assert_eq!(read(&mut vec![None; 7]), Some(None));
        assert_eq!(read(&mut fields(&whole[..5])), None);
        for at in 0..6 {
            for odd in ["", "x", "-1", "2.5"] {
                let mut changed = whole;
                changed[at] = odd;
                assert_eq!(read(&mut fields(&changed)), None, "{at} {odd}");
            }
            let mut missing = fields(&whole);
            missing[at] = None;
            assert_eq!(read(&mut missing), None);
        }
        let mut newer = whole;
        newer[0] = "2";
        assert_eq!(read(&mut fields(&newer)), None);
        let mut wrong = whole;
        wrong[1] = "9007199253692416";
        assert!(read(&mut fields(&wrong)).is_some());
        wrong[1] = "9007199253692417";
        assert_eq!(
            read(&mut fields(&wrong)),
            None,
            "it can be counted up no more"
        );
    }
}

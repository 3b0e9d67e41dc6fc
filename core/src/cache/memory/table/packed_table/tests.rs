//! A packed table against a map, and what becomes of its room.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::vec;

proptest! {
    #[test]
    fn a_packed_table_is_a_map(
        steps in prop::collection::vec((0..4_u8, 1..60_u64, 0..90_usize), 0..400),
    ) {
        let mut table = PackedTable::new(Mixer::new(3));
        let mut map: BTreeMap<u64, Vec<u8>> = BTreeMap::new();
        for (step, key, length) in steps {
            let (head, record) = ([7], vec![key as u8; length * length / 7]);
            let whole = [&head[..], &record].concat();
            if (step, length) == (0, key as usize) {
                table.retain(|key, _| key % 3 != 0);
                map.retain(|key, _| key % 3 != 0);
            }
            match (step, table.find(key)) {
                (0, Some(found)) => {
                    table.remove(found);
                    map.remove(&key);
                }
                (0, None) => prop_assert!(!map.contains_key(&key)),
                (3, Some(found)) => {
                    table.rewrite_often(found, &whole);
                    map.insert(key, whole);
                }
                (_, Some(found)) => {
                    table.rewrite(found, &head, &record);
                    map.insert(key, whole);
                }
                (_, None) => {
                    table.insert(key, &head, &record);
                    prop_assert_eq!(map.insert(key, whole), None);
                }
            }
            prop_assert_eq!(table.len(), map.len());
        }
        let (all, copy): (Vec<_>, _) = (table.iter().collect(), table.copied());
        prop_assert_eq!(copy.len(), all.len());
        for passed in 0..=all.len() {
            let rest: Vec<_> = copy.iter_from(passed).collect();
            prop_assert_eq!(&rest, &all[passed..]);
        }
        let mut rows: Vec<_> = table.iter().collect();
        rows.sort_unstable();
        prop_assert_eq!(rows.len(), map.len());
        for ((key, row), (&wanted, whole)) in rows.into_iter().zip(&map) {
            let (front, zeros) = row.split_at(whole.len());
            prop_assert_eq!((key, front), (wanted, &whole[..]));
            prop_assert!(zeros.iter().all(|&zero| zero == 0));
        }
    }
}

#[test]
fn room_is_given_back_and_a_sweep_keeps_the_rest() {
    let mut table = PackedTable::new(Mixer::new(1));
    let count = 60_000_u64;
    for key in 1..=count {
        table.insert(key, &[1], &vec![9; (key % 40) as usize]);
    }
    let full = table.bytes();
    assert!(full < count as usize * 50, "{full}");
    let mut gone = 0;
    table.sweep(|key, _| key % 2 == 0, |key, _| gone += key % 2);
    assert_eq!((gone, table.len()), (count / 2, 30_000));
    assert!(table.contains(2) && !table.contains(3));
    assert!(table.bytes() < full * 3 / 4);
    table.sweep(|key, _| key <= 10, |_, _| ());
    assert_eq!(table.len(), 5);
    assert!(table.contains(10) && !table.contains(12));
    assert!(table.bytes() < full / 20, "{} of {full}", table.bytes());
    for key in [2, 4, 6, 8, 10] {
        table.remove(table.find(key).unwrap());
    }
    assert_eq!(table.bytes(), 0);
}

#[test]
fn a_few_rows_take_little_more_than_they_are() {
    for count in [1, 5, 20] {
        let mut table = PackedTable::new(Mixer::new(1));
        let lengths = (1..=count).map(|key: u64| (key, 40 + (key as usize * 37) % 150));
        let mut sum = 0;
        for (key, length) in lengths {
            table.insert(key, &[1], &vec![9; length]);
            sum += length + 11;
        }
        assert!(
            table.bytes() <= sum + sum / 8,
            "{} for {sum}",
            table.bytes()
        );
    }
}

#[test]
fn of_many_rows_that_left_nothing_of_note_stays() {
    let rows = |table: &mut PackedTable, keys: std::ops::Range<u64>| {
        keys.for_each(|key| table.insert(key, &[], &vec![1; (key % 40) as usize * 4]));
    };
    let mut table = PackedTable::new(Mixer::new(1));
    rows(&mut table, 1..8_000);
    let before = table.bytes();
    rows(&mut table, 8_000..80_000);
    for key in 8_000..80_000 {
        table.remove(table.find(key).unwrap());
    }
    assert!(table.bytes() < before * 2, "{} of {before}", table.bytes());
}

#[test]
fn a_row_that_is_often_another_size_takes_at_most_twice_the_room() {
    let mut table = PackedTable::new(Mixer::new(1));
    let sizes = |round: usize| {
        (1..=2_000).map(move |key: u64| (key, (key as usize * 7 + round * 31) % 190))
    };
    sizes(0).for_each(|(key, length)| table.insert(key, &[], &vec![1; length]));
    let fresh = table.bytes();
    for round in 1..20 {
        for (key, length) in sizes(round) {
            let found = table.find(key).unwrap();
            table.rewrite_often(found, &vec![1; length]);
            let room = table.at(table.find(key).unwrap()).len();
            assert!(room >= length && room + 8 <= (2 * (length + 8) + 1).max(12));
        }
    }
    assert!(table.bytes() < 2 * fresh, "{} of {fresh}", table.bytes());
}

#[test]
fn a_row_that_comes_and_goes_frees_nothing_of_note() {
    let mut table = PackedTable::new(Mixer::new(1));
    (1..=3000).for_each(|key| table.insert(key, &[], &[5; 20]));
    let before = table.bytes();
    table.insert(3001, &[], &[5; 20]);
    let with = table.bytes();
    table.remove(table.find(3001).unwrap());
    assert!(table.bytes() == before || table.bytes() == with);
}

#[test]
fn a_table_is_taken_apart_row_by_row() {
    for count in [0, 20, 3_000, 60_000] {
        let mut table = PackedTable::new(Mixer::new(1));
        (1..=count).for_each(|key| table.insert(key, &[], &vec![1; key as usize % 90]));
        let mut keys = Vec::new();
        loop {
            let before = keys.len();
            let some = table.take_apart(100, &mut keys);
            assert!(keys.len() - before <= 100);
            if !some {
                break;
            }
        }
        keys.sort_unstable();
        assert_eq!((keys, table.bytes()), ((1..=count).collect(), 0));
    }
}

/// Walks over the rows in parts, and lets `change` at the table between them; which keys came.
fn walked(table: &mut PackedTable, change: impl Fn(&mut PackedTable, u64)) -> Vec<u64> {
    let (mut from, mut round, mut keys) = (0, 0, Vec::new());
    loop {
        let (rows, next) = table.part(from, 500);
        keys.extend(rows.map(|(key, _)| key));
        let Some(next) = next else { return keys };
        assert!(next > from);
        from = next;
        change(table, round);
        round += 1;
    }
}

#[test]
fn whoever_is_there_all_the_while_comes_once_in_a_walk() {
    let fill = |table: &mut PackedTable, keys: std::ops::Range<u64>| {
        keys.for_each(|key| table.insert(key, &[], &[1; 30]));
    };
    let remove = |table: &mut PackedTable, keys: std::ops::Range<u64>| {
        keys.for_each(|key| {
            if let Some(found) = table.find(key) {
                table.remove(found);
            }
        });
    };
    // So many rows at first, of which the first ones stay; and what happens after each part.
    type Change<'a> = &'a dyn Fn(&mut PackedTable, u64);
    let cases: [(u64, u64, Change<'_>); 5] = [
        (20, 20, &|_, _| ()),
        (60_000, 60_000, &|table, round| {
            (1..=1_000).for_each(|key| {
                let found = table.find(key * 7 + round % 7).unwrap();
                table.rewrite(found, &[], &vec![2; 40 + (round % 90) as usize]);
            });
        }),
        (15_000, 15_000, &|table, round| {
            fill(table, 100_000 + round * 3_000..103_000 + round * 3_000);
        }),
        (60_000, 20, &|table, round| {
            remove(table, 21 + round * 3_000..3_021 + round * 3_000);
        }),
        (60_000, 3_000, &|table, round| {
            remove(table, 3_001 + round * 3_000..6_001 + round * 3_000);
            fill(table, 200_000 + round * 100..200_100 + round * 100);
        }),
    ];
    for (count, stay, change) in cases {
        let mut table = PackedTable::new(Mixer::new(1));
        fill(&mut table, 1..count + 1);
        let mut keys = walked(&mut table, change);
        keys.retain(|key| *key <= stay);
        keys.sort_unstable();
        assert!(
            keys.iter().copied().eq(1..=stay),
            "{count} {stay}: {}",
            keys.len()
        );
    }
}

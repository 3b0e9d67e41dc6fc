use super::*;

fn guild(number: u64) -> Option<GuildId> {
    GuildId::new(number)
}

fn member(number: u64) -> Removed {
    Removed::Member(UserId::new(number).unwrap())
}

#[test]
fn a_mark_is_there_until_it_is_cleared_or_the_oldest() {
    let mut marks = Tombstones::new(2, 7);
    assert!(marks.mark(guild(1), member(1)));
    assert!(!marks.mark(guild(1), member(1)), "already marked");
    assert!(marks.mark(guild(2), member(1)));
    assert!(marks.mark(guild(2), member(2)));
    assert!(!marks.any_in(guild(1)), "the oldest of three");
    assert!(marks.clear(guild(2), member(1)) && !marks.clear(guild(2), member(1)));
    assert!(!marks.contains(guild(2), member(1)) && marks.contains(guild(2), member(2)));
    marks.clear_guild(GuildId::new(2).unwrap());
    assert!(marks.export().is_empty() && !marks.any_in(guild(2)));
}

#[test]
fn whatever_is_marked_and_cleared_the_bound_holds_and_nothing_else_grows() {
    let mut marks = Tombstones::new(100, 7);
    for number in 1..10_000_u64 {
        marks.mark(guild(number % 7 + 1), member(number % 501 + 1));
        let nonce = Nonce::new(&std::format!("n{number}")).unwrap();
        marks.request_sent(GuildId::new(number % 7 + 1).unwrap(), nonce);
        marks.clear(guild(number % 5 + 1), member(number % 301 + 1));
        let held: usize = marks.guilds.values().map(|own| own.count).sum();
        assert!(marks.order.capacity() <= 100 && held == marks.places.len());
        assert_eq!(held, marks.order.iter().flatten().count());
        assert!(marks.requests.len() <= 100);
        assert!(marks.guilds.values().all(|own| own.count > 0));
    }
    marks.clear_all();
    assert!(marks.guilds.is_empty() && marks.requests.is_empty());
}

#[test]
fn the_marks_of_private_channels_are_those_of_no_guild() {
    let mut marks = Tombstones::new(10, 7);
    let channel = Removed::Channel(ChannelId::new(4).unwrap());
    marks.mark(None, channel);
    assert!(marks.contains(None, channel) && !marks.any_in(guild(1)));
}

#[test]
fn what_is_restored_is_what_was_exported() {
    let mut marks = Tombstones::new(10, 7);
    for number in [3, 1, 2] {
        marks.mark(guild(number), member(number));
    }
    marks.mark(None, Removed::Channel(ChannelId::new(4).unwrap()));
    assert_eq!(marks.export().len(), 4);
    let mut other = Tombstones::new(10, 8);
    other.restore(&marks.export());
    assert_eq!(other.export(), marks.export());
    let mut small = Tombstones::new(4, 8);
    small.restore(&marks.export());
    assert_eq!(small.export(), marks.export()[2..]);
}

#[test]
fn an_export_that_names_a_row_which_came_again_is_outdated_whatever_was_forgotten() {
    let mut rng = crate::rng::Rng::new(5);
    let mut marks = Tombstones::new(8, 7);
    let (mut exported, mut outdated) = (marks.export(), marks.outdated());
    let (mut come, mut times) = (Vec::new(), 0);
    for _ in 0..20_000 {
        let user = member(rng.next_u64() % 24 + 1);
        match rng.next_u64() % 4 {
            0 if marks.clear(guild(1), user) || !marks.contains(guild(1), user) => {
                come.push(user);
            }
            0 => {}
            _ => {
                come.retain(|one| *one != user);
                marks.mark(guild(1), user);
            }
        }
        if marks.outdated() != outdated {
            times += 1;
            come.clear();
            (exported, outdated) = (marks.export(), marks.outdated());
        }
        assert!(exported.iter().all(|mark| !come.contains(&mark.removed)));
    }
    assert!(times < 15_000, "{times}");
}

#[test]
fn an_answer_knows_of_the_removals_before_its_request() {
    let mut marks = Tombstones::new(10, 7);
    let own = GuildId::new(1).unwrap();
    let nonce = |text| Nonce::new(text).unwrap();
    marks.request_sent(own, nonce("a"));
    marks.mark(Some(own), member(1));
    marks.request_sent(own, nonce("b"));
    marks.mark(Some(own), member(2));
    let unknown = |text| {
        let seen = marks.seen_by(own, text);
        [1, 2].map(|number| marks.contains_since(own, member(number), seen))
    };
    assert_eq!(unknown(Some("a")), [true, true]);
    assert_eq!(unknown(Some("b")), [false, true]);
    assert_eq!(unknown(Some("theirs")), [true, true]);
    assert_eq!(unknown(None), [true, true]);
    assert_eq!(marks.seen_by(GuildId::new(2).unwrap(), Some("b")), 0);
}

#[test]
fn a_request_to_which_every_mark_is_news_is_forgotten() {
    let mut marks = Tombstones::new(10, 7);
    let own = GuildId::new(1).unwrap();
    for (number, text) in [(1, "a"), (2, "b")] {
        marks.mark(Some(own), member(number));
        marks.request_sent(own, Nonce::new(text).unwrap());
    }
    marks.clear(Some(own), member(1));
    assert_eq!(marks.requests.len(), 1);
    marks.clear(Some(own), member(2));
    assert!(marks.requests.is_empty());
}

#[test]
fn a_row_is_marked_if_one_of_the_last_removals_was_its_own_and_it_has_not_come_again() {
    let mut rng = crate::rng::Rng::new(9);
    let mut below = |most: u64| rng.next_u64() % most;
    let mut marks = Tombstones::new(20, 7);
    let mut all: Vec<Option<(u64, Removed)>> = Vec::new();
    for _ in 0..20_000 {
        let own = below(3) + 1;
        let row = match below(4) {
            0 => Removed::Role(RoleId::new(below(5) + 1).unwrap()),
            _ => member(below(12) + 1),
        };
        let last = all.len().saturating_sub(20);
        let same = all.iter_mut().skip(last);
        let earlier = same.filter(|one| **one == Some((own, row)));
        let was_marked = earlier.map(|one| *one = None).count() > 0;
        match below(20) {
            0 => {
                marks.clear_guild(GuildId::new(own).unwrap());
                let gone = |one: &&mut Option<_>| one.is_some_and(|(guild, _)| guild == own);
                all.iter_mut().filter(gone).for_each(|one| *one = None);
            }
            1..8 => assert_eq!(marks.clear(guild(own), row), was_marked),
            _ => {
                assert_eq!(marks.mark(guild(own), row), !was_marked);
                all.push(Some((own, row)));
            }
        }
        let last = || all.iter().enumerate().skip(all.len().saturating_sub(20));
        for (place, (own, row)) in last().filter_map(|(place, one)| Some((place, (*one)?))) {
            assert_eq!(marks.at(guild(own), row), Some(place as u64 + 1));
        }
        for own in 1..4 {
            let here = last().filter_map(|(_, one)| one.filter(|(guild, _)| *guild == own));
            assert_eq!(marks.any_in(guild(own)), here.clone().count() > 0);
            let mut roles: Vec<Removed> = here.map(|(_, row)| row).collect();
            roles.retain(|row| matches!(row, Removed::Role(_)));
            let marked = marks.roles(GuildId::new(own).unwrap()).map(Removed::Role);
            let marked: Vec<Removed> = marked.collect();
            assert!(marked.len() == roles.len() && marked.iter().all(|one| roles.contains(one)));
        }
    }
}

#[test]
fn many_marks_take_some_forty_bytes_each() {
    let mut marks = Tombstones::new(10_000, 7);
    for number in 1..=100_000 {
        marks.mark(guild(1), member(number));
    }
    assert!(marks.order.capacity() <= 10_000);
    let bytes = marks.order.capacity() * size_of::<Option<Tombstone>>() + marks.places.bytes();
    assert!(bytes < 45 * 10_000, "{bytes}");
    (90_001..=99_999).for_each(|number| assert!(marks.clear(guild(1), member(number))));
    assert!(marks.contains(guild(1), member(100_000)) && marks.order.len() == 1);
    assert!(marks.places.bytes() < 1_000);
}

#[cfg(feature = "checkpoint")]
#[test]
fn a_checkpoint_keeps_when_each_row_was_removed() {
    let mut marks = Tombstones::new(10, 7);
    for number in 1..=14 {
        marks.mark(guild(number % 3 + 1), member(number));
    }
    for number in [5, 8, 14] {
        marks.clear(guild(number % 3 + 1), member(number));
    }
    let saved = serde_json::to_string(&marks).unwrap();
    let mut again: Tombstones = serde_json::from_str(&saved).unwrap();
    assert_eq!(serde_json::to_string(&again).unwrap(), saved);
    for number in 15..30 {
        let all = 1..30;
        for other in all {
            let own = guild(other % 3 + 1);
            assert_eq!(again.at(own, member(other)), marks.at(own, member(other)));
        }
        for marks in [&mut marks, &mut again] {
            marks.mark(guild(number % 3 + 1), member(number));
        }
    }
    let hostile = saved.replace("\"bound\":10", "\"bound\":18446744073709551615");
    let hostile = hostile.replace("\"removals\":14", "\"removals\":18446744073709551615");
    assert_ne!(hostile, saved);
    let mut many: Tombstones = serde_json::from_str(&hostile).unwrap();
    assert!(many.is_empty() && many.mark(guild(1), member(1)));
}

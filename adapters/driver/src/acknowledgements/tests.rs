//! Events that are under way, and dealt with in any order.

use headcount_core::ShardId;
use headcount_core::event::GapCause;

use super::*;

fn at(session: u64, sequence: u64) -> Position {
    Position {
        shard: ShardId::ONE,
        session,
        sequence,
    }
}

#[test]
fn events_count_once_all_before_them_do() {
    let all = Arc::new(Acknowledgements::new(Arc::default(), 8));
    assert!(
        all.open(HangsOn::Itself, None).is_none(),
        "without a session nothing comes again"
    );
    all.move_to(at(1, 5), 0);
    let first = all.open(HangsOn::Itself, Some(5)).unwrap();
    let follows = all.open(HangsOn::Dispatch, None).unwrap();
    all.move_to(at(1, 6), 0);
    let second = all.open(HangsOn::Itself, Some(6)).unwrap();
    second.done();
    first.done();
    all.settle(Instant::ZERO);
    assert_eq!(all.acknowledged(), Some(at(1, 4)));
    follows.done();
    assert_eq!(all.acknowledged(), Some(at(1, 6)));
}

#[test]
fn an_event_that_was_held_in_another_session_hangs_on_nothing_in_this_one() {
    let all = Arc::new(Acknowledgements::new(Arc::default(), 8));
    all.move_to(at(1, 9), 0);
    all.move_to(at(2, 1), 0);
    assert!(all.open(HangsOn::Itself, Some(9)).is_none());
    all.settle(Instant::ZERO);
    assert_eq!(all.acknowledged(), Some(at(2, 1)));
}

#[test]
fn what_every_process_emits_anew_holds_up_nothing() {
    let all = Arc::new(Acknowledgements::new(Arc::default(), 8));
    all.move_to(at(1, 5), 0);
    let dispatch = all.open(HangsOn::Itself, Some(5)).unwrap();
    let summary = all.open(HangsOn::Nothing, None).unwrap();
    assert_eq!(summary.position(), at(1, 5));
    dispatch.done();
    assert_eq!(all.acknowledged(), Some(at(1, 5)));
    summary.done();
    assert_eq!(all.acknowledged(), Some(at(1, 5)));
}

#[test]
fn what_leads_to_no_event_is_passed_once_nothing_more_can_come_of_it() {
    let all = Arc::new(Acknowledgements::new(Arc::default(), 8));
    all.move_to(at(1, 5), 0);
    all.move_to(at(1, 6), 0);
    assert_eq!(all.acknowledged(), Some(at(1, 5)));
    all.settle(Instant::ZERO);
    assert_eq!(all.acknowledged(), Some(at(1, 6)));
}

#[test]
fn a_mark_that_is_dropped_leaves_its_event_open() {
    let all = Arc::new(Acknowledgements::new(Arc::default(), 8));
    all.move_to(at(1, 5), 0);
    drop(all.open(HangsOn::Dispatch, None));
    assert_eq!(all.acknowledged(), Some(at(1, 4)));
}

#[test]
fn events_of_a_session_that_is_gone_hold_up_no_other() {
    let all = Arc::new(Acknowledgements::new(Arc::default(), 8));
    all.move_to(at(1, 500), 0);
    let old = all.open(HangsOn::Dispatch, None).unwrap();
    all.move_to(at(2, 1), 0);
    assert_eq!(all.acknowledged(), Some(at(2, 1)));
    let _new = all.open(HangsOn::Itself, Some(1));
    old.done();
    assert_eq!(all.acknowledged(), Some(at(2, 0)));
}

fn session(digest_of: &str, sequence: u64) -> Session {
    let id = digest_of;
    let text = format!(
        r#"{{"version":1,"shard":[0,1],"intents":1,"id":"{id}","sequence":{sequence},
        "url":null,"guilds":{{"arrived":[],"expected":[],"away":[]}}}}"#
    );
    serde_json::from_str(&text).expect("a session")
}

/// The gaps that go to the next process.
fn gaps(all: &Acknowledgements, session: &Session) -> Vec<(u64, Option<u64>, GapCause)> {
    let kept = all.to_hand_over(session.clone());
    let gaps = kept.gaps().iter();
    gaps.map(|gap| (gap.from.sequence, gap.to, gap.why))
        .collect()
}

#[test]
fn what_a_lost_session_leaves_undone_is_a_gap_in_the_next_process_until_it_is_done() {
    let all = Arc::new(Acknowledgements::new(Arc::default(), 8));
    let next = session("b", 1);
    all.move_to(at(1, 4), 0);
    all.move_to(at(1, 5), 0);
    let dispatch = all.mark(&Event::Resumed { replayed: 0 }).unwrap();
    let lost = Gap {
        from: at(1, 5),
        to: None,
        why: GapCause::Refused,
    };
    let gap = all.mark(&Event::Gap(lost)).unwrap();
    assert_eq!(all.unfinished(), Some(at(1, 4)), "without a session");
    all.move_to(at(next.digest(), 1), 0);
    let changes = all.gap_changes();
    let undone = (4, None, GapCause::NotAcknowledged);
    assert_eq!(gaps(&all, &next), [undone]);
    dispatch.done();
    assert_eq!(gaps(&all, &next), [undone], "the gap itself is not taken");
    gap.done();
    assert_eq!(gaps(&all, &next), []);
    assert!(all.gap_changes() > changes, "it is to be written down");
}

#[test]
fn a_gap_that_was_handed_on_is_handed_on_again_until_it_is_done() {
    let all = Arc::new(Acknowledgements::new(Arc::default(), 8));
    let session = session("b", 7);
    let here = at(session.digest(), 7);
    all.move_to(here, 7);
    let earlier = Gap {
        from: at(1, 3),
        to: Some(5),
        why: GapCause::Overdue,
    };
    let mark = all.mark(&Event::Gap(earlier)).unwrap();
    assert_eq!(gaps(&all, &session), [(3, Some(5), GapCause::Overdue)]);
    assert_eq!(all.acknowledged(), Some(here), "it holds up nothing");
    mark.done();
    assert_eq!(gaps(&all, &session), []);
}

#[test]
fn too_many_events_that_are_never_done_end_in_a_gap_and_not_in_a_stall() {
    let all = Arc::new(Acknowledgements::new(Arc::default(), 8));
    let session = session("b", 0);
    for sequence in 1..=9 {
        all.move_to(at(session.digest(), sequence), 0);
        drop(all.open(HangsOn::Itself, Some(sequence)));
        all.settle(Instant::ZERO);
    }
    assert_eq!(all.acknowledged(), Some(at(session.digest(), 2)));
    assert_eq!(all.outstanding(), 7);
    assert_eq!(gaps(&all, &session), [(0, Some(2), GapCause::Overdue)]);
}

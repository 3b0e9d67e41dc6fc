//! An odd value costs itself, whatever it is and wherever it stands.
use headcount_sim::census::{Order, Part, take};

/// Places with their keys as servers write them, and some with their keys in another order.
fn both_orders(part: Part, step: usize) {
    let taken = take(part, Order::Usual, step) + take(part, Order::Unusual, 13 * step);
    assert!(taken > 1_000, "{taken}");
}

#[test]
fn an_odd_value_in_a_guild_costs_itself() {
    both_orders(Part::Guild, 3);
}

#[test]
fn an_odd_value_in_a_chunk_costs_itself() {
    both_orders(Part::Chunk, 1);
    both_orders(Part::Users, 3);
}

#[test]
fn an_odd_value_in_ready_costs_itself_and_the_session_begins() {
    both_orders(Part::Session, 1);
}

#[test]
fn an_odd_value_in_any_other_dispatch_costs_itself() {
    both_orders(Part::Others, 2);
}

#[test]
fn an_odd_value_in_a_member_in_passing_costs_itself() {
    both_orders(Part::InPassing, 1);
}

#[test]
#[ignore = "takes a minute or two; the others leave out some places"]
fn every_place_in_every_order() {
    let both = |part| take(part, Order::Usual, 1) + take(part, Order::Unusual, 1);
    let taken: usize = Part::ALL.into_iter().map(both).sum();
    assert!(taken > 200_000, "{taken}");
}

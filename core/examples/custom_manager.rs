//! A shard manager of your own: one big room gets a connection for itself, everything is said by
//! a connection with its own login, and the other rooms are spread as usual.
//!
//! Run it with `cargo run -p headcount-core --example custom_manager`.
#![allow(clippy::print_stdout, missing_docs, unreachable_pub)]

use headcount_core::Instant;
use headcount_core::manager::{
    Distributed, Manager, NewShard, Options, Plan, Refusal, Roster, ShardKey, Supervisor,
};
use headcount_core::twitch::Room;

pub struct BigRoom {
    pub big: Room,
    pub rest: Distributed,
}

impl Manager<Room> for BigRoom {
    fn set_up(&mut self, plan: &mut Plan<'_, Room>, initial: &[Room]) -> Result<(), Refusal<Room>> {
        plan.open(
            NewShard::new()
                .named("sender")
                .with_account("voice")
                .with_seats(0),
        )?;
        let big = plan.open(NewShard::new().named("big").with_seats(1))?;
        let (own, others): (Vec<Room>, Vec<Room>) = initial.iter().partition(|r| **r == self.big);
        own.iter().try_for_each(|room| plan.join(big, room))?;
        self.rest.set_up(plan, &others)
    }

    fn assign(
        &mut self,
        plan: &mut Plan<'_, Room>,
        room: &Room,
        initial: bool,
    ) -> Result<(), Refusal<Room>> {
        match plan.roster().named("big") {
            Some(big) if *room == self.big => plan.join(big, room),
            _ => self.rest.assign(plan, room, initial),
        }
    }

    fn sender(&self, roster: &Roster<Room>, _: &Room) -> Option<ShardKey> {
        roster.named("sender")
    }

    fn tend(&mut self, plan: &mut Plan<'_, Room>) {
        self.rest.tend(plan);
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let big = Room::new("#Forsen")?;
    let rooms: Result<Vec<Room>, _> = ["ann", "bob", "forsen"]
        .map(Room::new)
        .into_iter()
        .collect();
    let make = |_: &Options| BigRoom {
        big,
        rest: Distributed::default(),
    };
    let mut manager = Supervisor::new(Options::default(), rooms?, make)?;
    for decision in manager.start_all(Instant::ZERO)? {
        println!("{decision:?}");
    }
    Ok(())
}

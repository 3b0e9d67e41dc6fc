//! How the guilds of READY arrive.
use super::{Gateway, Task};
use crate::json::Id;
use crate::ledger::CreateRecord;
use crate::world::create::Create;
use crate::world::plan::Arrival;

impl Gateway {
    /// Streams the next burst of guilds.
    pub(super) fn stream(&mut self, session: u64) {
        let burst = self.options.pace.guilds;
        let size = if burst.every == 0 {
            u32::MAX
        } else {
            burst.size.max(1)
        };
        for _ in 0..size {
            let found = self.sessions.get_mut(&session);
            let Some(guild) = found.and_then(|found| found.arriving.pop_front()) else {
                return self.begin_talk(session);
            };
            match self
                .world
                .guild(guild)
                .map(super::super::world::guild::Guild::arrival)
            {
                Some(Arrival::Normal) => self.send_create(session, guild),
                Some(Arrival::Outage) => self.send_outage(session, guild),
                Some(Arrival::Never) | None => {}
            }
        }
        self.agenda
            .plan(self.now + burst.every, Task::Stream(session));
    }

    /// `GUILD_CREATE` to one session.
    pub(super) fn send_create(&mut self, session: u64, guild: u64) {
        let Some(view) = self.sessions.get(&session).map(|found| found.view) else {
            return;
        };
        let Some(found) = self.world.guild(guild) else {
            return;
        };
        let create = Create::new(&self.world, found, view.intents, view.large_threshold);
        let (listed, member_count) = (create.listed, found.len() as u32);
        let record = CreateRecord {
            at: self.now,
            shard: view.shard,
            member_count,
            listed: listed.clone(),
        };
        self.ledger
            .guilds
            .entry(guild)
            .or_default()
            .creates
            .push(record);
        self.dispatch(session, "GUILD_CREATE", |world, view, w| {
            if let Some(found) = world.guild(guild) {
                Create::listing(world, found, view, listed).write(w);
            }
        });
    }

    /// `GUILD_DELETE` for an outage, to one session.
    pub(super) fn send_outage(&mut self, session: u64, guild: u64) {
        self.ledger
            .guilds
            .entry(guild)
            .or_default()
            .outages
            .push(self.now);
        self.dispatch(session, "GUILD_DELETE", |_, _, w| {
            w.field("unavailable", true);
            w.field("id", Id(guild));
        });
    }

    /// `GUILD_DELETE` for good, to one session.
    pub(super) fn send_removal(&mut self, session: u64, guild: u64) {
        self.ledger
            .guilds
            .entry(guild)
            .or_default()
            .removals
            .push(self.now);
        self.dispatch(session, "GUILD_DELETE", |_, _, w| w.field("id", Id(guild)));
    }
}

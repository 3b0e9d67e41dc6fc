//! Changes of a guild, its roles, its channels and its threads.
use super::Gateway;
use super::late::Gone;
use crate::act::Change;
use crate::json::{Id, Writer};
use crate::world::World;
use crate::world::create::Create;
use crate::world::guild::Guild;
use crate::world::inventory::Inventory;
use crate::world::parts;

/// What has changed.
#[derive(Clone, Copy)]
enum Done {
    Added(u32),
    Changed(u32),
    Removed(u32),
}

impl Done {
    /// Applies a change to the things; `number` finds the one with an id.
    fn apply(
        things: &mut Inventory,
        change: Change,
        number: impl Fn(u64) -> Option<u32>,
    ) -> Option<Self> {
        match change {
            Change::Add => Some(Self::Added(things.add())),
            Change::Update(id) => {
                let number = number(id)?;
                things.change(number);
                Some(Self::Changed(number))
            }
            Change::Remove(id) => number(id).map(Self::Removed),
        }
    }
}

impl Gateway {
    pub(super) fn update_guild(&mut self, guild: u64) {
        let Some(found) = self.world.guild_mut(guild) else {
            return;
        };
        found.revise();
        self.fan_out(Some(guild), "GUILD_UPDATE", |world, view, w| {
            if let Some(found) = world.guild(guild) {
                Create::listing(world, found, view, Vec::new()).write_update(w);
            }
        });
    }

    pub(super) fn change_role(&mut self, guild: u64, change: Change) {
        let Some(found) = self.world.guild_mut(guild) else {
            return;
        };
        let ids: Vec<(u64, u32)> = found.role_ids().zip(found.roles.numbers()).collect();
        match Done::apply(&mut found.roles, change, |id| number_of(&ids, id)) {
            Some(Done::Added(number)) => self.tell_role(guild, "GUILD_ROLE_CREATE", number),
            Some(Done::Changed(number)) => self.tell_role(guild, "GUILD_ROLE_UPDATE", number),
            Some(Done::Removed(0)) | None => {}
            Some(Done::Removed(number)) => {
                let role = parts::role_id(found, number);
                self.take_away(guild, Gone::Role(number), |gateway| {
                    if let Some(found) = gateway.world.guild_mut(guild) {
                        found.roles.remove(number);
                    }
                    gateway.fan_out(Some(guild), "GUILD_ROLE_DELETE", |_, _, w| {
                        w.field("role_id", Id(role));
                        w.field("guild_id", Id(guild));
                    });
                });
            }
        }
    }

    fn tell_role(&mut self, guild: u64, event: &str, number: u32) {
        self.fan_out(Some(guild), event, |world, _, w| {
            let write = |found: &Guild, w: &mut Writer| parts::role(world.seed(), found, number, w);
            if let Some(found) = world.guild(guild) {
                w.object("role", |w| write(found, w));
            }
            w.field("guild_id", Id(guild));
        });
    }

    pub(super) fn change_channel(&mut self, guild: u64, change: Change) {
        let Some(found) = self.world.guild_mut(guild) else {
            return;
        };
        let ids: Vec<(u64, u32)> = found.channel_ids().zip(found.channels.numbers()).collect();
        match Done::apply(&mut found.channels, change, |id| number_of(&ids, id)) {
            None => {}
            Some(Done::Added(number)) => self.tell_channel(guild, "CHANNEL_CREATE", number),
            Some(Done::Changed(number)) => self.tell_channel(guild, "CHANNEL_UPDATE", number),
            Some(Done::Removed(number)) => {
                self.take_away(guild, Gone::Channel(number), |gateway| {
                    gateway.tell_channel(guild, "CHANNEL_DELETE", number);
                    if let Some(found) = gateway.world.guild_mut(guild) {
                        found.remove_channel(number);
                    }
                });
            }
        }
    }

    pub(super) fn change_thread(&mut self, guild: u64, change: Change) {
        let Some(found) = self.world.guild_mut(guild) else {
            return;
        };
        let ids: Vec<(u64, u32)> = found.thread_ids().zip(found.threads.numbers()).collect();
        match change {
            Change::Add => {
                if let Some(number) = found.add_thread() {
                    self.tell_thread(guild, "THREAD_CREATE", number);
                }
            }
            Change::Update(id) => {
                if let Some(number) = number_of(&ids, id) {
                    found.threads.change(number);
                    self.tell_thread(guild, "THREAD_UPDATE", number);
                }
            }
            Change::Remove(id) => {
                if let Some(number) = number_of(&ids, id) {
                    self.take_away(guild, Gone::Thread(number), |gateway| {
                        gateway.remove_thread(guild, number);
                    });
                }
            }
        }
    }

    fn tell_thread(&mut self, guild: u64, event: &str, number: u32) {
        self.fan_out(Some(guild), event, |world: &World, _, w| {
            if let Some(found) = world.guild(guild) {
                parts::thread(world.seed(), found, number, w);
            }
        });
    }

    fn remove_thread(&mut self, guild: u64, number: u32) {
        let Some(found) = self.world.guild_mut(guild) else {
            return;
        };
        let (thread, parent) = (parts::thread_id(found, number), found.parent_of(number));
        found.threads.remove(number);
        self.fan_out(Some(guild), "THREAD_DELETE", |_, _, w| {
            w.field("type", 11_u32);
            w.field("parent_id", parent.map(Id));
            w.field("id", Id(thread));
            w.field("guild_id", Id(guild));
        });
    }

    fn tell_channel(&mut self, guild: u64, event: &str, number: u32) {
        self.fan_out(Some(guild), event, |world: &World, _, w| {
            if let Some(found) = world.guild(guild) {
                parts::channel(world.seed(), found, number, true, w);
            }
        });
    }
}

fn number_of(ids: &[(u64, u32)], id: u64) -> Option<u32> {
    ids.iter()
        .find(|(known, _)| *known == id)
        .map(|(_, number)| *number)
}

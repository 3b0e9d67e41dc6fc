//! Changes of a guild, its roles and its channels.
use super::Gateway;
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
                found.roles.remove(number);
                self.fan_out(Some(guild), "GUILD_ROLE_DELETE", |_, _, w| {
                    w.field("role_id", Id(role));
                    w.field("guild_id", Id(guild));
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
                self.tell_channel(guild, "CHANNEL_DELETE", number);
                if let Some(found) = self.world.guild_mut(guild) {
                    found.channels.remove(number);
                }
            }
        }
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

//! Guild sync (12), which servers take that speak the protocol of client accounts.
use super::Gateway;
use crate::edge::ConnectionId;
use crate::faults::Trouble;
use crate::requests::snowflake;
use crate::rules::Rule;
use crate::world::create::Create;
use serde_json::Value;

/// The most guilds that one message names.
const MOST: usize = 50;

impl Gateway {
    /// One `GUILD_SYNC` per guild.
    pub(super) fn sync_guilds(&mut self, id: ConnectionId, session: u64, d: &Value) {
        let named = d.as_array().filter(|guilds| guilds.len() <= MOST);
        let Some(guilds) = named else {
            let detail = format!("a guild sync that is no list of up to {MOST} guilds");
            return self.punish(id, Rule::Body, detail, 4001);
        };
        for guild in guilds.iter().filter_map(snowflake) {
            if self.may_ask(id, session, guild) && !self.ignores_sync(session, guild) {
                self.send_sync(session, guild);
            }
        }
    }

    fn ignores_sync(&mut self, session: u64, guild: u64) -> bool {
        let shard = self.sessions.get(&session).map(|found| found.view.shard[0]);
        let this = |trouble: &Trouble| (*trouble == Trouble::IgnoreSync { guild }).then_some(());
        self.faults.strike(shard, this).is_some()
    }

    fn send_sync(&mut self, session: u64, guild: u64) {
        self.dispatch(session, "GUILD_SYNC", |world, view, w| {
            if let Some(found) = world.guild(guild) {
                Create::synced(world, found, view).write_sync(w);
            }
        });
    }
}

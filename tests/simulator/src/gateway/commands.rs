//! The small commands: presence (3), voice (4), sounds (31) and channel information (43).
use super::Gateway;
use crate::edge::ConnectionId;
use crate::intents;
use crate::json::{Id, Null};
use crate::requests::snowflake;
use crate::rules::Rule;
use crate::world::{parts, voice};
use serde_json::Value;

impl Gateway {
    /// Presence of the bot: nothing comes back.
    pub(super) fn update_presence(&mut self, id: ConnectionId, session: u64, d: &Value) {
        let known = ["online", "dnd", "idle", "invisible", "offline"];
        let status = d.get("status").and_then(Value::as_str);
        if !status.is_some_and(|status| known.contains(&status)) || d.get("afk").is_none() {
            return self.punish(id, Rule::Body, "a presence without status or afk", 4001);
        }
        let limits = &self.options.limits;
        let (span, most) = (limits.presence_window, limits.presences);
        let Some(found) = self.sessions.get_mut(&session) else {
            return;
        };
        if !found.presence_updates.admits(self.now, span, most) {
            self.blame(
                id,
                Rule::PresencePace,
                format!("update {} within {span} ms", most + 1),
            );
        }
    }

    /// Voice: the bot moves, and learns of a voice server when it joins.
    pub(super) fn update_voice(&mut self, id: ConnectionId, session: u64, d: &Value) {
        let Some(guild) = d.get("guild_id").and_then(snowflake) else {
            return self.punish(id, Rule::Body, "a voice state without guild_id", 4001);
        };
        let channel = d.get("channel_id").and_then(snowflake);
        let bot = self.world.bot();
        let owned = self
            .sessions
            .get(&session)
            .is_some_and(|found| found.view.owns(Some(guild)));
        let Some(found) = self.world.guild_mut(guild).filter(|_| owned) else {
            return;
        };
        found.move_to(bot, channel);
        self.announce_voice(guild, bot, channel);
        if channel.is_some() {
            self.dispatch(session, "VOICE_SERVER_UPDATE", |_, _, w| {
                w.field("token", "0123456789abcdef");
                w.field("guild_id", Id(guild));
                w.field("endpoint", "rotterdam1.example.org:443");
            });
        }
    }

    /// Informs everyone who may know where a user sits now.
    pub(super) fn announce_voice(&mut self, guild: u64, user: u64, channel: Option<u64>) {
        let needed = if user == self.world.bot() {
            0
        } else {
            intents::GUILD_VOICE_STATES
        };
        self.fan_out_to(Some(guild), needed, "VOICE_STATE_UPDATE", |world, _, w| {
            let member = world
                .guild(guild)
                .map(|found| world.draw_sitter(found, user));
            voice::state(user, channel, member.as_ref(), w);
            w.field("guild_id", Id(guild));
        });
    }

    /// One `SOUNDBOARD_SOUNDS` per guild.
    pub(super) fn request_sounds(&mut self, id: ConnectionId, session: u64, d: &Value) {
        let Some(guilds) = d.get("guild_ids").and_then(Value::as_array) else {
            return self.punish(id, Rule::Body, "sounds without guild_ids", 4001);
        };
        for guild in guilds.iter().filter_map(snowflake) {
            if !self.may_ask(id, session, guild) {
                continue;
            }
            self.dispatch(session, "SOUNDBOARD_SOUNDS", |world, _, w| {
                w.list("soundboard_sounds", |w| {
                    for number in 0..3 {
                        if let Some(guild) = world.guild(guild) {
                            w.entry(|w| parts::sound(world.seed(), guild, number, w));
                        }
                    }
                });
                w.field("guild_id", Id(guild));
            });
        }
    }

    /// `CHANNEL_INFO` with the fields that were asked for.
    pub(super) fn request_channels(&mut self, id: ConnectionId, session: u64, d: &Value) {
        let guild = d.get("guild_id").and_then(snowflake);
        let fields = d.get("fields").and_then(Value::as_array);
        let (Some(guild), Some(fields)) = (guild, fields) else {
            return self.punish(id, Rule::Body, "channels without guild_id or fields", 4001);
        };
        let asks = |name: &str| fields.iter().any(|field| field.as_str() == Some(name));
        if !self.may_ask(id, session, guild) {
            return;
        }
        self.dispatch(session, "CHANNEL_INFO", |world, _, w| {
            w.field("guild_id", Id(guild));
            w.list("channels", |w| {
                let Some(channel) = world
                    .guild(guild)
                    .and_then(super::super::world::guild::Guild::voice_channel)
                else {
                    return;
                };
                w.entry(|w| {
                    if asks("voice_start_time") {
                        w.field("voice_start_time", 1_790_000_000_u64);
                    }
                    if asks("status") {
                        w.field("status", Null);
                    }
                    w.field("id", Id(channel));
                });
            });
        });
    }

    /// Whether the guild is there, and the session's own.
    pub(super) fn may_ask(&mut self, id: ConnectionId, session: u64, guild: u64) -> bool {
        let owns = self
            .sessions
            .get(&session)
            .is_some_and(|found| found.view.owns(Some(guild)));
        if !owns {
            self.blame(id, Rule::ForeignGuild, format!("guild {guild}"));
        }
        owns && self
            .world
            .guild(guild)
            .is_some_and(super::super::world::guild::Guild::is_available)
    }
}

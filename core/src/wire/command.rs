//! What a client says to the gateway.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::id::{ChannelId, GuildId};
use crate::intents::Intents;
use crate::shard_id::ShardId;
use crate::token::Token;
use crate::wire::member_request::{MemberQuery, RequestMembers};
use crate::wire::presence::BotPresence;
use crate::wire::writer::Writer;

/// One payload from client to server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub enum Command {
    /// Op 1: the beat, with the last sequence seen in this session.
    Heartbeat {
        /// `None` before the first event of a session.
        sequence: Option<u64>,
    },
    /// Op 2: begin a session.
    #[cfg_attr(feature = "checkpoint", serde(skip))]
    Identify(Box<Identify>),
    /// Op 6: go on with a session.
    #[cfg_attr(feature = "checkpoint", serde(skip))]
    Resume(Box<Resume>),
    /// Op 8: ask for members of a guild.
    #[cfg_attr(feature = "checkpoint", serde(skip))]
    RequestMembers(Box<RequestMembers>),
    /// Op 3: change what the bot shows of itself.
    UpdatePresence(Box<BotPresence>),
    /// Op 4: join, move or leave a voice channel.
    UpdateVoiceState(VoiceStateChange),
    /// Op 31: ask for the soundboard sounds of guilds.
    RequestSoundboardSounds(Vec<GuildId>),
    /// Op 43: ask for the channels' voice status and start time.
    RequestChannelInfo(GuildId),
    /// Op 12: ask for guilds in full. Servers of the old protocol, client accounts only.
    GuildSync(Vec<GuildId>),
}

/// What op 2 carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identify {
    /// The bot's token.
    pub token: Token,
    /// The events asked for.
    pub intents: Intents,
    /// Which shard of how many.
    pub shard: ShardId,
    /// Members from which on a guild is large, 50 to 250.
    pub large_threshold: u8,
    /// What the bot shows of itself from the start.
    pub presence: Option<BotPresence>,
    /// The operating system named to the gateway.
    pub os: &'static str,
}

/// What op 6 carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resume {
    /// The bot's token.
    pub token: Token,
    /// The session's id.
    pub session: Box<str>,
    /// The last sequence seen.
    pub sequence: u64,
}

/// What op 4 carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub struct VoiceStateChange {
    /// The guild.
    pub guild: GuildId,
    /// The channel to be in; `None` leaves.
    pub channel: Option<ChannelId>,
    /// Whether the bot mutes itself.
    pub self_mute: bool,
    /// Whether the bot deafens itself.
    pub self_deaf: bool,
}

impl Command {
    /// Writes the payload over `scratch` and returns it; a heartbeat allocates nothing once
    /// `scratch` has grown to 64 bytes.
    pub fn encode<'b>(&self, scratch: &'b mut String) -> &'b str {
        scratch.clear();
        Writer::new(scratch).object(|w| {
            w.key("op").raw(&self.opcode());
            let w = w.key("d");
            match self {
                Self::Heartbeat { sequence } => w.option(*sequence, |w, s| w.raw(&s)),
                Self::Identify(identify) => identify.write(w),
                Self::Resume(resume) => resume.write(w),
                Self::RequestMembers(request) => request.write(w),
                Self::UpdatePresence(presence) => presence.write(w),
                Self::UpdateVoiceState(state) => state.write(w),
                Self::RequestSoundboardSounds(guilds) => {
                    w.object(|w| ids(w.key("guild_ids"), guilds));
                }
                Self::RequestChannelInfo(guild) => w.object(|w| {
                    w.key("guild_id").id(guild);
                    w.key("fields").array(|w| {
                        w.string("status");
                        w.string("voice_start_time");
                    });
                }),
                Self::GuildSync(guilds) => ids(w, guilds),
            }
        });
        scratch
    }

    /// The payload's opcode.
    #[must_use]
    pub const fn opcode(&self) -> u8 {
        match self {
            Self::Heartbeat { .. } => 1,
            Self::Identify(_) => 2,
            Self::UpdatePresence(_) => 3,
            Self::UpdateVoiceState(_) => 4,
            Self::Resume(_) => 6,
            Self::RequestMembers(_) => 8,
            Self::GuildSync(_) => 12,
            Self::RequestSoundboardSounds(_) => 31,
            Self::RequestChannelInfo(_) => 43,
        }
    }
}

fn ids(w: &mut Writer<'_>, guilds: &[GuildId]) {
    w.array(|w| guilds.iter().for_each(|guild| w.id(guild)));
}

impl Identify {
    fn write(&self, w: &mut Writer<'_>) {
        w.object(|w| {
            w.key("token").string(self.token.expose());
            w.key("intents").raw(&self.intents.bits());
            w.key("shard").array(|w| {
                w.raw(&self.shard.number());
                w.raw(&self.shard.total());
            });
            w.key("large_threshold").raw(&self.large_threshold);
            w.key("properties").object(|w| {
                w.key("os").string(self.os);
                w.key("browser").string("headcount");
                w.key("device").string("headcount");
            });
            if let Some(presence) = &self.presence {
                presence.write(w.key("presence"));
            }
        });
    }
}

impl Resume {
    fn write(&self, w: &mut Writer<'_>) {
        w.object(|w| {
            w.key("token").string(self.token.expose());
            w.key("session_id").string(&self.session);
            w.key("seq").raw(&self.sequence);
        });
    }
}

impl RequestMembers {
    fn write(&self, w: &mut Writer<'_>) {
        w.object(|w| {
            w.key("guild_id").id(&self.guild);
            match &self.query {
                MemberQuery::All => {
                    w.key("query").string("");
                    w.key("limit").raw(&0);
                }
                MemberQuery::Prefix { query, limit } => {
                    w.key("query").string(query);
                    w.key("limit").raw(limit);
                }
                MemberQuery::Users(users) => {
                    w.key("user_ids")
                        .array(|w| users.iter().for_each(|user| w.id(user)));
                }
            }
            if self.presences {
                w.key("presences").raw(&true);
            }
            w.key("nonce").string(self.nonce.as_str());
        });
    }
}

impl VoiceStateChange {
    fn write(&self, w: &mut Writer<'_>) {
        w.object(|w| {
            w.key("guild_id").id(&self.guild);
            w.key("channel_id")
                .option(self.channel, |w, channel| w.id(&channel));
            w.key("self_mute").raw(&self.self_mute);
            w.key("self_deaf").raw(&self.self_deaf);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::UserId;
    use crate::wire::nonce::Nonce;
    use serde_json::{Value, json};

    fn encoded(command: &Command) -> Value {
        serde_json::from_str(command.encode(&mut String::from("left over"))).unwrap()
    }

    #[test]
    fn heartbeats_carry_the_sequence_or_null() {
        let beat = Command::Heartbeat {
            sequence: Some(251),
        };
        assert_eq!(encoded(&beat), json!({"op": 1, "d": 251}));
        assert_eq!(
            encoded(&Command::Heartbeat { sequence: None }),
            json!({"op": 1, "d": null})
        );
    }

    #[test]
    fn identify_names_everything_and_debug_hides_the_token() {
        let identify = Command::Identify(Box::new(Identify {
            token: Token::new("s3cr3t"),
            intents: Intents::GUILDS | Intents::GUILD_MEMBERS,
            shard: ShardId::new(1, 4),
            large_threshold: 250,
            presence: Some(BotPresence::default()),
            os: "linux",
        }));
        let value = encoded(&identify);
        assert_eq!(value["op"], 2);
        assert_eq!(value["d"]["token"], "s3cr3t");
        assert_eq!(value["d"]["intents"], 3);
        assert_eq!(value["d"]["shard"], json!([1, 4]));
        assert_eq!(value["d"]["properties"]["os"], "linux");
        assert_eq!(value["d"]["presence"]["status"], "online");
        assert!(!alloc::format!("{identify:?}").contains("s3cr3t"));
    }

    #[test]
    fn member_requests_carry_one_kind_of_query_and_the_nonce() {
        let request = |query, presences| {
            let guild = GuildId::new(5).unwrap();
            let nonce = Nonce::new("n").unwrap();
            let request = RequestMembers {
                guild,
                query,
                presences,
                nonce,
            };
            encoded(&Command::RequestMembers(Box::new(request)))
        };
        assert_eq!(
            request(MemberQuery::All, true),
            json!({"op": 8, "d": {"guild_id": "5", "query": "", "limit": 0, "presences": true,
                "nonce": "n"}})
        );
        let prefix = MemberQuery::Prefix {
            query: "a\"".into(),
            limit: 7,
        };
        assert_eq!(
            request(prefix, false),
            json!({"op": 8, "d": {"guild_id": "5", "query": "a\"", "limit": 7, "nonce": "n"}})
        );
        let users = MemberQuery::Users([UserId::new(8).unwrap()].into());
        assert_eq!(
            request(users, false),
            json!({"op": 8, "d": {"guild_id": "5", "user_ids": ["8"], "nonce": "n"}})
        );
    }

    #[test]
    fn the_other_commands_have_the_documented_shape() {
        let guild = GuildId::new(5).unwrap();
        let resume = Resume {
            token: Token::new("t"),
            session: "ab".into(),
            sequence: 9,
        };
        assert_eq!(
            encoded(&Command::Resume(Box::new(resume))),
            json!({"op": 6, "d": {"token": "t", "session_id": "ab", "seq": 9}})
        );
        let voice = VoiceStateChange {
            guild,
            channel: None,
            self_mute: true,
            self_deaf: false,
        };
        assert_eq!(
            encoded(&Command::UpdateVoiceState(voice)),
            json!({"op": 4, "d": {"guild_id": "5", "channel_id": null,
                "self_mute": true, "self_deaf": false}})
        );
        assert_eq!(
            encoded(&Command::RequestSoundboardSounds([guild].into())),
            json!({"op": 31, "d": {"guild_ids": ["5"]}})
        );
        assert_eq!(
            encoded(&Command::RequestChannelInfo(guild)),
            json!({"op": 43, "d": {"guild_id": "5", "fields": ["status", "voice_start_time"]}})
        );
        assert_eq!(
            encoded(&Command::GuildSync([guild].into())),
            json!({"op": 12, "d": ["5"]})
        );
    }
}

//! What the bot asks of a shard outside of its loop, as a recording has it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use headcount_core::cache::{Kind, Policy};
use headcount_core::chunk::MemberQuery;
use headcount_core::id::{ChannelId, GuildId, UserId};
use headcount_core::session::OnStop;
use headcount_core::setup::Chunking;
use headcount_core::wire::command::{Command, VoiceStateChange};
use headcount_core::{RequestError, Shard};
use serde::{Deserialize, Serialize};

use super::RecordingError;

/// A call. What a presence says is not in it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RecordedCall {
    RequestMembers {
        guild_id: GuildId,
        prefix: Option<(String, u16)>,
        user_ids: Option<Vec<UserId>>,
        presences: bool,
    },
    UpdatePresence {},
    UpdateVoiceState {
        guild_id: GuildId,
        channel_id: Option<ChannelId>,
        self_mute: bool,
        self_deaf: bool,
    },
    RequestSoundboardSounds {
        guild_ids: Vec<GuildId>,
    },
    RequestChannelInfo {
        guild_id: GuildId,
    },
    /// One that every shard refuses.
    Refused {},
    /// An earlier process has asked for everyone so many milliseconds before.
    AskedBefore {
        guild_id: GuildId,
        ago: u64,
    },
    SetChunking {
        chunking: Box<Chunking>,
        has_filter: bool,
    },
    SetPolicy {
        kind: Kind,
        is_none: bool,
    },
    Stop {
        keeps_session: bool,
    },
    Restart {
        keeps_session: bool,
    },
}

impl RecordedCall {
    pub(crate) fn request(guild: GuildId, query: &MemberQuery, presences: bool) -> Self {
        let (prefix, user_ids) = match query {
            MemberQuery::All => (None, None),
            MemberQuery::Prefix { query, limit } => (Some((query.clone(), *limit)), None),
            MemberQuery::Users(users) => (None, Some(users.clone())),
        };
        Self::RequestMembers {
            guild_id: guild,
            prefix,
            user_ids,
            presences,
        }
    }

    pub(crate) fn send(command: &Command) -> Self {
        match command {
            Command::UpdatePresence(_) => Self::UpdatePresence {},
            Command::UpdateVoiceState(change) => Self::UpdateVoiceState {
                guild_id: change.guild,
                channel_id: change.channel,
                self_mute: change.self_mute,
                self_deaf: change.self_deaf,
            },
            Command::RequestSoundboardSounds(guilds) => Self::RequestSoundboardSounds {
                guild_ids: guilds.clone(),
            },
            Command::RequestChannelInfo(guild) => Self::RequestChannelInfo { guild_id: *guild },
            _ => Self::Refused {},
        }
    }

    pub(crate) fn asked_before(guild: GuildId, ago: Duration) -> Self {
        Self::AskedBefore {
            guild_id: guild,
            ago: u64::try_from(ago.as_millis()).unwrap_or(u64::MAX),
        }
    }

    pub(crate) fn chunking(chunking: &Chunking) -> Self {
        let has_filter = chunking.filter.is_some();
        Self::SetChunking {
            chunking: Box::new(chunking.clone()),
            has_filter,
        }
    }

    pub(crate) fn stop(on_stop: OnStop) -> Self {
        Self::Stop {
            keeps_session: on_stop == OnStop::Resume,
        }
    }

    pub(crate) fn restart(on_stop: OnStop) -> Self {
        Self::Restart {
            keeps_session: on_stop == OnStop::Resume,
        }
    }

    /// One as a recording has it.
    pub(super) fn read(json: &[u8]) -> Result<Self, RecordingError> {
        let broken = |_| RecordingError::Broken("a call that cannot be read");
        serde_json::from_slice(json).map_err(broken)
    }

    /// Asks the same of a shard that is replayed. What it answers follows from its state.
    pub(super) fn repeat(self, shard: &mut Shard, answers: &Answers) -> Result<(), RequestError> {
        let command = match self {
            Self::RequestMembers {
                guild_id,
                prefix,
                user_ids,
                presences,
            } => {
                let query = match (prefix, user_ids) {
                    (Some((query, limit)), _) => MemberQuery::Prefix { query, limit },
                    (None, Some(users)) => MemberQuery::Users(users),
                    (None, None) => MemberQuery::All,
                };
                return shard.request_members(guild_id, query, presences).map(drop);
            }
            Self::AskedBefore { guild_id, ago } => {
                shard.asked_before(guild_id, Duration::from_millis(ago));
                return Ok(());
            }
            Self::SetChunking {
                chunking,
                has_filter,
            } => {
                shard.set_chunking(answers.answering(*chunking, has_filter));
                return Ok(());
            }
            Self::SetPolicy { kind, is_none } => {
                let policy = if is_none {
                    Policy::none()
                } else {
                    Policy::all()
                };
                shard.set_policy(kind, &policy);
                return Ok(());
            }
            Self::Stop { keeps_session } => {
                shard.stop(on_stop(keeps_session));
                return Ok(());
            }
            Self::Restart { keeps_session } => return shard.restart(on_stop(keeps_session)),
            Self::UpdatePresence {} => Command::UpdatePresence(Box::default()),
            Self::UpdateVoiceState {
                guild_id,
                channel_id,
                self_mute,
                self_deaf,
            } => Command::UpdateVoiceState(VoiceStateChange {
                guild: guild_id,
                channel: channel_id,
                self_mute,
                self_deaf,
            }),
            Self::RequestSoundboardSounds { guild_ids } => {
                Command::RequestSoundboardSounds(guild_ids)
            }
            Self::RequestChannelInfo { guild_id } => Command::RequestChannelInfo(guild_id),
            Self::Refused {} => return Ok(()),
        };
        shard.send(command).map(drop)
    }
}

fn on_stop(keeps_session: bool) -> OnStop {
    match keeps_session {
        true => OnStop::Resume,
        false => OnStop::End,
    }
}

/// What a filter of member requests said, for the filter that stands for it.
#[derive(Clone, Debug, Default)]
pub(super) struct Answers(Arc<Mutex<VecDeque<bool>>>);

impl Answers {
    /// These come next.
    pub(super) fn set(&self, answers: impl IntoIterator<Item = bool>) {
        let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        queue.clear();
        queue.extend(answers);
    }

    /// The settings with a filter that answers so, if they had one.
    pub(super) fn answering(&self, chunking: Chunking, has_filter: bool) -> Chunking {
        if !has_filter {
            return chunking;
        }
        let queue = Arc::clone(&self.0);
        chunking.when(move |_| {
            let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
            queue.pop_front().unwrap_or(false)
        })
    }
}

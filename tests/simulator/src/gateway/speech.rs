//! What members say to the bot, and what the bot says to them.
use super::{Gateway, Task};
use crate::edge::Millis;
use crate::json::{self, Id, Raw};
use crate::rest::post::{self, Post, Refused};
use crate::rest::{RestReply, refused};
use crate::rules::{Rule, Violation};
use crate::world::guild::Guild;
use crate::world::message::Message;
use serde_json::Value;
use std::collections::BTreeMap;

/// How long an interaction waits for its answer, in milliseconds.
const PATIENCE: Millis = 3_000;

/// The pause before each of what members say by themselves, in milliseconds.
const PAUSE: Millis = 200;

/// What the bot has said, and what it was asked.
#[derive(Debug, Default)]
pub(super) struct Speech {
    interactions: BTreeMap<u64, Interaction>,
    /// The application's commands, as it set them.
    commands: Vec<Value>,
    heard: Vec<BotSaid>,
}

/// A command that somebody used, until it is answered.
#[derive(Debug)]
struct Interaction {
    token: String,
    command: String,
    answered: bool,
}

/// One thing that a bot has said over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BotSaid {
    /// Where, or to what.
    pub to: Addressee,
    /// The text; empty if there is none.
    pub text: String,
}

/// To whom a bot has said something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Addressee {
    /// Everyone in the channel with this id.
    Channel(u64),
    /// Whoever used the command of this name.
    Command(String),
}

impl Gateway {
    /// All that the bot has said over HTTP, oldest first.
    #[must_use]
    pub fn heard(&self) -> &[BotSaid] {
        &self.speech.heard
    }

    /// A member says this in the guild's first channel for text.
    pub(super) fn say_in_guild(&mut self, guild: u64, author: u64, text: &str) {
        let channel = self.world.guild(guild).and_then(Message::place);
        if let Some(channel) = channel {
            self.put_message(guild, channel, author, text);
        }
    }

    /// Returns the message as its author sees it.
    fn put_message(&mut self, guild: u64, channel: u64, author: u64, text: &str) -> String {
        let number = self.world.next_message();
        let message = Message { number, author };
        self.fan_out(Some(guild), "MESSAGE_CREATE", |world, view, w| {
            if let Some(found) = world.guild(guild) {
                message.write_words(world, found, (channel, text), view.intents, w);
            }
        });
        json::object(|w| {
            if let Some(found) = self.world.guild(guild) {
                message.write_words(&self.world, found, (channel, text), u64::MAX, w);
            }
        })
    }

    /// A member uses a command of the bot in the guild's first channel for text.
    pub(super) fn use_command(&mut self, guild: u64, user: u64, command: &str) {
        let Some(channel) = self.world.guild(guild).and_then(Message::place) else {
            return;
        };
        let id = crate::snowflake::message_id(self.world.next_message());
        let token = format!("{:016x}{:016x}", self.rng.next(), self.rng.next());
        let own = self
            .speech
            .commands
            .iter()
            .find(|own| own["name"] == command);
        let command_id = own.and_then(|own| own["id"].as_str()?.parse().ok());
        let data = json::object(|w| {
            w.field("type", 1_u32);
            w.field("name", command);
            w.field("id", Id(command_id.unwrap_or(id)));
        });
        self.fan_out(Some(guild), "INTERACTION_CREATE", |world, _, w| {
            let Some(found) = world.guild(guild) else {
                return;
            };
            w.field("version", 1_u32);
            w.field("type", 2_u32);
            w.field("token", token.as_str());
            w.object("member", |w| {
                w.field("permissions", "2251799813685247");
                world.write_member(found, user, w);
            });
            w.field("locale", "en-US");
            w.field("id", Id(id));
            w.field("guild_locale", "en-US");
            w.field("guild_id", Id(guild));
            w.list("entitlements", |_| {});
            w.field("data", Raw(&data));
            w.field("context", 0_u32);
            w.field("channel_id", Id(channel));
            w.object("authorizing_integration_owners", |w| {
                w.field("0", Id(guild));
            });
            w.field("attachment_size_limit", 10_485_760_u32);
            w.field("application_id", Id(world.bot()));
            w.field("app_permissions", "2251799813685247");
        });
        let command = command.to_owned();
        let waiting = Interaction {
            token,
            command,
            answered: false,
        };
        self.speech.interactions.insert(id, waiting);
        self.agenda.plan(self.now + PATIENCE, Task::CheckAnswer(id));
    }

    /// An interaction can be answered no longer.
    pub(super) fn check_answer(&mut self, interaction: u64) {
        let Some(gone) = self.speech.interactions.remove(&interaction) else {
            return;
        };
        if !gone.answered {
            let detail = format!(
                "the command {} has no answer after {PATIENCE} ms",
                gone.command
            );
            self.violations.push(Violation {
                at: self.now,
                connection: None,
                shard: None,
                rule: Rule::Interaction,
                detail,
            });
        }
    }

    /// The bot sends the service something.
    pub(super) fn take_post(&mut self, post: Post<'_>, body: &[u8]) -> RestReply {
        let done = post::json(body).and_then(|body| match post {
            Post::Message { channel } => self.bot_says(channel, &body),
            Post::Answer { interaction, token } => self.bot_answers(interaction, token, &body),
            Post::Commands { application } => {
                let set = self.set_commands(application, body, true)?;
                Ok(RestReply {
                    status: 200,
                    body: Value::from(set).to_string(),
                })
            }
            Post::Command { application } => {
                let mut set = self.set_commands(application, body, false)?;
                let body = set.pop().unwrap_or_default().to_string();
                Ok(RestReply { status: 201, body })
            }
        });
        done.unwrap_or_else(refused)
    }

    fn bot_says(&mut self, channel: u64, body: &Value) -> Result<RestReply, Refused> {
        let holds = |guild: &&Guild| guild.channel_ids().any(|own| own == channel);
        let guild = self.world.guilds().find(holds).map(Guild::id);
        let guild = guild.ok_or((404, "Unknown Channel", 10_003))?;
        let text = post::text(body)?;
        let bot = self.world.bot();
        let body = self.put_message(guild, channel, bot, text);
        self.hear(Addressee::Channel(channel), text);
        Ok(RestReply { status: 200, body })
    }

    fn bot_answers(&mut self, id: u64, token: &str, body: &Value) -> Result<RestReply, Refused> {
        let waiting = self.speech.interactions.get_mut(&id);
        let waiting = waiting.filter(|waiting| waiting.token == token);
        let waiting = waiting.ok_or((404, "Unknown interaction", 10_062))?;
        if waiting.answered {
            return Err((400, "Interaction has already been acknowledged.", 40_060));
        }
        let text = post::answer(body)?;
        waiting.answered = true;
        let command = waiting.command.clone();
        self.hear(Addressee::Command(command), text);
        let body = String::new();
        Ok(RestReply { status: 204, body })
    }

    fn hear(&mut self, to: Addressee, text: &str) {
        let text = text.to_owned();
        self.speech.heard.push(BotSaid { to, text });
    }

    /// Sets these commands, in place of `all` or of those of the same names.
    fn set_commands(
        &mut self,
        application: u64,
        body: Value,
        all: bool,
    ) -> Result<Vec<Value>, Refused> {
        if application != self.world.bot() {
            return Err((403, "Missing Access", 50_001));
        }
        let mut commands = post::commands(body)?;
        for command in &mut commands {
            let id = crate::snowflake::message_id(self.world.next_message()).to_string();
            command["id"] = Value::from(id.clone());
            command["version"] = Value::from(id);
            command["application_id"] = Value::from(application.to_string());
            if command["type"].is_null() {
                command["type"] = Value::from(1);
            }
        }
        let is_new = |old: &Value| commands.iter().any(|new| new["name"] == old["name"]);
        self.speech.commands.retain(|old| !all && !is_new(old));
        self.speech.commands.extend(commands.iter().cloned());
        Ok(commands)
    }

    /// What the members of [`Options::said`](crate::Options::said) say to a session whose guilds
    /// have streamed.
    pub(super) fn begin_talk(&mut self, session: u64) {
        let first = crate::snowflake::guild_id(0);
        let owns = self
            .sessions
            .get(&session)
            .is_some_and(|found| found.view.owns(Some(first)));
        let member = self.world.guild(first).and_then(|found| {
            found
                .member_ids()
                .find(|member| *member != self.world.bot())
        });
        let Some(member) = member.filter(|_| owns) else {
            return;
        };
        for (place, words) in (1..).zip(self.options.said.clone()) {
            let act = words.act(first, member);
            let at = self.now + place * PAUSE;
            self.agenda.plan(at, Task::Perform(Box::new(act)));
        }
    }
}

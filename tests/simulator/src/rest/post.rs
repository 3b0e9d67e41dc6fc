//! What a bot sends to the service: messages, answers to interactions, and its commands.
use serde_json::Value;

/// The most characters of a message.
const MOST_CHARACTERS: usize = 2000;

/// One thing that a bot sends to the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Post<'a> {
    Message {
        channel: u64,
    },
    Answer {
        interaction: u64,
        token: &'a str,
    },
    /// All commands of the application.
    Commands {
        application: u64,
    },
    /// One command, in place of that of the same name.
    Command {
        application: u64,
    },
}

impl<'a> Post<'a> {
    /// What a request without prefix and version says; `None` when it is none of these.
    pub(super) fn of(method: &str, path: &'a str) -> Option<Self> {
        let segments: Vec<&str> = path.split('/').collect();
        let id = |text: &str| text.parse::<u64>().ok();
        match (method, &segments[..]) {
            ("POST", ["channels", channel, "messages"]) => {
                id(channel).map(|channel| Self::Message { channel })
            }
            ("POST", ["interactions", interaction, token, "callback"]) => {
                let interaction = id(interaction)?;
                Some(Self::Answer { interaction, token })
            }
            (
                "PUT",
                ["applications", application, "commands"]
                | ["applications", application, "guilds", _, "commands"],
            ) => id(application).map(|application| Self::Commands { application }),
            (
                "POST",
                ["applications", application, "commands"]
                | ["applications", application, "guilds", _, "commands"],
            ) => id(application).map(|application| Self::Command { application }),
            _ => None,
        }
    }

    /// Whether it has to come with the bot's token; an answer has the interaction's.
    pub(super) const fn needs_token(self) -> bool {
        !matches!(self, Self::Answer { .. })
    }
}

/// Why a body is refused: the status, the message and the code of the reply.
pub(crate) type Refused = (u16, &'static str, u32);

const NOT_JSON: Refused = (400, "The request body contains invalid JSON.", 50_109);
const INVALID: Refused = (400, "Invalid Form Body", 50_035);
const EMPTY: Refused = (400, "Cannot send an empty message", 50_006);

pub(crate) fn json(body: &[u8]) -> Result<Value, Refused> {
    serde_json::from_slice(body).map_err(|_| NOT_JSON)
}

/// The text of a message; one of embeds or the like may have none.
pub(crate) fn text(message: &Value) -> Result<&str, Refused> {
    let text = match message.get("content") {
        None | Some(Value::Null) => "",
        Some(content) => content.as_str().ok_or(INVALID)?,
    };
    let parts = ["embeds", "components", "sticker_ids", "attachments"];
    let is_list = |part: &str| {
        let list = message.get(part).and_then(Value::as_array);
        list.is_some_and(|list| !list.is_empty())
    };
    let has_parts = parts.into_iter().any(is_list) || message["poll"].is_object();
    match text.chars().count() {
        0 if !has_parts => Err(EMPTY),
        0..=MOST_CHARACTERS => Ok(text),
        _ => Err(INVALID),
    }
}

/// The text of an answer to an interaction; one that only says that it will come has none.
pub(crate) fn answer(answer: &Value) -> Result<&str, Refused> {
    match answer["type"].as_u64() {
        Some(4 | 7) => text(&answer["data"]),
        Some(1 | 5 | 6 | 8..=12) => Ok(""),
        _ => Err(INVALID),
    }
}

/// Commands of an application, of which each has to fit.
pub(crate) fn commands(body: Value) -> Result<Vec<Value>, Refused> {
    let commands = match body {
        Value::Array(commands) => commands,
        one => vec![one],
    };
    match commands.iter().all(is_command) {
        true => Ok(commands),
        false => Err(INVALID),
    }
}

/// Whether name and description are as long as they may be, and of the right letters.
fn is_command(command: &Value) -> bool {
    let length = |key: &str| command[key].as_str().unwrap_or_default().chars().count();
    let is_letter = |c: char| (c.is_alphanumeric() || "-_'".contains(c)) && !c.is_uppercase();
    let is_slash = command["type"].as_u64().unwrap_or(1) == 1;
    let name = command["name"].as_str().unwrap_or_default();
    let fits = name.chars().all(is_letter) && (1..=100).contains(&length("description"));
    (1..=32).contains(&length("name")) && (fits || !is_slash)
}

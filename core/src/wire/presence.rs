//! What a bot shows of itself.

use alloc::string::String;
use alloc::vec::Vec;

use crate::wire::writer::Writer;

/// The body of op 3, and of the presence given when identifying. The default is plainly online.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub struct BotPresence {
    /// Since when the bot is idle, in milliseconds of Unix time.
    pub since: Option<u64>,
    /// What it is doing; usually one entry or none.
    pub activities: Vec<BotActivity>,
    /// How it appears.
    pub status: BotStatus,
    /// Whether it is away from the keyboard.
    pub afk: bool,
}

/// How a bot appears.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub enum BotStatus {
    /// Online.
    #[default]
    Online,
    /// Do not disturb.
    DoNotDisturb,
    /// Idle.
    Idle,
    /// Connected, and shown as offline.
    Invisible,
}

/// One thing a bot is doing. Bots may set no more than these four fields.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub struct BotActivity {
    /// The activity's name.
    pub name: String,
    /// What kind it is.
    pub kind: ActivityKind,
    /// A second line; for a custom status, the status itself.
    pub state: Option<String>,
    /// The stream's address, for [`ActivityKind::Streaming`].
    pub url: Option<String>,
}

/// The kind of an activity, with the wire's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub enum ActivityKind {
    /// "Playing ..."
    Playing = 0,
    /// "Streaming ..."
    Streaming = 1,
    /// "Listening to ..."
    Listening = 2,
    /// "Watching ..."
    Watching = 3,
    /// A custom status.
    Custom = 4,
    /// "Competing in ..."
    Competing = 5,
}

impl BotStatus {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::DoNotDisturb => "dnd",
            Self::Idle => "idle",
            Self::Invisible => "invisible",
        }
    }
}

impl BotPresence {
    pub(crate) fn write(&self, w: &mut Writer<'_>) {
        w.object(|w| {
            w.key("since").option(self.since, |w, since| w.raw(&since));
            w.key("activities")
                .array(|w| self.activities.iter().for_each(|a| a.write(w)));
            w.key("status").string(self.status.as_str());
            w.key("afk").raw(&self.afk);
        });
    }
}

impl BotActivity {
    fn write(&self, w: &mut Writer<'_>) {
        w.object(|w| {
            w.key("name").string(&self.name);
            w.key("type").raw(&(self.kind as u8));
            if let Some(state) = &self.state {
                w.key("state").string(state);
            }
            if let Some(url) = &self.url {
                w.key("url").string(url);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_presence_has_the_documented_shape() {
        let activity = BotActivity {
            name: "a \"game\"".into(),
            kind: ActivityKind::Competing,
            state: Some("s".into()),
            url: None,
        };
        let presence = BotPresence {
            since: Some(7),
            activities: [activity].into(),
            status: BotStatus::DoNotDisturb,
            afk: true,
        };
        let mut text = String::new();
        presence.write(&mut Writer::new(&mut text));
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&text).unwrap(),
            serde_json::json!({"since": 7, "status": "dnd", "afk": true,
                "activities": [{"name": "a \"game\"", "type": 5, "state": "s"}]})
        );
    }
}

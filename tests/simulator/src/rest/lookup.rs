//! What bots look up when they start: members, channels, users, commands and sounds.
use super::{RestReply, refusal};
use crate::intents;
use crate::json;
use crate::options::Options;
use crate::snowflake::is_user;
use crate::world::World;
use crate::world::guild::Guild;
use crate::world::parts;
use crate::world::user::Place;

/// The most members of one page.
const MOST_MEMBERS: usize = 1000;

/// One question about the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lookup {
    DefaultSounds,
    Members {
        guild: u64,
        page: Page,
    },
    Member {
        guild: u64,
        user: u64,
    },
    Channel(u64),
    User(u64),
    Commands {
        application: u64,
    },
    /// An id or an option of the query is none.
    Malformed,
}

/// Which members of a guild, by ascending id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    limit: usize,
    after: u64,
}

impl Page {
    /// The page that a query asks for: one member after the lowest id unless it says otherwise.
    fn of(query: &str) -> Option<Self> {
        let mut page = Self { limit: 1, after: 0 };
        for pair in query.split('&') {
            match pair.split_once('=').unwrap_or((pair, "")) {
                ("limit", text) => page.limit = text.parse().ok()?,
                ("after", text) => page.after = text.parse().ok()?,
                _ => {}
            }
        }
        (1..=MOST_MEMBERS).contains(&page.limit).then_some(page)
    }
}

impl Lookup {
    /// The question that a path without prefix and version asks; `None` when it is none.
    pub(super) fn of(path: &str, query: &str) -> Option<Self> {
        let segments: Vec<&str> = path.split('/').collect();
        let id = |text: &str| text.parse::<u64>().ok();
        let found = match segments[..] {
            ["soundboard-default-sounds"] => Some(Self::DefaultSounds),
            ["guilds", guild, "members"] => id(guild).and_then(|guild| {
                let page = Page::of(query)?;
                Some(Self::Members { guild, page })
            }),
            ["guilds", guild, "members", user] => id(guild).and_then(|guild| {
                let user = id(user)?;
                Some(Self::Member { guild, user })
            }),
            ["channels", channel] => id(channel).map(Self::Channel),
            ["users", user] => id(user).map(Self::User),
            ["applications", application, "commands"]
            | ["applications", application, "guilds", _, "commands"] => {
                id(application).map(|application| Self::Commands { application })
            }
            _ => return None,
        };
        Some(found.unwrap_or(Self::Malformed))
    }

    /// The answer from the world as it stands.
    pub(super) fn answer(self, world: &World, options: &Options) -> RestReply {
        let found = match self {
            Self::Malformed => return refusal(400, "Invalid Form Body", 50_035),
            Self::DefaultSounds => Some(json::list(|_| {})),
            Self::Members { .. } if options.granted & intents::GUILD_MEMBERS == 0 => {
                return refusal(403, "Missing Access", 50_001);
            }
            Self::Members { guild, page } => world.guild(guild).map(|it| members(world, it, page)),
            Self::Member { guild, user } => world.member_json(guild, user),
            Self::Channel(channel) => channel_of(world, channel),
            Self::User(user) => user_of(world, user),
            Self::Commands { application } if application == world.bot() => {
                Some(json::list(|_| {}))
            }
            Self::Commands { .. } => return refusal(403, "Missing Access", 50_001),
        };
        match found {
            Some(body) => RestReply { status: 200, body },
            None => self.unknown(world),
        }
    }

    fn unknown(self, world: &World) -> RestReply {
        let (what, code) = match self {
            Self::Member { guild, .. } if world.guild(guild).is_some() => ("Member", 10_007),
            Self::Members { .. } | Self::Member { .. } => ("Guild", 10_004),
            Self::Channel(_) => ("Channel", 10_003),
            Self::User(_) => ("User", 10_013),
            Self::DefaultSounds | Self::Commands { .. } | Self::Malformed => ("Resource", 0),
        };
        refusal(404, &format!("Unknown {what}"), code)
    }
}

fn members(world: &World, guild: &Guild, page: Page) -> String {
    json::list(|w| {
        let ids = guild.member_ids().filter(|id| *id > page.after);
        for id in ids.take(page.limit) {
            w.entry(|w| world.write_member(guild, id, w));
        }
    })
}

fn channel_of(world: &World, channel: u64) -> Option<String> {
    world.guilds().find_map(|guild| {
        let mut numbers = guild.channels.numbers();
        let number = numbers.find(|number| parts::channel_id(guild, *number) == channel)?;
        let write = |w: &mut _| parts::channel(world.seed(), guild, number, true, w);
        Some(json::object(write))
    })
}

/// Anyone whom the world can draw, and the owner of the application.
fn user_of(world: &World, user: u64) -> Option<String> {
    let exists = is_user(user) || user == world.bot() + 1;
    exists.then(|| json::object(|w| world.user(user).write(w, Place::Event)))
}

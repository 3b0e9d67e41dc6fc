//! The few HTTP calls that a bot makes: what it asks when it starts, and what it says.
mod lookup;
pub(crate) mod post;

use crate::edge::Millis;
use crate::json::{self, Id};
use crate::options::Options;
use crate::world::World;
use crate::world::name;
use crate::world::user::Place;
use lookup::Lookup;
use post::{Post, Refused};

/// One HTTP request.
#[derive(Clone, Copy)]
pub struct Rest<'a> {
    /// The method, in capitals.
    pub method: &'a str,
    /// The path, with or without its query, `/api` and a version.
    pub path: &'a str,
    /// The `Authorization` header, if there was one.
    pub authorization: Option<&'a str>,
    /// The body, empty if there was none.
    pub body: &'a [u8],
}

/// One HTTP reply; its body is `application/json`, or empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestReply {
    /// The HTTP status.
    pub status: u16,
    /// JSON text.
    pub body: String,
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call<'a> {
    Gateway,
    GatewayBot,
    User,
    Application,
    Lookup(Lookup),
    Post(Post<'a>),
    WrongMethod,
    Unknown,
}

impl<'a> Call<'a> {
    pub(crate) fn of(request: &Rest<'a>) -> Self {
        let (path, query) = request.path.split_once('?').unwrap_or((request.path, ""));
        let path = path.strip_prefix("/api").unwrap_or(path);
        let versioned = path
            .strip_prefix("/v")
            .and_then(|rest| rest.split_once('/'));
        let path = match versioned {
            Some((version, rest)) if version.parse::<u32>().is_ok() => rest,
            _ => path.trim_start_matches('/'),
        };
        if let Some(post) = Post::of(request.method, path) {
            return Self::Post(post);
        }
        let call = match path {
            "gateway" => Self::Gateway,
            "gateway/bot" => Self::GatewayBot,
            "users/@me" => Self::User,
            "oauth2/applications/@me" | "applications/@me" => Self::Application,
            other => match Lookup::of(other, query) {
                Some(lookup) => Self::Lookup(lookup),
                None => return Self::Unknown,
            },
        };
        if request.method == "GET" {
            call
        } else {
            Self::WrongMethod
        }
    }

    pub(crate) fn needs_token(self) -> bool {
        match self {
            Self::GatewayBot | Self::User | Self::Application | Self::Lookup(_) => true,
            Self::Post(post) => post.needs_token(),
            Self::Gateway | Self::WrongMethod | Self::Unknown => false,
        }
    }

    /// The reply; `left` is what is left of the identify budget, and for how long.
    pub(crate) fn answer(
        self,
        world: &World,
        url: &str,
        options: &Options,
        left: (u32, Millis),
    ) -> RestReply {
        let body = match self {
            Self::Gateway => json::object(|w| w.field("url", url)),
            Self::GatewayBot => gateway_bot(url, options, left),
            Self::User => json::object(|w| world.user(world.bot()).write(w, Place::Own)),
            Self::Application => application(world),
            Self::Lookup(lookup) => return lookup.answer(world, options),
            Self::Post(_) | Self::WrongMethod => return refusal(405, "405: Method Not Allowed", 0),
            Self::Unknown => return refusal(404, "404: Not Found", 0),
        };
        RestReply { status: 200, body }
    }
}

/// The reply to a call without the bot's token.
pub(crate) fn unauthorised() -> RestReply {
    refusal(401, "401: Unauthorized", 0)
}

/// The reply to a body that is refused.
pub(crate) fn refused((status, message, code): Refused) -> RestReply {
    refusal(status, message, code)
}

fn refusal(status: u16, message: &str, code: u32) -> RestReply {
    let body = json::object(|w| {
        w.field("message", message);
        w.field("code", code);
    });
    RestReply { status, body }
}

fn gateway_bot(url: &str, options: &Options, (remaining, reset_after): (u32, Millis)) -> String {
    json::object(|w| {
        w.field("url", url);
        w.object("session_start_limit", |w| {
            w.field("max_concurrency", options.max_concurrency.max(1));
            w.field("remaining", remaining);
            w.field("reset_after", reset_after);
            w.field("total", options.limits.identify_total);
        });
        w.field("shards", options.shards.max(1));
    })
}

fn application(world: &World) -> String {
    let mut rng = crate::rng::Rng::of(&[world.seed(), 2]);
    json::object(|w| {
        w.field("id", Id(world.bot()));
        w.field("name", name::shown(&mut rng).as_str());
        w.field("icon", json::Null);
        w.field("description", "A simulated application.");
        w.field("type", json::Null);
        w.object("bot", |w| world.user(world.bot()).write(w, Place::Member));
        w.field("summary", "");
        w.field("bot_public", true);
        w.field("bot_require_code_grant", false);
        w.field("verify_key", "00".repeat(32).as_str());
        w.field("flags", 565_248_u32);
        w.field("hook", true);
        w.field("is_monetized", false);
        w.list("tags", |_| {});
        w.list("redirect_uris", |_| {});
        w.field("interactions_endpoint_url", json::Null);
        w.field("role_connections_verification_url", json::Null);
        w.object("owner", |w| {
            world.user(world.bot() + 1).write(w, Place::Member);
        });
        w.field("approximate_guild_count", world.guilds().count() as u64);
        w.field("approximate_user_install_count", 0_u32);
        w.field("team", json::Null);
    })
}

//! What is fed: a tracker or a whole shard.

use headcount_core::chunk::{MemberQuery, RequestId};
use headcount_core::id::GuildId;
use headcount_core::setup::Chunking;
use headcount_core::tracker::{TrackerConfig, TrackerInput};
use headcount_core::{
    Action, Actions, Config, Input, Instant, RequestError, Shard, ShardId, Token, Tracker,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::script::{Closed, Kind, Settings};

/// One of the two, with the same doors.
pub(crate) enum Machine {
    Tracker(Box<Tracker>),
    Shard(Box<Shard>),
}

/// What a tracker receives of a payload.
#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(default)]
    op: u64,
    t: Option<String>,
    s: Option<u64>,
    #[serde(borrow)]
    d: Option<&'a RawValue>,
}

impl Machine {
    pub(crate) fn new(settings: &Settings, shard: ShardId) -> Result<Self, String> {
        let intents = settings.intents()?;
        let mut tracker = TrackerConfig::default();
        tracker.setup.chunking = Chunking {
            presences: settings.presences,
            ..settings.chunking().into()
        };
        Ok(match settings.machine {
            Kind::Tracker => {
                let machine = Tracker::new(shard, intents, tracker, settings.seed);
                Self::Tracker(Box::new(machine))
            }
            Kind::Shard => {
                let mut config = Config::new(Token::new("replayed"), intents, shard);
                (config.tracker, config.url) = (tracker, settings.url.as_str().into());
                Self::Shard(Box::new(Shard::new(config, settings.seed)))
            }
        })
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Tracker(tracker) => tracker.poll_timeout(),
            Self::Shard(shard) => shard.poll_timeout().map(|deadline| deadline.at),
        }
    }

    /// Wakes the machine. A shard that dials is connected at once.
    pub(crate) fn wake(&mut self, now: Instant, sink: &mut dyn FnMut(&Action<'_>)) {
        match self {
            Self::Tracker(tracker) => each(tracker.handle(now, TrackerInput::Timeout), sink),
            Self::Shard(shard) => {
                let mut dials = false;
                each(shard.handle(now, Input::Timeout), &mut |action| {
                    dials |= matches!(action, Action::Connect { .. });
                    sink(action);
                });
                if dials {
                    each(shard.handle(now, Input::Opened), sink);
                }
            }
        }
    }

    /// The gateway says `text`. Of what is no dispatch a tracker hears nothing.
    pub(crate) fn payload(
        &mut self,
        now: Instant,
        text: &str,
        sink: &mut dyn FnMut(&Action<'_>),
    ) -> Result<(), String> {
        match self {
            Self::Shard(shard) => each(shard.handle(now, Input::Payload(text.as_bytes())), sink),
            Self::Tracker(tracker) => {
                let frame: Frame<'_> =
                    serde_json::from_str(text).map_err(|why| format!("payload: {why}"))?;
                if frame.op == 0 {
                    let name = frame.t.ok_or("payload: a dispatch has a name (t)")?;
                    let data = frame.d.map_or("null", RawValue::get);
                    each(tracker.dispatch(now, &name, frame.s, data), sink);
                }
            }
        }
        Ok(())
    }

    pub(crate) fn closed(&mut self, now: Instant, end: &Closed, sink: &mut dyn FnMut(&Action<'_>)) {
        match self {
            Self::Tracker(tracker) => {
                each(tracker.handle(now, TrackerInput::ConnectionLost), sink);
            }
            Self::Shard(shard) => each(shard.handle(now, Input::Closed(end.code)), sink),
        }
    }

    pub(crate) fn request(
        &mut self,
        guild: GuildId,
        query: MemberQuery,
        presences: bool,
    ) -> Result<RequestId, RequestError> {
        match self {
            Self::Tracker(tracker) => tracker.request_members(guild, query, presences),
            Self::Shard(shard) => shard.request_members(guild, query, presences),
        }
    }
}

fn each(actions: Actions<'_>, sink: &mut dyn FnMut(&Action<'_>)) {
    actions.iter().for_each(sink);
}

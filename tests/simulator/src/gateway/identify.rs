//! Identify: its checks, its budgets, and READY.
use super::opening::plain;
use super::{Gateway, Task};
use crate::connection::Phase;
use crate::edge::{ConnectionId, Millis};
use crate::faults::Trouble;
use crate::intents;
use crate::json::{Id, Writer};
use crate::ledger::StartRecord;
use crate::options::Options;
use crate::rules::Rule;
use crate::session::{Session, View};
use crate::token::Token;
use crate::world::World;
use crate::world::guild::Guild;
use crate::world::user::Place;
use serde_json::Value;
use std::collections::BTreeMap;

/// The identify budgets of one bot.
#[derive(Debug, Default)]
pub(super) struct IdentifyGate {
    /// When each bucket was used last.
    buckets: BTreeMap<u32, Millis>,
    spent: u32,
    /// When the first identify of the window came.
    since: Option<Millis>,
    /// The budget was overdrawn: the token is no longer valid.
    pub(super) token_reset: bool,
}

impl IdentifyGate {
    /// What is left of the budget, and the milliseconds until it is whole again.
    pub(super) fn left(&self, now: Millis, options: &Options) -> (u32, Millis) {
        let total = options.limits.identify_total;
        match self
            .since
            .map(|since| since + options.limits.identify_window)
        {
            Some(end) if end > now => (total.saturating_sub(self.spent), end - now),
            _ => (total, 0),
        }
    }

    /// Spends one identify; false when none was left.
    fn spend(&mut self, now: Millis, options: &Options) -> bool {
        let (left, reset_after) = self.left(now, options);
        if reset_after == 0 {
            (self.since, self.spent) = (Some(now), 0);
        }
        self.spent += 1;
        left > 0
    }

    /// Uses a bucket; the milliseconds that are missing when that is too early.
    fn use_bucket(&mut self, now: Millis, shard: u32, options: &Options) -> Result<(), Millis> {
        let bucket = shard % options.max_concurrency.max(1);
        let free = self
            .buckets
            .get(&bucket)
            .map_or(0, |at| at + options.limits.identify_spacing);
        if free > now {
            return Err(free - now);
        }
        self.buckets.insert(bucket, now);
        Ok(())
    }
}

/// What an identify asks for, once all checks have passed.
pub(super) struct Wanted {
    token: Token,
    view: View,
    echo_shard: bool,
}

impl Wanted {
    /// The same as this session was given.
    pub(super) fn like(session: &Session) -> Self {
        Self {
            token: session.token.clone(),
            view: session.view,
            echo_shard: true,
        }
    }
}

/// What is wrong with an identify: the rule, the detail and the close code.
type Fault = (Rule, String, u16);

impl Gateway {
    pub(super) fn identify(&mut self, id: ConnectionId, d: &Value) {
        let wanted = match self.examine(d) {
            Ok(wanted) => wanted,
            Err((rule, detail, code)) => {
                self.note_start(id, None, false);
                return self.punish(id, rule, detail, code);
            }
        };
        let shard = wanted.view.shard;
        let admitted = self.admit(id, shard[0]);
        self.note_start(id, Some(shard), admitted);
        if admitted {
            self.start(id, wanted);
        }
    }

    fn note_start(&mut self, connection: ConnectionId, shard: Option<[u32; 2]>, accepted: bool) {
        self.ledger.identifies.push(StartRecord {
            at: self.now,
            connection,
            shard,
            accepted,
        });
    }

    fn examine(&self, d: &Value) -> Result<Wanted, Fault> {
        let body = |what: &str| (Rule::Body, format!("identify {what}"), 4001);
        let text = d
            .get("token")
            .and_then(Value::as_str)
            .ok_or_else(|| body("without token"))?;
        let token = Token::new(text)
            .filter(|_| self.knows(Some(text)))
            .ok_or_else(|| (Rule::Token, "another token".to_owned(), 4004))?;
        if !d.get("properties").is_some_and(Value::is_object) {
            return Err(body("without properties"));
        }
        let bits = d.get("intents").and_then(Value::as_u64);
        let intents = bits.ok_or_else(|| body("without intents"))?;
        self.examine_intents(intents)?;
        let large_threshold = match d.get("large_threshold").filter(|value| !value.is_null()) {
            None => 50,
            Some(value) => value
                .as_u64()
                .filter(|threshold| (25..=250).contains(threshold))
                .ok_or_else(|| body("with a large_threshold out of 50..=250"))?,
        };
        let asked = d.get("shard").filter(|shard| !shard.is_null());
        let shard = asked.map_or(Ok([0, 1]), shard_of)?;
        let view = View {
            shard,
            intents,
            large_threshold: large_threshold as u32,
        };
        self.examine_shard(view)?;
        Ok(Wanted {
            token,
            view,
            echo_shard: asked.is_some(),
        })
    }

    fn examine_intents(&self, bits: u64) -> Result<(), Fault> {
        let unknown = bits & !intents::ALL;
        if unknown != 0 {
            return Err((Rule::UnknownIntent, format!("bits {unknown}"), 4013));
        }
        let refused = bits & intents::PRIVILEGED & !self.options.granted;
        if refused != 0 {
            return Err((Rule::PrivilegedIntent, format!("bits {refused}"), 4014));
        }
        Ok(())
    }

    fn examine_shard(&self, view: View) -> Result<(), Fault> {
        let [id, count] = view.shard;
        let allowed = &self.options.shard_counts;
        if id >= count || !(allowed.is_empty() || allowed.contains(&count)) {
            return Err((Rule::Shard, format!("shard {id} of {count}"), 4010));
        }
        let guilds = self
            .world
            .guilds()
            .filter(|guild| view.owns(Some(guild.id())))
            .count();
        if guilds > self.options.limits.guilds_per_shard {
            return Err((Rule::GuildsPerShard, format!("{guilds} guilds"), 4011));
        }
        Ok(())
    }

    /// Whether this is the bot's token, and still valid.
    pub(super) fn knows(&self, text: Option<&str>) -> bool {
        let token = text.and_then(Token::new);
        let right = match (&self.options.token, &token) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(right), Some(token)) => right == token,
        };
        right && !self.gate.token_reset
    }

    /// Spends the budgets; false when the identify is refused, and then the client knows.
    fn admit(&mut self, id: ConnectionId, shard: u32) -> bool {
        if !self.gate.spend(self.now, &self.options) {
            self.blame(id, Rule::IdentifyBudget, "one more than the budget");
            self.reset_token();
            self.close(id, Some(4004));
            return false;
        }
        if let Err(early) = self.gate.use_bucket(self.now, shard, &self.options) {
            self.blame(
                id,
                Rule::IdentifyPace,
                format!("shard {shard}, {early} ms too early"),
            );
            self.say(id, plain(9, false));
            return false;
        }
        if let Some(resumable) = self.faults.strike(Some(shard), |trouble| match trouble {
            Trouble::InvalidateIdentify { resumable } => Some(*resumable),
            _ => None,
        }) {
            self.say(id, plain(9, resumable));
            return false;
        }
        true
    }

    fn reset_token(&mut self) {
        self.gate.token_reset = true;
        for session in self.sessions_that(|_| true) {
            let attached = self.sessions.get(&session).and_then(|found| found.attached);
            self.end_session(session);
            if let Some(connection) = attached {
                self.close(connection, Some(4004));
            }
        }
    }

    /// READY: a session begins on this connection.
    pub(super) fn start(&mut self, id: ConnectionId, wanted: Wanted) {
        self.started += 1;
        let number = self.started;
        let mut session = Session::new(wanted.token, wanted.view, id, &mut self.rng);
        session.numbered = self.numbers.last(wanted.view);
        let owned = |guild: &&Guild| wanted.view.owns(Some(guild.id()));
        let guilds: Vec<u64> = self.world.guilds().filter(owned).map(Guild::id).collect();
        if wanted.view.wants(intents::GUILDS) {
            session.arriving = guilds.iter().copied().collect();
        }
        let ready = Ready {
            session: session.name.clone(),
            resume_url: self.resume.clone(),
            guilds,
            shard: wanted.echo_shard.then_some(wanted.view.shard),
        };
        self.sessions.insert(number, session);
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.phase = Phase::Attached(number);
        }
        self.dispatch(number, "READY", |world, _, w| ready.write(world, w));
        self.agenda.plan(self.now, Task::Stream(number));
        self.close_after_start(id);
    }

    /// A fault: accepted, then closed.
    pub(super) fn close_after_start(&mut self, id: ConnectionId) {
        let shard = self.shard_on(id);
        if let Some(code) = self.faults.strike(shard, |trouble| match trouble {
            Trouble::CloseAfterStart(code) => Some(*code),
            _ => None,
        }) {
            self.close(id, code);
        }
    }
}

fn shard_of(value: &Value) -> Result<[u32; 2], Fault> {
    let wrong = || (Rule::Shard, format!("{value} as shard"), 4010);
    let pair = value
        .as_array()
        .filter(|pair| pair.len() == 2)
        .ok_or_else(wrong)?;
    let number = |at: usize| {
        pair.get(at)
            .and_then(Value::as_u64)
            .and_then(|n| n.try_into().ok())
    };
    Ok([number(0).ok_or_else(wrong)?, number(1).ok_or_else(wrong)?])
}

/// The body of READY.
struct Ready {
    session: String,
    resume_url: String,
    guilds: Vec<u64>,
    shard: Option<[u32; 2]>,
}

impl Ready {
    fn write(&self, world: &World, w: &mut Writer) {
        w.field("v", 10_u32);
        w.object("user_settings", |_| {});
        w.object("user", |w| world.user(world.bot()).write(w, Place::Own));
        if let Some(shard) = self.shard {
            w.list("shard", |w| shard.iter().for_each(|number| w.item(*number)));
        }
        w.field("session_type", "normal");
        w.field("session_id", &self.session);
        w.field("resume_gateway_url", &self.resume_url);
        w.list("relationships", |_| {});
        w.list("private_channels", |_| {});
        w.list("presences", |_| {});
        w.list("guilds", |w| {
            for guild in &self.guilds {
                w.entry(|w| {
                    w.field("unavailable", true);
                    w.field("id", Id(*guild));
                });
            }
        });
        w.list("guild_join_requests", |_| {});
        w.list("geo_ordered_rtc_regions", |w| w.item("rotterdam"));
        w.list("game_relationships", |_| {});
        w.object("auth", |_| {});
        w.object("application", |w| {
            w.field("id", Id(world.bot()));
            w.field("flags_new", "565248");
            w.field("flags", 565_248_u32);
        });
        w.list("_trace", |w| w.item(r#"["gateway-sim",{"micros":1}]"#));
    }
}

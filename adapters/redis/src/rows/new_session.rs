//! What belongs to no guild: which guilds a new session leaves behind.

use std::collections::BTreeSet;

use futures_util::stream::{self, StreamExt};
use headcount_core::Position;
use headcount_core::cache::memory::{Applied, Exported};
use headcount_core::cache::{GuildStatus, MemoryStore, Mutation, NewSession, Op, Rows};
use headcount_core::id::GuildId;
use serde_json::{Value, json};

use crate::rows::RowStore;
use crate::rows::error::RowsError;
use crate::rows::failed::FailedChange;
use crate::rows::head::SCHEMA;
use crate::rows::held::GuildStep;
use crate::rows::keys;
use crate::rows::link::Link;

/// How often what the sessions say is judged anew since another shard's was judged meanwhile.
const ATTEMPTS: u32 = 64;

/// So many guilds are dealt with at a time.
const AT_A_TIME: usize = 64;

/// Says which version of the schema the rows follow, or finds that they follow it.
pub(crate) async fn claim_schema(link: &Link) -> Result<(), RowsError> {
    let mut commands = redis::pipe();
    let key = keys::rows(&link.prefix);
    commands
        .cmd("HSETNX")
        .arg(&key)
        .arg("schema")
        .arg(SCHEMA)
        .ignore();
    commands.cmd("HGET").arg(&key).arg("schema");
    let found = link.ask_all(&commands).await?.into_iter().next();
    check_schema(found)
}

/// The schema that is there has to be this one.
pub(crate) fn check_schema(found: Option<redis::Value>) -> Result<(), RowsError> {
    let found: Option<u64> =
        redis::from_redis_value(found.unwrap_or(redis::Value::Nil)).or(Err(RowsError::Damaged))?;
    match found {
        None | Some(SCHEMA) => Ok(()),
        Some(schema) => Err(RowsError::OtherSchema(schema)),
    }
}

impl RowStore {
    /// Applies a mutation that is about no guild.
    pub(crate) async fn apply_outside(
        &self,
        mutation: &Mutation<'static>,
    ) -> Result<Applied, RowsError> {
        let mut applied = Applied::default();
        for op in mutation.ops() {
            match op {
                Op::NewSession(session) => {
                    applied.vanished = self.new_session(session, mutation.origin()).await?;
                }
                Op::Upsert(rows) if !matches!(rows, Rows::CurrentUser(_)) => {
                    return Err(RowsError::Unsupported(rows.kind()));
                }
                _ => {}
            }
        }
        Ok(applied)
    }

    async fn new_session(
        &self,
        session: &NewSession,
        origin: Option<Position>,
    ) -> Result<Vec<GuildId>, RowsError> {
        if let Some(origin) = origin {
            self.known.begin(origin);
        }
        // Each of these is delivered anew. Until Redis knows, nobody is to trust what is there.
        for guild in &session.guilds {
            self.known.forget(*guild);
            self.known.distrust(*guild, FailedChange::Lost);
        }
        let listed = self.link.guilds().await?;
        let judged = self.judge(session, &listed).await?;
        let unnamed = judged.into_iter();
        let drop = unnamed.map(|guild| self.drop_unnamed(guild, session));
        let vanished: Vec<GuildId> = all_of(drop).await?.into_iter().flatten().collect();
        let (named, gone): (BTreeSet<_>, BTreeSet<_>) =
            (session.guilds.iter().collect(), vanished.iter().collect());
        let is_own = |guild: &GuildId| {
            named.contains(guild) || !session.is_whole && session.shard.serves(*guild)
        };
        let stays = |guild: &GuildId| is_own(guild) && !gone.contains(guild);
        let own = listed.into_iter().filter(stays);
        all_of(own.map(|guild| self.wait_for(guild, session, origin))).await?;
        let known = session.guilds.iter();
        known.for_each(|guild| self.known.trust(*guild));
        Ok(vanished)
    }

    /// Which of the guilds are gone, as the sessions of all shards say together.
    async fn judge(
        &self,
        session: &NewSession,
        listed: &[GuildId],
    ) -> Result<Vec<GuildId>, RowsError> {
        let key = keys::rows(&self.link.prefix);
        let mut look = redis::cmd("HGET");
        look.arg(&key).arg("sessions");
        for _ in 0..ATTEMPTS {
            let old: Option<String> = self.link.ask(&look).await?;
            let (vanished, new) = judged(session, listed, old.as_deref())?;
            let both = (old.as_deref(), &*new);
            if self.link.swap_sessions(&key, session.shard, both).await? {
                return Ok(vanished);
            }
        }
        Err(RowsError::Contended)
    }

    /// Takes away a guild that no session named, unless another shard of the new number has spoken
    /// of it. The guild, if it went.
    async fn drop_unnamed(
        &self,
        guild: GuildId,
        session: &NewSession,
    ) -> Result<Option<GuildId>, RowsError> {
        if !session.shard.serves(guild) {
            let head = self.link.head(&self.keys(guild)).await?;
            let position = head.and_then(|head| head.state.position());
            if position.is_some_and(|at| at.shard.total() == session.shard.total()) {
                return Ok(None);
            }
        }
        self.known.forget(guild);
        self.known.distrust(guild, FailedChange::Lost);
        self.delete(guild, None).await?;
        self.known.trust(guild);
        Ok(Some(guild))
    }

    /// The guild's rows are old until it is delivered, and some are gone.
    async fn wait_for(
        &self,
        guild: GuildId,
        session: &NewSession,
        origin: Option<Position>,
    ) -> Result<(), RowsError> {
        let head = self.link.head(&self.keys(guild)).await?;
        if head.is_none() || head.as_ref().is_some_and(|it| it.includes(origin)) {
            return Ok(());
        }
        let own = NewSession {
            shard: session.shard,
            guilds: vec![guild],
            is_whole: false,
        };
        let op = Op::NewSession(Box::new(own));
        let mut mutation = Mutation::new(Some(guild)).with(op);
        if let Some(origin) = origin {
            mutation = mutation.at(origin);
        }
        self.known.forget(guild);
        self.known.distrust(guild, FailedChange::Lost);
        let mut step = GuildStep::of(mutation);
        step.is_anew = true;
        self.step(guild, head, &step).await?;
        Ok(())
    }
}

/// What came of these in their order, of which some wait at a time and each to its end; the first
/// error instead, if there is one.
async fn all_of<T>(
    each: impl Iterator<Item = impl Future<Output = Result<T, RowsError>>>,
) -> Result<Vec<T>, RowsError> {
    let ended: Vec<_> = stream::iter(each).buffered(AT_A_TIME).collect().await;
    ended.into_iter().collect()
}

/// Which of the guilds are gone, and what the sessions say from now on.
fn judged(
    session: &NewSession,
    listed: &[GuildId],
    sessions: Option<&str>,
) -> Result<(Vec<GuildId>, String), RowsError> {
    let mut store = MemoryStore::new(0);
    if let Some(sessions) = sessions {
        let sessions: Value = serde_json::from_str(sessions).or(Err(RowsError::Damaged))?;
        let state = json!({"store": {"current_user": null, "application": null, "pending": [],
            "positions": [], "sessions": sessions, "kinds": []}});
        let state = serde_json::from_str(&state.to_string());
        let state: Exported<'static> = state.or(Err(RowsError::Damaged))?;
        store.import(state);
    }
    for guild in listed {
        let there = Op::SetStatus(GuildStatus::Outage);
        store.apply(Mutation::new(Some(*guild)).with(there));
    }
    let op = Op::NewSession(Box::new(session.clone()));
    let vanished = store.apply(Mutation::new(None).with(op)).vanished;
    let state = store.export().next().map(serde_json::to_value);
    let state = state.and_then(Result::ok).ok_or(RowsError::Damaged)?;
    Ok((vanished, state["store"]["sessions"].to_string()))
}

//! Actions as lines of JSON.

use headcount_core::cache::{Mutation, Op, Rows};
use headcount_core::chunk::{ChunkRequestFinished, RequestId};
use headcount_core::setup::{GuildReady, ShardFinishedChunking};
use headcount_core::wire::command::Command;
use headcount_core::{Action, Event, Instant, ShardId};
use serde::Serialize;
use serde_json::{Value, json};

#[derive(Serialize)]
struct Output<'a> {
    t_ms: u64,
    shard: ShardId,
    kind: &'a str,
    details: Value,
}

/// One line of output.
pub(crate) fn line(now: Instant, shard: ShardId, kind: &str, details: Value) -> String {
    let t_ms = now.as_millis();
    let output = Output {
        t_ms,
        shard,
        kind,
        details,
    };
    serde_json::to_string(&output).unwrap_or_default()
}

/// An action as a line.
pub(crate) fn action_line(now: Instant, shard: ShardId, action: &Action<'_>) -> String {
    let (kind, details) = match action {
        Action::Connect { url } => ("connect", json!({ "url": url })),
        Action::Send(command) => ("send", sent(command)),
        Action::Close(code) => ("close", json!({ "code": code })),
        Action::WantIdentify => ("want_identify", Value::Null),
        Action::Mutate(mutation) => ("mutate", mutated(mutation)),
        Action::Confirm(barrier) => ("confirm", json!({ "guild": barrier.guild() })),
        Action::Emit(event) => ("emit", emitted(event)),
    };
    line(now, shard, kind, details)
}

/// The payload as it goes out, but for the token.
fn sent(command: &Command) -> Value {
    let mut scratch = String::new();
    let mut payload: Value = serde_json::from_str(command.encode(&mut scratch)).unwrap_or_default();
    if let Some(data) = payload.get_mut("d").and_then(Value::as_object_mut) {
        data.remove("token");
    }
    payload
}

fn mutated(mutation: &Mutation<'_>) -> Value {
    let steps: Vec<Value> = mutation.ops().map(step).collect();
    json!({ "guild": mutation.guild(), "steps": steps })
}

fn step(op: &Op<'_>) -> Value {
    match op {
        Op::Upsert(rows) => json!({ "upsert": counted(rows) }),
        Op::Patch(rows) => json!({ "patch": counted(rows) }),
        Op::Replace(rows) => json!({ "replace": counted(rows) }),
        other => serde_json::to_value(other).unwrap_or_default(),
    }
}

/// Rows by their kind and number.
fn counted(rows: &Rows<'_>) -> Value {
    match rows {
        Rows::CurrentUser(_) => json!({ "current_user": 1 }),
        Rows::Guild(_) => json!({ "guilds": 1 }),
        Rows::Channels(rows) => json!({ "channels": rows.len() }),
        Rows::Roles(rows) => json!({ "roles": rows.len() }),
        Rows::Members(rows) => json!({ "members": rows.len() }),
        Rows::Users(rows) => json!({ "users": rows.len() }),
        Rows::Presences(rows) => json!({ "presences": rows.len() }),
        _ => json!("other rows"),
    }
}

fn emitted(event: &Event<'_>) -> Value {
    match event {
        Event::Dispatch(dispatch) => {
            let name = dispatch.name_text().as_cow();
            json!({ "dispatch": name, "sequence": dispatch.sequence() })
        }
        Event::StateChanged(change) => {
            let [from, to] = [change.from, change.to].map(|phase| format!("{phase:?}"));
            json!({ "state": to, "from": from, "reason": format!("{:?}", change.reason) })
        }
        Event::Resumed { replayed } => json!({ "resumed": replayed }),
        Event::GuildReady(ready) => json!({ "guild_ready": set_up(ready) }),
        Event::GuildJoin(ready) => json!({ "guild_join": set_up(ready) }),
        Event::GuildRestored(ready) => json!({ "guild_restored": set_up(ready) }),
        Event::GuildUnavailable(gone) => json!({ "guild_unavailable": gone.guild }),
        Event::GuildLeave(left) => json!({ "guild_leave": left.guild }),
        Event::ChunkRequestFinished(end) => json!({ "chunk_request_finished": finished(end) }),
        Event::ShardFinishedChunking(all) => json!({ "shard_finished_chunking": summary(all) }),
        Event::ShardReady(ready) => json!({ "shard_ready":
            { "available": ready.available, "unavailable": ready.unavailable } }),
        other => json!(format!("{other:?}")),
    }
}

fn set_up(ready: &GuildReady) -> Value {
    json!({
        "guild": ready.guild,
        "outcome": format!("{:?}", ready.outcome),
        "presences": format!("{:?}", ready.presences),
        "members": ready.members.received,
        "of": ready.members.expected,
    })
}

fn finished(end: &ChunkRequestFinished) -> Value {
    json!({
        "guild": end.guild,
        "request": end.request.map(RequestId::get),
        "nonce": end.nonce.as_ref().map(ToString::to_string),
        "attempts": end.attempts,
        "chunks": end.chunk_count,
        "missed": end.missed,
        "not_found": end.not_found,
        "members": end.members,
        "unread": end.unread,
        "first_ms": end.first_receipt.map(Instant::as_millis),
        "last_ms": end.last_receipt.map(Instant::as_millis),
        "reason": format!("{:?}", end.reason),
    })
}

fn summary(all: &ShardFinishedChunking) -> Value {
    json!({
        "complete": all.complete,
        "incomplete": all.incomplete,
        "unread": all.unread,
        "not_asked": all.not_asked,
        "no_intent": all.no_intent,
        "store_failed": all.store_failed,
        "missed": all.missed,
        "unavailable": all.unavailable,
        "removed": all.removed,
        "refused": all.refused,
        "presences": all.presences.as_ref().map(|presences| {
            json!({ "complete": presences.complete, "lacking": presences.lacking })
        }),
    })
}

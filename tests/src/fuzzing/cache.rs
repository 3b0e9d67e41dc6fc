//! The store in memory beside a naive model that is fed with the same dispatches.
mod draw;
mod model;

use crate::scenario::Source;
use draw::{Fed, draw};
use headcount_core::ShardId;
use headcount_core::cache::memory::Completeness;
use headcount_core::cache::{Deriver, GuildStatus, Kinds, MemoryStore, Mutation};
use headcount_core::id::{GuildId, RoleId, UserId};
use headcount_core::wire::Name;
use headcount_core::wire::view::{Status, View};
use model::{Guild, Member, Model};
use std::collections::BTreeMap;

/// Guilds 1 to 3.
const GUILDS: u64 = 3;
/// Users 9, who is the bot, to 14.
const USERS: std::ops::Range<u64> = 9..15;

fn kinds() -> Kinds {
    Kinds::GUILDS
        | Kinds::CHANNELS
        | Kinds::ROLES
        | Kinds::MEMBERS
        | Kinds::PRESENCES
        | Kinds::VOICE_STATES
}

pub(super) fn run(bytes: &[u8]) {
    let source = &mut Source::bytes(bytes);
    let sweeps = source.percent(40);
    let mut model = Model::new(sweeps);
    let mut store = MemoryStore::new(source.below(3));
    let mut deriver = Deriver::new(ShardId::ONE, kinds()).sweep_after_chunk(sweeps);
    while !source.is_spent() {
        let fed = draw(source);
        model.feed(&fed);
        feed(&mut store, &mut deriver, &fed);
        let held = snapshot(&store);
        assert_eq!(held, model.guilds, "after {} {}", fed.name, fed.data);
        let users: BTreeMap<u64, String> = USERS.filter_map(|id| named(&store, id)).collect();
        assert_eq!(users, model.held_users(), "after {} {}", fed.name, fed.data);
    }
}

/// What a tracker would do; and what arrives may have crossed a border between processes.
fn feed(store: &mut MemoryStore, deriver: &mut Deriver, fed: &Fed) {
    let text = fed.data.to_string();
    let view = View::parse(Name::from_wire(fed.name), &text, kinds());
    let Some(view) = view.expect("a payload that is as it should be") else {
        return;
    };
    let mut mutation = deriver.derive(view);
    if fed.completes {
        mutation = deriver.complete(mutation);
    }
    let text = serde_json::to_string(&mutation).expect("a mutation has a JSON form");
    let read: Mutation<'static> = serde_json::from_str(&text).expect("it can be read back");
    assert_eq!(read, mutation);
    store.apply(if fed.crosses { read } else { mutation });
}

fn named(store: &MemoryStore, id: u64) -> Option<(u64, String)> {
    let user = store.user(UserId::new(id)?)?;
    Some((id, user.username().to_owned()))
}

/// All that the store holds, in the model's terms.
fn snapshot(store: &MemoryStore) -> BTreeMap<u64, Guild> {
    let ids = (1..=GUILDS).filter_map(GuildId::new);
    ids.filter_map(|id| Some((id.get(), guild(store, id)?)))
        .collect()
}

fn guild(store: &MemoryStore, id: GuildId) -> Option<Guild> {
    let status = store.guild_status(id)?;
    let row = store.guild(id);
    let completeness = store.completeness(id)?;
    let count = match (row, completeness) {
        (Some(row), _) => row.member_count(),
        (None, Completeness::Complete { members }) => Some(members),
        (None, Completeness::Partial { of, .. }) => of,
    };
    let complete = matches!(completeness, Completeness::Complete { .. });
    let members: BTreeMap<u64, Member> = store
        .members(id)
        .map(|row| {
            let roles = row.roles().map(RoleId::get).collect();
            let nick = row.nick().map(str::to_owned);
            (
                row.user().id().get(),
                Member {
                    nick,
                    roles,
                    fresh: true,
                },
            )
        })
        .collect();
    assert_eq!(members.len(), store.counts(id).members);
    Some(Guild {
        status,
        known: true,
        complete,
        count,
        name: row.and_then(|row| Some(row.data().name.as_ref()?.to_string())),
        channels: store
            .channels(id)
            .map(|row| (row.id.get(), row.name.value().map(ToString::to_string)))
            .collect(),
        roles: store
            .roles(id)
            .map(|row| (row.id.get(), row.name.as_ref().map(ToString::to_string)))
            .collect(),
        members,
        presences: store
            .presences(id)
            .map(|row| (row.user().get(), row.status() == Status::Idle))
            .collect(),
        voice: store
            .voice_states(id)
            .filter_map(|row| Some((row.user.get(), row.channel.value()?.get())))
            .collect(),
    })
}

/// Whether this status means that the rows are current.
fn is_current(status: GuildStatus) -> bool {
    status == GuildStatus::Available
}

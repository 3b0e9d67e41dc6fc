//! The store in memory beside a naive model that is fed with the same dispatches.
mod draw;
mod grouped;
mod host;
mod model;
mod odd;

use crate::scenario::Source;
use draw::{Move, draw};
use headcount_core::cache::memory::Completeness;
use headcount_core::cache::{GuildStatus, Kinds, MemoryStore};
use headcount_core::id::{ChannelId, GuildId, RoleId, UserId};
use headcount_core::wire::view::Status;
use host::Host;
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
        | Kinds::THREADS
        | Kinds::SOUNDS
        | Kinds::STAGES
        | Kinds::SCHEDULED_EVENTS
        | Kinds::INTEGRATIONS
        | Kinds::RULES
}

pub(super) fn run(bytes: &[u8]) {
    let source = &mut Source::bytes(bytes);
    let sweeps = source.percent(40);
    let mut model = Model::new(sweeps);
    let seed = source.below(3);
    let mut host = Host::new(seed, sweeps);
    let odd = source.below(u64::from(u32::MAX));
    let mut moves = Vec::new();
    while !source.is_spent() {
        let one = draw(source, &host.asked);
        moves.push(one.clone());
        let fed = match one {
            Move::Feed(fed) => fed,
            Move::Ask(guild) => {
                host.ask(guild);
                continue;
            }
        };
        let completes = host.feed(&fed);
        model.feed(&fed, completes && fed.name == "GUILD_MEMBERS_CHUNK");
        let held = snapshot(&host.store);
        assert_eq!(held, model.guilds, "after {} {}", fed.name, fed.data);
        grouped::assert_as_modelled(&host.store, &held);
        let users: BTreeMap<u64, String> = USERS.filter_map(|id| named(&host.store, id)).collect();
        assert_eq!(users, model.held_users(), "after {} {}", fed.name, fed.data);
    }
    odd::try_one(&moves, || Host::new(seed, sweeps), odd);
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
        small: small(store, id),
    })
}

/// The rows of the kinds of [`draw::SMALL`].
fn small(store: &MemoryStore, id: GuildId) -> BTreeMap<(usize, u64), Option<u64>> {
    let threads = store.threads(id);
    let stages = store.stages(id);
    let events = store.scheduled_events(id);
    let mut rows: Vec<((usize, u64), Option<u64>)> = Vec::new();
    rows.extend(threads.map(|row| ((0, row.id.get()), row.parent.map(ChannelId::get))));
    rows.extend(store.sounds(id).map(|row| ((1, row.id.get()), None)));
    rows.extend(stages.map(|row| ((2, row.id.get()), row.channel.map(ChannelId::get))));
    rows.extend(events.map(|row| ((3, row.id.get()), row.channel.value().map(|id| id.get()))));
    rows.extend(store.integrations(id).map(|row| ((4, row.id.get()), None)));
    rows.extend(store.rules(id).map(|row| ((5, row.id.get()), None)));
    rows.into_iter().collect()
}

/// Whether this status means that the rows are current.
fn is_current(status: GuildStatus) -> bool {
    status == GuildStatus::Available
}

//! What a store holds is written as bytes while it goes on, and read back.

use std::time::Duration;

use headcount_core::cache::memory::snapshot::{SnapshotError, SnapshotReader, SnapshotWriter};
use headcount_core::cache::{
    GuildStatus, Kind, Kinds, Lack, MemoryStore, Mutation, Op, Policies, Policy,
};
use headcount_core::crc32c::crc32c;
use headcount_core::{Instant, Position, ShardId};
use serde_json::json;

use crate::exported::contents;
use crate::world::{
    History, World, guild, guild_1, guild_json, in_guild, member_json, ready, role, role_json,
    user, user_json,
};

/// When the tests' snapshots are taken.
const TAKEN: u64 = 1_700_000_000_000;

/// A snapshot that is being taken, a guild at a time.
pub(crate) struct Taken {
    writer: SnapshotWriter,
    bytes: Vec<u8>,
    /// Whether there is more to copy.
    pub(crate) more: bool,
}

impl Taken {
    pub(crate) fn of(store: &MemoryStore) -> Self {
        Self {
            writer: store.snapshot(TAKEN).rows_a_copy(1),
            bytes: Vec::new(),
            more: true,
        }
    }

    pub(crate) fn copy(&mut self, store: &MemoryStore) {
        if self.more {
            self.more = self.writer.copy(store);
            self.writer.write(&mut self.bytes);
        }
    }

    pub(crate) fn read(&self, into: MemoryStore) -> MemoryStore {
        let (store, head) = read(into, &self.bytes).unwrap();
        assert_eq!(&head, self.writer.head());
        store
    }
}

fn bytes(store: &MemoryStore) -> Vec<u8> {
    let mut taken = Taken::of(store);
    while taken.more {
        taken.copy(store);
    }
    taken.bytes
}

/// A new store with the policies of this one and all that it holds, which has gone through bytes.
/// It counts the time from its own beginning on.
pub(crate) fn resnapped(store: &MemoryStore, now: Instant) -> MemoryStore {
    let into = match store.policies() {
        Some(policies) => MemoryStore::with_policies(8, policies.clone()),
        None => MemoryStore::new(8),
    };
    let mut into = into.indexed(store.indexes());
    into.advance(now);
    read(into, &bytes(store)).unwrap().0
}

type Read = (
    MemoryStore,
    headcount_core::cache::memory::snapshot::SnapshotHead,
);

fn read(into: MemoryStore, bytes: &[u8]) -> Result<Read, SnapshotError> {
    let mut reader = SnapshotReader::new(into);
    reader.push(bytes)?;
    reader.finish()
}

fn refusal(bytes: &[u8]) -> SnapshotError {
    read(MemoryStore::new(1), bytes).unwrap_err()
}

fn position(sequence: u64) -> Position {
    Position {
        shard: ShardId::ONE,
        session: 1,
        sequence,
    }
}

/// A world with two guilds and a history. What came last is written first: guild 1.
fn two_guilds() -> World {
    let mut world = World::empty();
    world.history = Some(History::default());
    world.feed("READY", &ready(&[1, 2]));
    world.feed("GUILD_CREATE", &guild_json(2, &[10, 20], 2));
    world.feed("GUILD_CREATE", &guild_1());
    world
}

fn rename(world: &mut World, guild: u64, name: &str) {
    let mut member = member_json(10);
    member["user"]["username"] = json!(name);
    world.feed("GUILD_MEMBER_UPDATE", &in_guild(member, guild));
}

#[test]
fn a_snapshot_says_when_and_where_it_began_and_holds_the_same() {
    let world = two_guilds();
    let (again, head) = read(MemoryStore::new(3), &bytes(&world.store)).unwrap();
    assert_eq!(contents(&again), contents(&world.store));
    assert_eq!(
        (head.taken(), head.positions()),
        (TAKEN, &[position(3)][..])
    );
}

#[test]
fn bytes_come_in_pieces_of_any_size() {
    let world = two_guilds();
    let bytes = bytes(&world.store);
    for size in [1, 7, 1_000] {
        let mut reader = SnapshotReader::new(MemoryStore::new(3));
        for piece in bytes.chunks(size) {
            reader.push(piece).unwrap();
        }
        let (again, _) = reader.finish().unwrap();
        assert_eq!(contents(&again), contents(&world.store));
    }
}

#[test]
fn whatever_is_not_whole_is_refused_for_a_reason() {
    let whole = bytes(&two_guilds().store);
    for length in 0..whole.len() {
        assert_eq!(refusal(&whole[..length]), SnapshotError::Truncated);
    }
    for place in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x10;
        let expected = match place {
            0..6 => SnapshotError::Foreign,
            6 => SnapshotError::OtherFormat(0x11),
            7 => SnapshotError::OtherFormat(0x1001),
            _ => match refusal(&bytes) {
                // A length that is too large waits for what never comes.
                damaged @ SnapshotError::Damaged(_) => damaged,
                other => {
                    assert_eq!(other, SnapshotError::Truncated, "{place}");
                    other
                }
            },
        };
        assert_eq!(refusal(&bytes), expected, "{place}");
    }
    let doubled = [&whole[..], &[0]].concat();
    assert!(matches!(refusal(&doubled), SnapshotError::Damaged(_)));
    assert_eq!(refusal(b"hello"), SnapshotError::Foreign);
}

#[test]
fn sections_of_another_snapshot_do_not_fit() {
    let mut world = two_guilds();
    let first = bytes(&world.store);
    rename(&mut world, 1, "user11");
    let second = bytes(&world.store);
    assert_eq!(first.len(), second.len());
    let middle = first.len() / 2;
    let mixed = [&first[..middle], &second[middle..]].concat();
    assert!(read(MemoryStore::new(1), &mixed).is_err());
}

#[test]
fn a_reader_that_has_failed_stays_so() {
    let mut reader = SnapshotReader::new(MemoryStore::new(1));
    assert_eq!(reader.push(b"hcx"), Err(SnapshotError::Foreign));
    assert_eq!(reader.push(b"snap"), Err(SnapshotError::Foreign));
    assert_eq!(reader.finish().unwrap_err(), SnapshotError::Foreign);
}

#[test]
fn a_guild_that_is_written_later_counts_nothing_twice() {
    let mut world = two_guilds();
    let mut taken = Taken::of(&world.store);
    let joined = in_guild(member_json(11), 1);
    world.feed("GUILD_MEMBER_ADD", &joined);
    taken.copy(&world.store);
    world.feed("GUILD_MEMBER_ADD", &in_guild(member_json(12), 1));
    world.feed("GUILD_MEMBER_ADD", &in_guild(member_json(12), 2));
    while taken.more {
        taken.copy(&world.store);
    }
    let mut again = taken.read(MemoryStore::new(3));
    let count = |store: &MemoryStore, id| store.guild(guild(id)).unwrap().member_count();
    assert_eq!((count(&again, 1), count(&again, 2)), (Some(6), Some(3)));
    let history = world.history.as_ref().unwrap();
    let replayed: Vec<bool> = history.mutations[3..]
        .iter()
        .map(|mutation| again.apply(mutation.clone()).replayed)
        .collect();
    assert_eq!(replayed, [true, false, true]);
    assert_eq!(contents(&again), contents(&world.store));
}

#[test]
fn a_user_in_two_guilds_does_not_end_older_than_in_the_one_written_last() {
    let mut world = two_guilds();
    let mut taken = Taken::of(&world.store);
    taken.copy(&world.store);
    rename(&mut world, 1, "older");
    rename(&mut world, 2, "newer");
    let message = json!({"id": "500", "channel_id": "100", "author": user_json(20)});
    world.feed("MESSAGE_CREATE", &in_guild(message, 2));
    while taken.more {
        taken.copy(&world.store);
    }
    let mut again = taken.read(MemoryStore::new(3));
    let name = |store: &MemoryStore| store.user(user(10)).unwrap().username().to_owned();
    assert_eq!(name(&again), "newer");
    world.history.as_ref().unwrap().replay(&mut again);
    assert_eq!(name(&again), "newer");
    assert_eq!(contents(&again), contents(&world.store));
}

/// The store of a bot with one guild of so many members.
fn crowd(count: u64) -> MemoryStore {
    let mut world = World::empty();
    world.feed("READY", &ready(&[1]));
    let members: Vec<u64> = (1_000..1_000 + count).collect();
    world.feed("GUILD_CREATE", &guild_json(1, &members, count));
    world.store
}

#[test]
fn users_are_looked_up_five_hundred_and_twelve_at_a_time() {
    let store = crowd(2_000);
    let (mut writer, mut bytes, mut copies) = (store.snapshot(TAKEN), Vec::new(), 1);
    while writer.copy(&store) {
        copies += 1;
        writer.write(&mut bytes);
    }
    writer.write(&mut bytes);
    assert_eq!(copies, 1 + 2_000_u32.div_ceil(512));
    let (again, _) = read(MemoryStore::new(3), &bytes).unwrap();
    assert_eq!(contents(&again), contents(&store));
}

#[test]
fn a_member_who_leaves_before_the_user_is_looked_up_stays_without_a_name() {
    let mut world = two_guilds();
    let mut taken = Taken::of(&world.store);
    // Guild 1, its two users, guild 2.
    (0..4).for_each(|_| taken.copy(&world.store));
    let leaves = in_guild(json!({"user": user_json(20)}), 2);
    world.feed("GUILD_MEMBER_REMOVE", &leaves);
    assert!(world.store.user(user(20)).is_none());
    while taken.more {
        taken.copy(&world.store);
    }
    let mut again = taken.read(MemoryStore::new(3));
    let left = again.member(guild(2), user(20)).unwrap();
    assert_eq!((left.nick(), left.user().username()), (None, ""));
    world.history.as_ref().unwrap().replay(&mut again);
    assert_eq!(contents(&again), contents(&world.store));
}

#[test]
fn another_session_of_the_shard_is_never_passed_over() {
    let mut world = two_guilds();
    let mut taken = Taken::of(&world.store);
    world.feed("GUILD_MEMBER_ADD", &in_guild(member_json(11), 1));
    while taken.more {
        taken.copy(&world.store);
    }
    let mut again = taken.read(MemoryStore::new(3));
    let other = Position {
        session: 2,
        ..position(4)
    };
    let leaves = Mutation::new(Some(guild(1))).with(Op::SetMemberCount(9));
    assert!(!again.apply(leaves.at(other)).replayed);
    assert_eq!(again.guild(guild(1)).unwrap().member_count(), Some(9));
}

#[test]
fn kinds_that_are_kept_only_now_are_missing_and_said_to_be() {
    let mut world = World::empty();
    let old = Policies::from(Kinds::all() - Kinds::MEMBERS - Kinds::ROLES);
    world.keep_in(MemoryStore::with_policies(3, old));
    world.feed("READY", &ready(&[1]));
    world.feed("GUILD_CREATE", &guild_1());
    let newer = MemoryStore::with_policies(4, Kinds::all() - Kinds::CHANNELS);
    let (again, _) = read(newer, &bytes(&world.store)).unwrap();
    assert_eq!(
        again.guild_status(guild(1)),
        Some(GuildStatus::HandedOver),
        "it has listed roles, and they are not here"
    );
    let lack = again.completeness(guild(1)).unwrap();
    assert!(format!("{lack:?}").contains(&format!("{:?}", Lack::NotAsked)));
    let rows = [Kind::Member, Kind::Role, Kind::Channel].map(|kind| again.rows(kind));
    assert_eq!(rows, [0, 0, 0]);
    assert!(again.guild(guild(1)).is_some());
}

#[test]
fn limits_are_enforced_on_what_is_read() {
    let world = two_guilds();
    let few = Policies::from(Kinds::all())
        .with(Kind::Member, Policy::all().per_guild(1))
        .unwrap();
    let mut limited = MemoryStore::with_policies(4, few.clone());
    for mutation in &world.history.as_ref().unwrap().mutations {
        limited.apply(mutation.clone());
    }
    let (again, _) = read(MemoryStore::with_policies(4, few), &bytes(&world.store)).unwrap();
    assert_eq!(again.rows(Kind::Member), limited.rows(Kind::Member));
    assert!(again.rows(Kind::Member) < world.store.rows(Kind::Member));
    for id in [1, 2] {
        assert_eq!(
            again.completeness(guild(id)),
            limited.completeness(guild(id))
        );
    }
}

#[test]
fn the_row_used_last_stays_and_rows_have_grown_older_meanwhile() {
    let ages = Policy::lru(3).time_to_live(Duration::from_secs(100));
    let policies = || {
        Policies::from(Kinds::all())
            .with(Kind::Role, ages.clone())
            .unwrap()
    };
    let mut world = World::empty();
    world.keep_in(MemoryStore::with_policies(3, policies()));
    world.feed("READY", &ready(&[1]));
    world.feed("GUILD_CREATE", &guild_1());
    world.store.advance(Instant::from_millis(30_000));
    let newer = json!({"guild_id": "1", "role": role_json(300)});
    world.feed("GUILD_ROLE_CREATE", &newer);
    assert!(
        world.store.role(guild(1), role(1)).is_some(),
        "used after 200"
    );
    let bytes = bytes(&world.store);
    let read_at = |now: u64| {
        let mut reader = SnapshotReader::new(MemoryStore::with_policies(4, policies())).at(now);
        reader.push(&bytes).unwrap();
        reader.finish().unwrap().0
    };
    let roles = |store: &MemoryStore| {
        let mut ids: Vec<u64> = store.roles(guild(1)).map(|role| role.id.get()).collect();
        ids.sort_unstable();
        ids
    };
    let mut again = read_at(TAKEN + 60_000);
    assert_eq!(roles(&again), [1, 200, 300]);
    assert_eq!(again.next_expiry(), Some(Instant::from_millis(10_000)));
    again.advance(Instant::from_millis(9_999));
    assert_eq!(roles(&again), [1, 200, 300]);
    world.keep_in(again);
    let newest = json!({"guild_id": "1", "role": role_json(400)});
    world.feed("GUILD_ROLE_CREATE", &newest);
    assert_eq!(roles(&world.store), [1, 300, 400]);
    world.store.advance(Instant::from_millis(10_000));
    assert_eq!(roles(&world.store), [300, 400]);
    assert_eq!(roles(&read_at(TAKEN + 75_000)), [300]);
    assert_eq!(
        roles(&read_at(TAKEN - 1)),
        [1, 200, 300],
        "a clock that was set back"
    );
}

#[test]
fn the_portable_form_holds_the_same_and_another_layout_is_refused() {
    let world = two_guilds();
    let mut writer = world.store.snapshot(TAKEN).portable();
    let mut portable = Vec::new();
    while writer.copy(&world.store) {}
    writer.write(&mut portable);
    let (again, _) = read(MemoryStore::new(3), &portable).unwrap();
    assert_eq!(contents(&again), contents(&world.store));
    let text = String::from_utf8_lossy(&portable);
    assert!(text.contains("\"username\":\"user10\""));
    // The number of the layout is the first thing that the first section says.
    let mut other = bytes(&world.store);
    let place = PREFACE + HEAD + r#"{"layout":"#.len();
    assert_eq!(other[place], b'1');
    other[place] = b'9';
    mend(&mut other);
    assert_eq!(refusal(&other), SnapshotError::OtherLayout(9));
}

/// Bytes before the first section, and before the content of each.
const PREFACE: usize = 8;
const HEAD: usize = 9;

/// Writes the checksums anew.
fn mend(bytes: &mut [u8]) {
    let (mut at, mut last) = (PREFACE, [0; 4]);
    while at < bytes.len() {
        let length: [u8; 4] = bytes[at..at + 4].try_into().unwrap();
        let end = at + HEAD + u32::from_le_bytes(length) as usize;
        last = crc32c(&[&last, &length, &bytes[at + 8..end]]).to_le_bytes();
        bytes[at + 4..at + 8].copy_from_slice(&last);
        at = end;
    }
}

#[test]
fn rows_that_cannot_be_are_refused_though_their_checksum_is_right() {
    let whole = bytes(&two_guilds().store);
    let mut same = whole.clone();
    mend(&mut same);
    assert_eq!(same, whole);
    let sections = |kind: u8| {
        let mut at = PREFACE;
        let starts = std::iter::from_fn(|| {
            let length: [u8; 4] = whole.get(at..at + 4)?.try_into().unwrap();
            let start = at;
            at += HEAD + u32::from_le_bytes(length) as usize;
            Some((start, at))
        });
        starts
            .filter(|(start, _)| whole[start + 8] == kind)
            .collect::<Vec<_>>()
    };
    let with = |start: usize, end: usize, content: &[u8]| {
        let length = u32::try_from(content.len()).unwrap().to_le_bytes();
        let head = [&length[..], &[0; 4], &whole[start + 8..start + 9]].concat();
        let mut bytes = [&whole[..start], &head, content, &whole[end..]].concat();
        mend(&mut bytes);
        refusal(&bytes)
    };
    let damaged = |error: SnapshotError| matches!(error, SnapshotError::Damaged(_));
    for kind in 4..=5 {
        let (start, end) = sections(kind)[0];
        let content = &whole[start + HEAD..end];
        assert!(
            damaged(with(start, end, &content[..content.len() - 1])),
            "{kind}"
        );
        assert!(
            damaged(with(start, end, &[content, &[7]].concat())),
            "{kind}"
        );
        let twice = [content, &content[8 + usize::from(kind == 4)..]].concat();
        assert!(damaged(with(start, end, &twice)), "{kind}: twice the same");
    }
    // Whoever comes next with a role would give it to all who refer to a number that is free.
    let (start, end) = sections(4)[0];
    let none = &whole[start + HEAD..start + HEAD + 9];
    assert!(damaged(with(start, end, none)), "members have other roles");
}

#[test]
fn a_snapshot_of_a_shard_has_its_guilds_alone() {
    let mut store = MemoryStore::new(1);
    let at = |number| Position {
        shard: ShardId::new(number, 2),
        session: 7,
        sequence: 5 + u64::from(number),
    };
    for number in [0, 1] {
        let there = Op::SetStatus(GuildStatus::Available);
        let guild = guild((4 + u64::from(number)) << 22);
        store.apply(Mutation::new(Some(guild)).with(there).at(at(number)));
    }
    let (mut writer, mut bytes) = (store.shard_snapshot(ShardId::new(1, 2), TAKEN), Vec::new());
    while writer.copy(&store) {
        writer.write(&mut bytes);
    }
    writer.write(&mut bytes);
    let (read, head) = read(MemoryStore::new(2), &bytes).unwrap();
    assert_eq!(head.positions(), [at(1)]);
    let status = |number: u64| read.guild_status(guild(number << 22));
    assert_eq!((status(4), status(5)), (None, Some(GuildStatus::Available)));
    let rows = read.restored_rows(ShardId::new(1, 2), TAKEN).unwrap();
    assert_eq!((rows.guild_count(), rows.position()), (1, at(1)));
}

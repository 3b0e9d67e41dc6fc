//! What a store holds is written out, and read by another store and by others.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

use headcount_core::Instant;
use headcount_core::cache::memory::{Completeness, Exported};
use headcount_core::cache::{GuildStatus, Kind, Lack, MemoryStore, Rows};
use headcount_core::wire::view::{Batch, Member};
use serde_json::{Value, json};

use crate::world::{
    ME, World, channel, guild, guild_1, in_guild, member_json, ready, user, user_json,
};

/// The store's pieces, one a line.
fn lines(store: &MemoryStore) -> Vec<String> {
    let pieces = store.export();
    pieces
        .map(|piece| serde_json::to_string(&piece).unwrap())
        .collect()
}

/// A new store with the policies of this one and all that it holds, which has gone through text.
pub(crate) fn reread(store: &MemoryStore, now: Instant) -> MemoryStore {
    let mut other = match store.policies() {
        Some(policies) => MemoryStore::with_policies(8, policies.clone()),
        None => MemoryStore::new(8),
    };
    other = other.indexed(store.indexes());
    other.advance(now);
    for line in lines(store) {
        let piece: Exported<'static> = serde_json::from_str(&line).unwrap();
        other.import(piece);
    }
    other
}

/// All that a store says it holds, in no order that means anything.
pub(crate) fn contents(store: &MemoryStore) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let mut recounted = Value::Null;
    for line in lines(store) {
        let piece: Value = serde_json::from_str(&line).unwrap();
        if let Some(guild) = piece.get("recount") {
            recounted = guild.clone();
        }
        let rows = piece
            .get("rows")
            .and_then(|piece| piece["rows"].as_object());
        let Some(rows) = rows else {
            all.insert(line);
            continue;
        };
        let guild = &piece["rows"]["guild"];
        let (kind, rows) = rows.iter().next().unwrap();
        let newer = *guild == recounted && kind == "members";
        for row in rows.as_array().unwrap_or(&vec![rows.clone()]) {
            all.insert(format!("{guild} {kind} {newer} {row}"));
        }
    }
    let counts = Kind::ALL
        .iter()
        .map(|&kind| format!("{kind:?} {}", store.rows(kind)));
    all.extend(counts);
    all
}

fn assert_rereads(world: &World) -> MemoryStore {
    let again = reread(&world.store, Instant::ZERO);
    assert_eq!(contents(&again), contents(&world.store));
    again
}

#[test]
fn an_exported_store_holds_the_same_with_its_completeness() {
    let mut world = World::new();
    let chunk = json!({"guild_id": "1", "members": [member_json(11)], "chunk_index": 0,
        "chunk_count": 2, "nonce": "x"});
    world.feed("GUILD_MEMBERS_CHUNK", &chunk);
    let again = assert_rereads(&world);
    assert_eq!(again.guild_status(guild(1)), Some(GuildStatus::Available));
    let partial = Completeness::Partial {
        members: 3,
        of: Some(5),
        why: Lack::NotAsked,
    };
    assert_eq!(again.completeness(guild(1)), Some(partial));
    assert_eq!(
        again.completeness(guild(1)),
        world.store.completeness(guild(1))
    );
    assert_eq!(again.current_user(), world.store.current_user());
    assert_eq!(again.application(), world.store.application());
}

/// The members that a store writes out, as they lie in its tables.
fn members(store: &MemoryStore) -> Batch<Member<'static>> {
    let members = store.export().find_map(|piece| match piece {
        Exported::Rows {
            rows: Rows::Members(members),
            ..
        } => Some(members),
        _ => None,
    });
    members.unwrap()
}

#[test]
fn members_leave_as_bytes_and_are_read_back_from_them_alone() {
    let mut world = World::new();
    let mut long = member_json(11);
    long["nick"] = json!("n".repeat(300));
    long["roles"] = Value::Null;
    for member in [long, member_json(12)] {
        world.feed("GUILD_MEMBER_ADD", &in_guild(member, 1));
    }
    let members = members(&world.store);
    let (mut again, mut lengths) = (Batch::default(), BTreeSet::new());
    for (user, row) in members.packed() {
        lengths.insert(row.len());
        assert!(again.push_packed(user, &row));
        let (size, mut longer) = (again.len(), row.clone());
        longer.push(0);
        assert!(!again.push_packed(user, &longer), "something follows");
        assert!(!again.push_packed(user, &[9]), "there are no eight roles");
        assert_eq!(again.len(), size);
    }
    assert!(again.iter().eq(members.iter()));
    let packed = |batch: &Batch<Member<'static>>| batch.packed().collect::<Vec<_>>();
    assert_eq!(packed(&again), packed(&members));
    assert!(lengths.len() > 1, "{lengths:?}");
}

#[test]
fn an_outage_and_guilds_of_which_nothing_has_come_are_exported() {
    let mut world = World::empty();
    world.feed("READY", &ready(&[1, 2]));
    world.feed("GUILD_CREATE", &guild_1());
    world.feed("GUILD_DELETE", &json!({"id": "1", "unavailable": true}));
    let again = assert_rereads(&world);
    assert_eq!(again.guild_status(guild(1)), Some(GuildStatus::Outage));
    assert_eq!(again.guild_status(guild(2)), Some(GuildStatus::Pending));
    assert!(again.member(guild(1), user(10)).is_some());
}

#[test]
fn an_authors_newer_name_outlasts_the_older_one_in_a_message() {
    let mut world = World::new();
    let message = json!({"id": "500", "channel_id": "100", "author": user_json(10)});
    world.feed("MESSAGE_CREATE", &in_guild(message, 1));
    let mut member = member_json(10);
    member["user"]["username"] = json!("renamed");
    world.feed("GUILD_MEMBER_UPDATE", &in_guild(member, 1));
    let outside = json!({"id": "501", "channel_id": "900", "author": user_json(10)});
    world.feed("MESSAGE_CREATE", &outside);
    let mut stranger = user_json(77);
    world.feed(
        "MESSAGE_CREATE",
        &in_guild(
            json!({"id": "502", "channel_id": "100", "author": stranger}),
            1,
        ),
    );
    stranger["username"] = json!("newer");
    let again = json!({"id": "503", "channel_id": "101", "author": stranger});
    world.feed("MESSAGE_CREATE", &in_guild(again, 1));
    let again = assert_rereads(&world);
    assert_eq!(again.user(user(77)).unwrap().username(), "newer");
    let (ten, before) = (again.user(user(10)), world.store.user(user(10)));
    assert_eq!(ten.unwrap().username(), before.unwrap().username());
    assert!(
        again
            .message(guild(1), channel(100), "500".parse().unwrap())
            .is_some()
    );
}

#[test]
fn more_rows_than_a_piece_has_come_back_in_several() {
    let mut world = World::new();
    let members: Vec<Value> = (1_000..3_500).map(member_json).collect();
    let chunk = json!({"guild_id": "1", "members": members, "chunk_index": 0, "chunk_count": 1});
    world.feed("GUILD_MEMBERS_CHUNK", &chunk);
    assert_eq!(assert_rereads(&world).rows(Kind::Member), 2_502);
    let pieces = lines(&world.store);
    let members = pieces.iter().filter(|line| line.contains(r#"{"members":"#));
    assert_eq!(members.count(), 3);
}

#[test]
fn a_volume_is_read_as_it_was_written() {
    let mut world = World::new();
    // Without exact parsing these come back as their neighbours.
    for volume in ["9.876543209999999e-7", "0.000012839506172999999"] {
        let text = format!(
            r#"{{"guild_id":"1","sound_id":"70","name":"a","volume":{volume},"available":true}}"#
        );
        world
            .try_feed("GUILD_SOUNDBOARD_SOUND_CREATE", &text)
            .unwrap();
        assert_rereads(&world);
    }
}

#[test]
fn rows_of_a_guild_that_did_not_come_are_passed_over() {
    let world = World::new();
    let mut other = MemoryStore::new(1);
    for line in lines(&world.store) {
        if !line.starts_with(r#"{"guild":"#) {
            other.import(serde_json::from_str(&line).unwrap());
        }
    }
    assert_eq!(other.rows(Kind::Member), 0);
    assert_eq!(other.rows(Kind::Channel), 0);
}

/// A few lines in another language that know nothing but the documentation.
const READER: &str = r#"
import datetime, json, sys
names, roles = {}, {}
for line in sys.stdin:
    (key, value), = json.loads(line).items()
    if key == "guild":
        print("guild", value["id"], value["status"], value["lack"], value["member_count"])
    if key == "rows":
        (kind, rows), = value["rows"].items()
        if kind == "roles":
            roles.update((role["id"], role["name"]) for role in rows)
        if kind == "members":
            for member in rows:
                seconds = member["joined_at"] / 1e6
                joined = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
                own = [roles[role] for role in member["roles"]]
                print(member["user"]["username"], own, joined.isoformat())
"#;

#[test]
#[expect(
    clippy::print_stdout,
    reason = "a test that passes over itself says so"
)]
fn python_reads_what_is_exported() {
    let mut world = World::empty();
    world.feed("READY", &ready(&[1]));
    let mut all = guild_1();
    all["members"] = json!([member_json(ME)]);
    world.feed("GUILD_CREATE", &all);
    let python = Command::new("python3")
        .args(["-c", READER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut python) = python else {
        let may_be = std::env::var_os("NOTHING_SKIPPED").is_none();
        assert!(may_be, "python3 is missing");
        println!("skipped: there is no python3");
        return;
    };
    let mut to = python.stdin.take().unwrap();
    to.write_all(lines(&world.store).join("\n").as_bytes())
        .unwrap();
    drop(to);
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "guild 1 available not_asked 5\nuser99 ['role200'] 2023-09-01T14:48:02.222000+00:00\n"
    );
}

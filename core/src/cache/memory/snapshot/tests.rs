//! How rows are laid out is pinned: whoever changes it has to count [`LAYOUT`] on. And how much is
//! waited for.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use std::format;

use crate::ShardId;
use crate::cache::memory::snapshot::packed::LAYOUT;
use crate::cache::memory::snapshot::section::{Chain, FORMAT, MAGIC, PREFACE, SectionKind};
use crate::cache::memory::snapshot::{SnapshotError, SnapshotReader};
use crate::cache::{Deriver, Kind, Kinds, MemoryStore};
use crate::crc32c::crc32c;
use crate::wire::Name;
use crate::wire::view::{
    Activity, ActivityAssets, ActivityEmoji, ActivityParty, ActivitySecrets, ActivityTimes,
    Collectibles, Decoration, Membership, Nameplate, PrimaryGuild, User,
};

/// A guild with three members, one of whom says all that there is to say.
const GUILD: &str = r#"{"id": "1", "name": "one", "member_count": 3, "channels": [], "roles": [],
"members": [{
    "user": {"id": "10", "username": "ten", "system": true, "public_flags": 65,
        "primary_guild": {"tag": "TAG", "identity_guild_id": "7", "identity_enabled": true,
            "badge": "00112233445566778899aabbccddeeff"},
        "global_name": "T\u00e9n", "discriminator": "1234",
        "collectibles": {"nameplate": {"sku_id": "8", "palette": "teal", "label": "label",
            "asset": "nameplates/a/"}},
        "bot": true, "banner": "a_ffeeddccbbaa99887766554433221100",
        "avatar_decoration_data": {"sku_id": "9", "asset": "a_00112233445566778899aabbccddeeff"},
        "avatar": "0123456789abcdef0123456789abcdef", "accent_color": 1193046},
    "unusual_dm_activity_until": "2023-09-01T14:48:02.222000+00:00",
    "roles": ["200", "300"], "premium_since": "2023-09-02T14:48:02+00:00", "pending": true,
    "nick": "nick", "mute": true, "joined_at": "2023-09-01T14:48:02.222000+00:00", "flags": 3,
    "deaf": true, "communication_disabled_until": "2023-09-03T14:48:02+00:00",
    "collectibles": {"nameplate": null}, "banner": "0123456789abcdef0123456789abcdef",
    "avatar_decoration_data": {"sku_id": "9", "asset": "a_00112233445566778899aabbccddeeff"},
    "avatar": "a_ffeeddccbbaa99887766554433221100"},
  {"user": {"id": "11", "username": "eleven", "discriminator": "0", "global_name": null,
        "avatar": null},
    "roles": ["300"], "joined_at": null, "nick": null, "avatar": null, "premium_since": null,
    "deaf": false, "mute": false, "flags": 0, "pending": false,
    "communication_disabled_until": null},
  {"user": {"id": "12"}, "roles": []}],
"presences": [
  {"user": {"id": "10"}, "status": "dnd",
    "client_status": {"desktop": "dnd", "mobile": "idle", "web": "online", "vr": "offline"},
    "activities": [{"url": "https://a.example", "type": 1,
        "timestamps": {"start": 1, "end": 2}, "status_display_type": 1,
        "state_url": "https://b.example", "state": "state",
        "secrets": {"spectate": "a", "match": "b", "join": "c"},
        "party": {"size": [1, 2], "id": "party"}, "name": "name", "instance": true, "id": "id",
        "flags": 5, "emoji": {"name": "blob", "id": "40", "animated": true},
        "details_url": "https://c.example", "details": "details", "created_at": 1693579682222,
        "buttons": ["one", "two"],
        "assets": {"small_url": "a", "small_text": "b", "small_image": "c", "large_url": "d",
            "large_text": "e", "large_image": "f", "invite_cover_image": "g"},
        "application_id": "50"}]},
  {"user": {"id": "11"}, "status": "online", "activities": [{"name": "chess", "type": 0}]}]}"#;

/// A store with that guild.
fn store() -> MemoryStore {
    let mut store = MemoryStore::new(1);
    let mut deriver = Deriver::new(ShardId::ONE, Kinds::all());
    let view = deriver.decode(Name::GuildCreate, GUILD).unwrap().unwrap();
    store.apply(deriver.derive(view));
    store
}

/// The packed sections of a snapshot of that guild.
fn packed() -> Vec<u8> {
    let store = store();
    let (mut writer, mut bytes) = (store.snapshot(0), Vec::new());
    while writer.copy(&store) {}
    writer.write(&mut bytes);
    let (mut rest, mut chain) = (&bytes[PREFACE..], Chain::new());
    let mut packed = Vec::new();
    while let Some(section) = chain.read(&mut rest).unwrap() {
        let kinds = [
            SectionKind::Roles,
            SectionKind::Members,
            SectionKind::Presences,
        ];
        if kinds.contains(&section.kind) {
            packed.push(section.kind as u8);
            packed.extend_from_slice(section.content);
        }
    }
    packed
}

#[test]
fn whoever_changes_how_rows_are_packed_counts_the_layout_on() {
    let parts = [
        User::PARTS,
        Membership::PARTS,
        Decoration::PARTS,
        PrimaryGuild::PARTS,
        Collectibles::PARTS,
        Nameplate::PARTS,
        Activity::PARTS,
        ActivityTimes::PARTS,
        ActivityParty::PARTS,
        ActivityAssets::PARTS,
        ActivityEmoji::PARTS,
        ActivitySecrets::PARTS,
    ];
    // Compilers differ in where they put blanks.
    let parts: String = parts.concat().split_whitespace().collect();
    let kinds = Kind::ALL.iter();
    let kinds: String = kinds
        .map(|kind| format!("{kind:?}{}", kind.only().bits()))
        .collect();
    let digest = crc32c(&[parts.as_bytes(), kinds.as_bytes(), &packed()]);
    let pinned = (LAYOUT, format!("{digest:08x}"));
    assert_eq!(
        pinned,
        (1, "8aa02979".to_string()),
        "rows are packed in another way than by this number: count it on, and pin the new digest"
    );
}

#[test]
fn a_section_that_would_be_too_long_is_not_waited_for() {
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&FORMAT.to_le_bytes());
    let read = |length: u32| {
        let mut reader = SnapshotReader::new(MemoryStore::new(1));
        let head = [
            &length.to_le_bytes()[..],
            &[0; 4],
            &[SectionKind::Head as u8],
        ]
        .concat();
        reader.push(&[&bytes[..], &head].concat())
    };
    assert_eq!(read(256 << 20), Ok(()), "the rest may come");
    assert_eq!(read((256 << 20) + 1), Err(SnapshotError::Damaged(0)));
    assert_eq!(read(u32::MAX), Err(SnapshotError::Damaged(0)));
}

#[test]
fn what_was_copied_can_be_written_a_section_at_a_time() {
    let store = store();
    for portable in [false, true] {
        let writer = || {
            let writer = store.snapshot(0);
            let mut writer = if portable { writer.portable() } else { writer };
            while writer.copy(&store) {}
            writer
        };
        let (mut whole, mut joined, mut parts) = (Vec::new(), Vec::new(), 1);
        writer().write(&mut whole);
        let mut writer = writer();
        while writer.write_some(&mut joined, 1) {
            parts += 1;
        }
        assert_eq!(joined, whole);
        assert!(parts > 4, "{parts}");
    }
}

use proptest::prelude::*;
use std::string::String;

use super::{Cursor, Sink, covers};
use crate::id::{GuildId, UserId};
use crate::wire::view::{
    Activity, ActivityAssets, ActivityButton, ActivityEmoji, ActivityParty, ActivitySecrets,
    ActivityTimes, Batch, Collectibles, Decoration, Member, Membership, Nameplate, Presence,
    PrimaryGuild, User,
};
use crate::wire::{Field, Image, Stated, Text, Timestamp};
use crate::wire::{field::Read as _, json::Reader};

fn field<T: core::fmt::Debug + Clone>(
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = Field<T>> {
    prop_oneof![
        Just(Field::Absent),
        Just(Field::Null),
        value.prop_map(Field::Value)
    ]
}

fn text() -> impl Strategy<Value = Text<'static>> {
    prop_oneof![
        "[a-z \u{e9}\u{1f600}\\\\\"]{0,12}".prop_map(Text::from),
        "[a-z]{120,140}".prop_map(Text::from),
        Just(Text::checked(r"a\u0062\n\ud83d\ude00", true)),
    ]
    .boxed()
}

fn image() -> impl Strategy<Value = Image<'static>> {
    prop_oneof![
        any::<[u8; 16]>().prop_map(Image::Still),
        any::<[u8; 16]>().prop_map(Image::Animated),
        text().prop_map(Image::new),
    ]
    .boxed()
}

fn time() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        any::<i64>().prop_map(Timestamp::from_micros),
        (0..1_u64 << 44).prop_map(|ms| Timestamp::from_micros(ms.cast_signed() * 1000)),
    ]
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), 0..300_u64, any::<u64>()]
}

fn option<T: core::fmt::Debug>(
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = Option<T>> {
    prop::option::of(value)
}

fn decoration() -> impl Strategy<Value = Decoration<'static>> {
    let sku = (1..u64::MAX).prop_map(|id| core::num::NonZeroU64::new(id).unwrap());
    (option(image()), field(sku)).prop_map(|(asset, sku)| {
        let mut row = Decoration::bare();
        (row.asset, row.sku) = (asset, sku);
        row
    })
}

prop_compose! {
    fn guild()(
        guild in field((1..u64::MAX).prop_map(|id| GuildId::new(id).unwrap())),
        enabled in field(any::<bool>()), tag in field(text()), badge in field(image()),
    ) -> PrimaryGuild<'static> {
        let mut row = PrimaryGuild::bare();
        (row.guild, row.enabled, row.tag, row.badge) = (guild, enabled, tag, badge);
        row
    }
}

prop_compose! {
    fn plate()(
        asset in option(text()), label in field(text()), palette in field(text()),
        known in any::<bool>(),
    ) -> Collectibles<'static> {
        let mut plate = Nameplate::bare();
        (plate.asset, plate.label, plate.palette) = (asset, label, palette);
        let mut row = Collectibles::bare();
        row.nameplate = if known { Field::Value(plate) } else { Field::Null };
        row
    }
}

prop_compose! {
    fn user()(
        names in (option(text()), option(text()), field(text())),
        images in (field(image()), field(image())),
        flags in (option(any::<bool>()), option(any::<bool>()), option(number())),
        decoration in field(decoration()), primary in field(guild()),
        worn in field(plate()), colour in field(any::<u32>()),
    ) -> User<'static> {
        let mut row = User::bare(UserId::new(7).unwrap());
        (row.username, row.discriminator, row.global_name) = names;
        (row.avatar, row.banner) = images;
        (row.bot, row.system, row.public_flags) = flags;
        (row.decoration, row.primary_guild) = (decoration, primary);
        (row.collectibles, row.accent_color) = (worn, colour);
        row
    }
}

fn stated() -> impl Strategy<Value = Stated<Timestamp>> {
    prop_oneof![4 => time().prop_map(Stated::Known), 1 => Just(Stated::Unreadable)]
}

prop_compose! {
    fn membership()(
        nick in field(text()), images in (field(image()), field(image())),
        times in (field(time()), field(time()), field(stated())), unusual in field(time()),
        bits in (option(any::<bool>()), option(any::<bool>()), option(any::<bool>())),
        flags in option(any::<u32>()), decoration in field(decoration()), worn in field(plate()),
    ) -> Membership<'static> {
        let mut row = Membership::bare();
        (row.nick, row.flags, row.decoration) = (nick, flags, decoration);
        (row.avatar, row.banner) = images;
        (row.joined_at, row.premium_since, row.timeout) = times;
        (row.deaf, row.mute, row.pending) = bits;
        (row.unusual_dm_until, row.collectibles) = (unusual, worn);
        row
    }
}

fn button() -> impl Strategy<Value = ActivityButton<'static>> {
    (text(), option(text())).prop_map(|(label, url)| ActivityButton { label, url })
}

prop_compose! {
    fn rare()(
        buttons in field(prop::collection::vec(button(), 0..3)),
        secrets in field((field(text()), field(text()), field(text()))),
        urls in (field(text()), field(text())), assets in field(field(text())),
        common in (option(any::<bool>()), field(any::<u16>())),
    ) -> Activity<'static> {
        let mut row = Activity::bare();
        (row.details_url, row.state_url) = urls;
        (row.instance, row.status_display) = common;
        row.buttons = buttons;
        row.secrets = secrets.into_value().map(|(join, spectate, round)| {
            let mut secrets = ActivitySecrets::bare();
            (secrets.join, secrets.spectate, secrets.match_secret) = (join, spectate, round);
            secrets.into()
        }).into();
        let mut pictures = ActivityAssets::bare();
        if let Some(url) = assets.into_value() {
            (pictures.large_url, pictures.small_text) = (url.clone(), Field::Null);
            (pictures.small_url, pictures.invite_cover) = (url, Field::Null);
        }
        row.assets = Field::Value(pictures);
        row
    }
}

prop_compose! {
    fn activity()(
        names in (option(text()), field(text()), field(text()), field(text()), field(text())),
        numbers in (option(any::<u16>()), option(number()), option(number())),
        size in field((number(), number())), times in (field(number()), field(number())),
        assets in field((field(text()), field(text()))), emoji in field(option(any::<bool>())),
    ) -> Activity<'static> {
        let mut row = Activity::bare();
        (row.name, row.url, row.details, row.state, row.id) = names;
        (row.kind, row.created_at, row.flags) = numbers;
        let mut party = ActivityParty::bare();
        party.size = size.into_value().map(|(now, most)| [now, most]).into();
        row.party = Field::Value(party);
        let mut interval = ActivityTimes::bare();
        (interval.start, interval.end) = times;
        row.times = Field::Value(interval);
        row.assets = assets.into_value().map(|(image, shown)| {
            let mut assets = ActivityAssets::bare();
            (assets.large, assets.small_text) = (image, shown);
            assets
        }).into();
        row.emoji = emoji.into_value().map(|animated| {
            let mut emoji = ActivityEmoji::bare();
            emoji.animated = animated;
            emoji
        }).into();
        row
    }
}

fn packed(pack: impl FnOnce(&mut Sink)) -> Sink {
    let mut sink = Sink::new();
    pack(&mut sink);
    sink
}

proptest! {
    #[test]
    fn rows_come_back_and_end_where_they_end(
        user in user(), member in membership(), activity in activity(),
    ) {
        let sink = packed(|sink| {
            user.pack(sink);
            member.pack(sink);
            activity.pack(sink);
            sink.byte(0xee);
        });
        let mut from = Cursor::new(sink.as_slice());
        prop_assert_eq!(User::unpack(user.id, &mut from), user);
        prop_assert_eq!(Membership::unpack(&mut from), member);
        prop_assert_eq!(Activity::unpack(&mut from), activity);
        prop_assert_eq!(from.rest(), [0xee]);
        let mut from = Cursor::new(sink.as_slice());
        User::pass(&mut from);
        Membership::pass(&mut from);
        Activity::pass(&mut from);
        prop_assert_eq!(from.rest(), [0xee]);
    }

    #[test]
    fn activities_come_back_and_end_where_they_end(one in rare(), two in rare()) {
        let sink = packed(|sink| {
            one.pack(sink);
            two.pack(sink);
        });
        let mut from = Cursor::new(sink.as_slice());
        let mut passed = from;
        prop_assert_eq!(Activity::unpack(&mut from), one);
        Activity::pass(&mut passed);
        prop_assert_eq!(passed.rest(), from.rest());
        prop_assert_eq!(Activity::unpack(&mut from), two);
        prop_assert!(from.rest().is_empty());
    }

    #[test]
    fn one_part_comes_alone(user in user(), member in membership()) {
        let sink = packed(|sink| user.pack(sink));
        let record = sink.as_slice();
        prop_assert_eq!(&User::only("username", user.id, record).username, &user.username);
        prop_assert_eq!(&User::only("avatar", user.id, record).avatar, &user.avatar);
        let last = User::only("accent_color", user.id, record);
        prop_assert_eq!(&last.accent_color, &user.accent_color);
        prop_assert!(last.username.is_none() && last.avatar.is_absent());
        let sink = packed(|sink| member.pack(sink));
        prop_assert_eq!(&Membership::only("flags", sink.as_slice()).flags, &member.flags);
    }

    #[test]
    fn what_covers_is_what_a_merge_would_leave(older in user(), newer in user()) {
        let (old, new) = (packed(|sink| older.pack(sink)), packed(|sink| newer.pack(sink)));
        let mut merged = older;
        merged.merge(newer.clone());
        if covers(new.as_slice(), old.as_slice(), User::MASK) {
            prop_assert_eq!(&merged, &newer);
        }
        prop_assert_eq!(merged == newer, packed(|sink| merged.pack(sink)) == new);
    }

    #[test]
    fn nonsense_is_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let id = UserId::new(1).unwrap();
        User::unpack(id, &mut Cursor::new(&bytes));
        Membership::unpack(&mut Cursor::new(&bytes));
        Activity::unpack(&mut Cursor::new(&bytes));
        Activity::pass(&mut Cursor::new(&bytes));
    }
}

#[test]
fn what_is_usual_is_small() {
    let mut user = User::bare(UserId::new(1).unwrap());
    user.username = Some(Text::plain("someone"));
    user.discriminator = Some(Text::plain("0"));
    (user.bot, user.public_flags) = (Some(false), Some(0));
    (user.avatar, user.global_name) = (Field::Value(Image::Still([1; 16])), Field::Null);
    assert_eq!(packed(|sink| user.pack(sink)).len(), 3 + 8 + 2 + 16);
    let mut member = Membership::bare();
    member.joined_at = Timestamp::parse("2023-09-01T14:48:02.222000+00:00").into();
    (member.deaf, member.mute, member.pending) = (Some(false), Some(true), Some(false));
    (member.nick, member.flags) = (Field::Null, Some(0));
    assert_eq!(packed(|sink| member.pack(sink)).len(), 4 + 6);
    let long = String::from_utf8(std::vec![b'x'; 200]).unwrap();
    assert_eq!(packed(|sink| sink.text(&Text::plain(&long), 0)).len(), 202);
}

/// The record that is written while an object is read, if it can be.
fn transcoded(text: &str) -> Option<Sink> {
    let mut sink = Sink::new();
    let skip = |_: &str, reader: &mut Reader<'_>, _: &mut Sink| reader.skip();
    let record = Activity::transcode_with(&mut Reader::new(text), &mut sink, skip);
    record.map(|_| sink)
}

/// Keys of an activity in the order of servers, and what may stand there.
const KEYS: &[(&str, &[&str])] = &[
    ("url", &["null", "\"u\""]),
    ("type", &["0", "4"]),
    (
        "timestamps",
        &["{}", "{\"start\":1}", "{\"end\":1,\"start\":2}"],
    ),
    ("sync_id", &["[1,\"a\"]"]),
    ("state", &["null", "\"\"", "\"a\\u0062\""]),
    (
        "secrets",
        &["{\"match\":\"m\",\"join\":\"j\"}", "{\"join\":null}"],
    ),
    ("party", &["{\"size\":[4,5],\"id\":\"9\"}", "null"]),
    ("name", &["\"n\""]),
    ("instance", &["true", "false"]),
    (
        "emoji",
        &["{\"name\":\"e\",\"id\":\"264244986223001610\",\"animated\":true}"],
    ),
    ("created_at", &["0", "1768114916246"]),
    ("buttons", &["[]", "[\"a\",\"b\"]"]),
    ("assets", &["{\"large_text\":\"l\",\"large_image\":\"i\"}"]),
    ("application_id", &["\"264564113546412032\"", "null"]),
];

proptest! {
    #[test]
    fn a_record_is_the_same_whether_written_at_once_or_not(
        values in prop::collection::vec(0..4_usize, KEYS.len()), order in any::<u64>(),
    ) {
        let keys = KEYS.iter().zip(&values);
        let fields = keys.filter_map(|((key, texts), &value)| {
            Some(std::format!("{key:?}:{}", texts.get(value)?))
        });
        let mut fields: std::vec::Vec<String> = fields.collect();
        let text = std::format!("{{{}}}", fields.join(","));
        let read = packed(|sink| activity_of(&text).pack(sink));
        prop_assert_eq!(transcoded(&text), Some(read), "{}", text);
        // In another order, and with blanks.
        fields.sort_by_key(|field| order.wrapping_mul(field.len() as u64 | 1) >> 32);
        for between in [",", " ,\n "] {
            let text = std::format!("{{{}}}", fields.join(between).replace(':', ": "));
            let read = packed(|sink| activity_of(&text).pack(sink));
            prop_assert_eq!(transcoded(&text), Some(read), "{}", text);
        }
        // With a key twice.
        fields.extend(fields.get(values[0]).cloned());
        let text = std::format!("{{{}}}", fields.join(","));
        if let Some(sink) = transcoded(&text) {
            prop_assert_eq!(sink, packed(|sink| activity_of(&text).pack(sink)), "{}", text);
        }
    }

    #[test]
    fn members_and_presences_are_the_same_in_any_order(
        order in any::<u64>(), blank in prop::bool::ANY,
    ) {
        let user = ["\"username\":\"u\"", "\"id\":\"7\"", "\"global_name\":\"g\"",
            "\"clan\":{}", "\"avatar\":\"99ff999ff99999ff9f9f9f99f9ff99ff\""];
        let member = ["\"roles\":[\"8\"]", "\"nick\":\"n\"", "\"mute\":true", "\"flags\":9",
            "\"joined_at\":\"2023-09-01T14:48:02.222000+00:00\"", "\"new\":[1]"];
        let presence = ["\"status\":\"idle\"", "\"client_status\":{\"web\":\"idle\"}",
            "\"activities\":[{\"type\":1,\"name\":\"x\"},{\"name\":\"y\",\"id\":\"z\"}]"];
        let object = |fields: &[&str], order: u64| {
            let mut fields = fields.to_vec();
            fields.sort_by_key(|field| order.wrapping_mul(field.len() as u64 | 1) >> 32);
            std::format!("{{{}}}", fields.join(if blank { ", " } else { "," }))
        };
        let with_user = |fields: &[&str], order: u64| {
            let user = std::format!("\"user\":{}", object(&user, order));
            object(&[&[&user[..]], fields].concat(), order)
        };
        let members = |order| {
            let text = std::format!("[{}]", with_user(&member, order));
            let read = Batch::<Member<'_>>::read(&mut Reader::new(&text)).unwrap();
            (read.0.into_owned(), read.1)
        };
        prop_assert_eq!(members(order), members(0));
        let presences = |order| {
            let text = std::format!("[{}]", with_user(&presence, order));
            let read = Batch::<Presence<'_>>::read(&mut Reader::new(&text)).unwrap();
            (read.0.into_owned(), read.1)
        };
        prop_assert_eq!(presences(order), presences(0));
    }
}

fn activity_of(text: &str) -> Activity<'_> {
    Activity::read(&mut Reader::new(text)).unwrap()
}

#[test]
fn rare_parts_of_activities_are_read() {
    let activity = activity_of(
        r#"{"buttons":["a",{"label":"b","url":"u"}],"secrets":{"join":"j","match":"m"},
        "instance":true,"details_url":"d","state_url":null,"status_display_type":2,
        "assets":{"large_url":"l","small_url":"s","invite_cover_image":"i"}}"#,
    );
    let buttons = activity.buttons.value().unwrap();
    let shown: std::vec::Vec<_> = buttons.iter().map(|button| &button.label).collect();
    assert_eq!(shown, [&Text::plain("a"), &Text::plain("b")]);
    assert_eq!(
        (&buttons[0].url, &buttons[1].url),
        (&None, &Some("u".into()))
    );
    let secrets = activity.secrets.value().unwrap();
    assert_eq!(secrets.join.value().unwrap(), &"j");
    assert_eq!(secrets.match_secret.value().unwrap(), &"m");
    assert!(secrets.spectate.is_absent());
    assert_eq!(activity.details_url.value().unwrap(), &"d");
    assert_eq!(
        (&activity.state_url, activity.instance),
        (&Field::Null, Some(true))
    );
    assert_eq!(activity.status_display, Field::Value(2));
    let assets = activity.assets.value().unwrap();
    assert_eq!(assets.large_url.value().unwrap(), &"l");
    assert_eq!(assets.small_url.value().unwrap(), &"s");
    assert_eq!(assets.invite_cover.value().unwrap(), &"i");
    let buttons = r#"{"buttons":[{"url":"u"},"b"]}"#;
    let activity = Activity::read(&mut Reader::new(buttons)).unwrap();
    assert_eq!(
        activity.buttons.value().unwrap().len(),
        1,
        "one has no label"
    );
}

use core::num::NonZeroU64;

use proptest::prelude::*;
use std::collections::BTreeMap;
use std::vec::Vec;

use super::*;
use crate::wire::view::{Batch, User};
use crate::wire::{Field, Text};

fn id<T: From<NonZeroU64>>(number: u64) -> T {
    NonZeroU64::new(number).unwrap().into()
}

/// A message of one of a few channels, and what happens to it.
#[derive(Clone, Debug)]
struct Step {
    what: u8,
    guild: usize,
    channel: u64,
    message: u64,
    author: u64,
    length: usize,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (
        0..12_u8,
        0..3_usize,
        1..4_u64,
        1..40_u64,
        1..6_u64,
        0..200_usize,
    );
    let step = step.prop_map(|(what, guild, channel, message, author, length)| Step {
        what,
        guild,
        channel,
        message,
        author,
        length,
    });
    prop::collection::vec(step, 0..300)
}

impl Step {
    fn text(&self) -> std::string::String {
        "x".repeat(self.length)
    }

    fn batch(&self) -> Batch<Message<'static>> {
        let mut message = Message::bare(id(self.message));
        message.channel = ChannelId::new(self.channel);
        message.content = Some(self.text().into());
        let author = User::bare(id(self.author));
        message.author = Some(author.into());
        if self.author == 5 {
            message.webhook = Field::Value(id(7));
        }
        [message].into_iter().collect()
    }
}

/// Content and author of each message, by guild, channel and id.
type Model = BTreeMap<(usize, u64, u64), (std::string::String, u64)>;

fn trim(model: &mut Model, step: &Step, limit: usize) {
    let of = |model: &Model| -> Vec<_> {
        let keys = model.keys().copied();
        keys.filter(|key| (key.0, key.1) == (step.guild, step.channel))
            .collect()
    };
    for key in of(model).into_iter().rev().skip(limit) {
        model.remove(&key);
    }
}

fn compare(table: &MessageTable, guilds: &[Rings; 3], users: &Users, model: &Model) {
    assert_eq!(table.weight().rows, model.len());
    for (guild, rings) in guilds.iter().enumerate() {
        let mut channels: Vec<u64> = table.channels(rings).map(|it| it.channel.get()).collect();
        channels.sort_unstable();
        let mut wanted: Vec<u64> = model
            .keys()
            .filter(|key| key.0 == guild)
            .map(|key| key.1)
            .collect();
        wanted.dedup();
        // One outside guilds stays.
        channels.retain(|channel| rings.guild.is_some() || wanted.contains(channel));
        assert_eq!(channels, wanted);
        for channel in 1..4 {
            let rows = || table.in_channel(rings.place(id(channel)), users);
            let seen: Vec<_> = rows()
                .map(|row| (row.id().get(), row.content().unwrap()))
                .collect();
            let own = model
                .iter()
                .filter(|(key, _)| (key.0, key.1) == (guild, channel));
            let wanted: Vec<_> = own.clone().map(|(key, row)| (key.2, &*row.0)).collect();
            assert_eq!(seen, wanted);
            let back: Vec<_> = rows().rev().map(|row| row.id().get()).collect();
            assert!(back.iter().rev().eq(wanted.iter().map(|row| &row.0)));
            for (key, (_, author)) in own {
                let message = id(key.2);
                let row = table.message(rings.place(id(channel)), message, users);
                let row = row.unwrap().row();
                assert_eq!(row.author.unwrap().id.get(), *author);
            }
        }
    }
    let mut authors: Vec<u64> = model
        .values()
        .map(|row| row.1)
        .filter(|&id| id != 5)
        .collect();
    authors.sort_unstable();
    authors.dedup();
    assert_eq!(users.len(), authors.len());
}

proptest! {
    #[test]
    fn a_table_is_a_map_of_messages_in_order(steps in steps(), limit in 1..20_usize) {
        let mixer = Mixer::new(3);
        let (mut table, mut users) = (MessageTable::new(mixer), Users::new(mixer));
        let guild = |id: u64| Rings::new(GuildId::new(id));
        let mut guilds = [guild(0), guild(1), guild(2)];
        let mut model = Model::new();
        for step in &steps {
            let (rings, batch) = (&mut guilds[step.guild], step.batch());
            let channel = id(step.channel);
            let key = (step.guild, step.channel, step.message);
            match step.what {
                0 => {
                    table.take_out(rings, channel, &[id(step.message)], &mut users);
                    model.remove(&key);
                }
                1 if step.length < 20 => {
                    table.remove_channel(rings, channel, &mut users);
                    trim(&mut model, step, 0);
                }
                2 if step.length < 10 => {
                    table.clear(rings, &mut users);
                    model.retain(|key, _| key.0 != step.guild);
                }
                3 if step.length < 20 => {
                    table.trim_all(rings, 3, &mut users);
                    for channel in 1..4 {
                        trim(&mut model, &Step { channel, ..step.clone() }, 3);
                    }
                }
                what => {
                    let is_patch = what == 4;
                    let how = if is_patch { MergeMode::Patch } else { MergeMode::Upsert };
                    for message in batch.records() {
                        table.put(rings, (message, how), limit, &mut users);
                    }
                    let was = model.get(&key).map(|row| row.1);
                    if was.is_some() || !is_patch {
                        model.insert(key, (step.text(), step.author));
                    }
                    // A webhook is not taken back by a message that speaks of none.
                    if was == Some(5) && step.author != 5 {
                        table.take_out(rings, channel, &[id(step.message)], &mut users);
                        model.remove(&key);
                    }
                    trim(&mut model, step, limit);
                }
            }
            prop_assert_eq!(table.weight().rows, model.len());
        }
        compare(&table, &guilds, &users, &model);
        for rings in &mut guilds {
            table.clear(rings, &mut users);
        }
        compare(&table, &guilds, &users, &Model::new());
    }
}

#[test]
fn a_message_that_no_row_has_room_for_is_not_kept() {
    let mixer = Mixer::new(3);
    let (mut table, mut users) = (MessageTable::new(mixer), Users::new(mixer));
    let mut rings = Rings::new(None);
    let mut message = Message::bare(id(1));
    message.channel = Some(id(2));
    message.content = Some(Text::from("x".repeat(LONGEST)));
    message.author = Some(User::bare(id(3)).into());
    let batch: Batch<Message<'_>> = [message].into_iter().collect();
    let message = batch.records().next().unwrap();
    table.put(&mut rings, (message, MergeMode::Upsert), 10, &mut users);
    assert_eq!((table.weight().rows, users.len()), (0, 0));
    assert_eq!(table.channels(&rings).count(), 0);
}

//! The store equals a naive model of it, kind by kind, under any policies and any history.

use std::collections::{BTreeMap, BTreeSet};

use headcount_core::Instant;
use headcount_core::cache::Kind;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::grouped::assert_as_scanned;
use crate::kinds_feed::{author, coming, going, recipient, row};
use crate::kinds_rows::{find, seen, seen_outside, seen_private};
use crate::kinds_steps::{Listed, Step, at, id, private, private_channel, ruled, step};
use crate::policies_model::{At, Guild, Model, RULED, Rule, side_by_side};
use crate::world::{ME, World, guild_json, in_guild, ready, user};

/// Both, side by side.
pub(crate) struct Pair {
    pub(crate) world: World,
    pub(crate) model: Model,
}

impl Pair {
    pub(crate) fn new(rules: &BTreeMap<usize, (Kind, Rule)>) -> Self {
        let (world, model) = side_by_side(rules.values());
        Self { world, model }
    }

    pub(crate) fn step(&mut self, step: Step) {
        match step {
            Step::Guild(g, all) => self.guild(g, &all),
            Step::Ready(guilds) => self.ready(&guilds),
            Step::Leave(g) => {
                let data = json!({"id": g.to_string()});
                self.world.feed("GUILD_DELETE", &data);
                self.leave(g);
            }
            Step::Come(kind, g, n, on) => self.come(kind, g, n, on),
            Step::Go(kind, g, n) => self.go(kind, g, n),
            Step::Whole(kind, g, all) => self.whole(kind, g, &all),
            Step::Join(g, thread, u) => self.join(g, id(Kind::Thread, g, thread), u + 20),
            Step::Quit(g, thread, u) => self.quit(g, id(Kind::Thread, g, thread), u + 20),
            other => self.smaller_step(other),
        }
        self.model.settle();
    }

    fn smaller_step(&mut self, step: Step) {
        match step {
            Step::Archive(g, n) => {
                let id = id(Kind::Thread, g, n);
                let mut data = in_guild(row(Kind::Thread, 0, id, Some(100)), g);
                data["thread_metadata"]["archived"] = json!(true);
                self.world.feed("THREAD_UPDATE", &data);
                self.model.thread_gone(g, id);
            }
            Step::Sync(g, parent, all) => self.sync(g, parent, &all),
            Step::Pin(g, n) => {
                let id = id(Kind::Channel, g, n) + 10 * (n / 4);
                let data = json!({"guild_id": g.to_string(), "channel_id": id.to_string(),
                    "last_pin_timestamp": null});
                self.world.feed("CHANNEL_PINS_UPDATE", &data);
                self.tell_again(Kind::Channel, (g, 0, id));
                self.tell_again(Kind::Thread, (g, 0, id));
            }
            Step::Say(n) => self.say(private(n)),
            Step::Unsay(n) => {
                let (_, channel, id) = private(n);
                let data = json!({"id": id.to_string(), "channel_id": channel.to_string()});
                self.world.feed("MESSAGE_DELETE", &data);
                self.model.evict(Kind::Message, private(n));
            }
            Step::Recall(n) => self.look_up(Kind::Message, private(n)),
            Step::Open(n) => self.open(private_channel(n)),
            Step::Peek(n) => self.look_up(Kind::PrivateChannel, private_channel(n)),
            Step::Close(n) => {
                let at = private_channel(n);
                let data = row(Kind::PrivateChannel, 0, at.2, None);
                self.world.feed("CHANNEL_DELETE", &data);
                self.model.private_gone(at);
            }
            Step::Read(kind, g, n) => self.read(kind, g, n),
            Step::Wait(time) => {
                self.model.now += time;
                let now = Instant::from_millis(self.model.now);
                self.world.store.advance(now);
            }
            Step::Rule(kind, rule) => {
                self.model.set_rule(kind, rule);
                let policy = rule.policy(kind);
                self.world.store.set_policy(kind, policy).unwrap();
            }
            other => panic!("{other:?} is no small step"),
        }
    }

    fn feed(&mut self, name: &str, g: u64, data: Value) {
        self.world.feed(name, &in_guild(data, g));
    }

    /// A row of a guild that is known comes or changes.
    fn touch(&mut self, kind: Kind, at: At, hangs: Option<u64>) {
        if !self.model.guilds.contains_key(&at.0) {
            return;
        }
        self.model.links.remove(&(kind, at));
        self.model.links.extend(hangs.map(|on| ((kind, at), on)));
        self.model.touch(kind, at);
    }

    fn tell_again(&mut self, kind: Kind, at: At) {
        if self.model.of(kind).contains(&at) {
            self.model.touch(kind, at);
        }
    }

    fn leave(&mut self, g: u64) {
        self.model.guilds.remove(&g);
        for kind in RULED {
            self.model.drop_rows(kind, |at| at.0 == g);
        }
    }

    fn ready(&mut self, guilds: &[u64]) {
        self.world.feed("READY", &ready(guilds));
        for g in 1..3 {
            if !guilds.contains(&g) {
                self.leave(g);
            }
        }
        let lost = [
            Kind::Message,
            Kind::Integration,
            Kind::Invite,
            Kind::Rule,
            Kind::WebhookMark,
        ];
        for kind in lost {
            self.model.drop_rows(kind, |_| true);
        }
        self.model.drop_rows(Kind::PrivateChannel, |_| true);
        self.model.rowed.clear();
    }

    fn come(&mut self, kind: Kind, g: u64, n: u64, on: u64) {
        let (hangs, id) = (id(Kind::Channel, g, on), id(kind, g, n));
        let at = at(kind, g, id);
        let (name, part) = coming(kind);
        let row = row(kind, at.1, id, Some(hangs));
        let data = match part {
            Some(part) => json!({part: row}),
            None => row,
        };
        self.feed(name, g, data);
        self.touch(kind, at, linked(kind).then_some(hangs));
        if let (Kind::Member, Some(guild)) = (kind, self.model.guilds.get_mut(&g)) {
            guild.real.insert(id);
        }
    }

    fn go(&mut self, kind: Kind, g: u64, n: u64) {
        let id = id(kind, g, n);
        let at = at(kind, g, id);
        let (name, data) = going(kind, row(kind, at.1, id, Some(100)));
        self.feed(name, g, data);
        self.model.evict(kind, at);
        if kind == Kind::Member {
            self.model
                .drop_rows(Kind::VoiceState, |row| *row == (g, 0, id));
            let theirs = |row: &At| (row.0, row.2) == (g, id);
            self.model.drop_rows(Kind::ThreadMember, theirs);
        }
    }

    /// Rows that are not listed go, the others come or change.
    fn replace(&mut self, kind: Kind, g: u64, all: &Listed) {
        let listed: BTreeMap<u64, u64> = all
            .iter()
            .map(|(n, on)| (id(kind, g, *n), id(Kind::Channel, g, *on)))
            .collect();
        if !self.model.guilds.contains_key(&g) {
            return;
        }
        for at in self.model.of(kind) {
            if at.0 == g && !listed.contains_key(&at.2) {
                match kind {
                    // What hangs on a channel is listed too, or goes apart.
                    Kind::Channel => self.model.drop_rows(kind, |row| *row == at),
                    _ => self.model.evict(kind, at),
                }
            }
        }
        for (id, on) in listed {
            self.touch(kind, (g, 0, id), linked(kind).then_some(on));
        }
    }

    fn whole(&mut self, kind: Kind, g: u64, all: &Listed) {
        let rows = rows(kind, g, all);
        match kind {
            Kind::Role => {
                let data = json!({"id": g.to_string(), "roles": rows});
                self.world.feed("GUILD_UPDATE", &data);
            }
            Kind::Emoji => self.feed("GUILD_EMOJIS_UPDATE", g, json!({"emojis": rows})),
            Kind::Sticker => self.feed("GUILD_STICKERS_UPDATE", g, json!({"stickers": rows})),
            _ => self.feed("SOUNDBOARD_SOUNDS", g, json!({"soundboard_sounds": rows})),
        }
        self.replace(kind, g, all);
    }

    fn guild(&mut self, g: u64, all: &[Listed; 6]) {
        let kinds = [
            (Kind::Channel, "channels"),
            (Kind::Thread, "threads"),
            (Kind::Role, "roles"),
            (Kind::Emoji, "emojis"),
            (Kind::VoiceState, "voice_states"),
            (Kind::Member, "members"),
        ];
        let mut data = guild_json(g, &[ME], 9);
        for ((kind, name), all) in kinds.iter().zip(all) {
            data[name] = rows(*kind, g, all);
        }
        data["stage_instances"] = rows(Kind::Stage, g, &all[0]);
        data["guild_scheduled_events"] = rows(Kind::ScheduledEvent, g, &all[1]);
        data["soundboard_sounds"] = rows(Kind::Sound, g, &all[2]);
        self.world.feed("GUILD_CREATE", &data);
        self.model.guilds.insert(
            g,
            Guild {
                owner: 10,
                ..Guild::default()
            },
        );
        for ((kind, _), all) in kinds.iter().zip(all) {
            self.replace(*kind, g, all);
        }
        let channels = all[0].keys().map(|n| id(Kind::Channel, g, *n));
        let threads = all[1].keys().map(|n| id(Kind::Thread, g, *n));
        self.only_channels(g, &channels.chain(threads).collect());
        self.model.drop_rows(Kind::ThreadMember, |at| at.0 == g);
        self.replace(Kind::Sticker, g, &Listed::new());
        self.replace(Kind::Stage, g, &all[0]);
        self.replace(Kind::ScheduledEvent, g, &all[1]);
        self.replace(Kind::Sound, g, &all[2]);
    }

    /// What a guild does not list goes with its channel.
    fn only_channels(&mut self, g: u64, listed: &BTreeSet<u64>) {
        let links = self.model.links.clone();
        for kind in [Kind::Message, Kind::WebhookMark, Kind::Invite] {
            self.model.drop_rows(kind, |at| {
                let channel = match kind {
                    Kind::Message => at.1,
                    Kind::WebhookMark => at.2,
                    _ => links[&(kind, *at)],
                };
                at.0 == g && !listed.contains(&channel)
            });
        }
    }

    fn sync(&mut self, g: u64, parent: Option<u64>, all: &Listed) {
        let parent = parent.map(|n| id(Kind::Channel, g, n));
        let mut data = json!({"threads": rows(Kind::Thread, g, all), "members": []});
        if let Some(parent) = parent {
            data["channel_ids"] = json!([parent.to_string()]);
        }
        self.feed("THREAD_LIST_SYNC", g, data);
        if !self.model.guilds.contains_key(&g) {
            return;
        }
        let ids: BTreeSet<u64> = all.keys().map(|n| id(Kind::Thread, g, *n)).collect();
        for at in self.model.of(Kind::Thread) {
            let under = self.model.links.get(&(Kind::Thread, at)).copied();
            let meant = at.0 == g && (parent.is_none() || under == parent);
            if meant && !ids.contains(&at.2) {
                self.model.evict(Kind::Thread, at);
            }
        }
        let links: BTreeMap<u64, u64> = all
            .iter()
            .map(|(n, on)| (id(Kind::Thread, g, *n), *on))
            .collect();
        for (thread, on) in links {
            self.touch(Kind::Thread, (g, 0, thread), Some(id(Kind::Channel, g, on)));
        }
    }

    /// Where threads are kept at all, a membership needs its thread.
    fn join(&mut self, g: u64, thread: u64, u: u64) {
        let added = json!([{"user_id": u.to_string(), "flags": 0}]);
        let data = json!({"id": thread.to_string(), "added_members": added, "member_count": 1});
        self.feed("THREAD_MEMBERS_UPDATE", g, data);
        self.tell_again(Kind::Thread, (g, 0, thread));
        let threads = self.model.of(Kind::Thread);
        let none = !threads.iter().any(|at| at.0 == g);
        if none || threads.contains(&(g, 0, thread)) {
            self.touch(Kind::ThreadMember, (g, thread, u), None);
        }
    }

    /// User 20 stands for the bot.
    fn quit(&mut self, g: u64, thread: u64, u: u64) {
        let u = if u == 20 { ME } else { u };
        let data = json!({"id": thread.to_string(), "member_count": 1,
            "removed_member_ids": [u.to_string()]});
        self.feed("THREAD_MEMBERS_UPDATE", g, data);
        self.tell_again(Kind::Thread, (g, 0, thread));
        let cached = self.model.of(Kind::Thread).contains(&(g, 0, thread));
        if u == ME && thread % 2 == 1 && cached {
            self.model.thread_gone(g, thread);
        }
        let one = (g, thread, u);
        self.model.drop_rows(Kind::ThreadMember, |at| *at == one);
    }

    fn read(&mut self, kind: Kind, g: u64, n: u64) {
        let mut at = at(kind, g, id(kind, g, n));
        if kind == Kind::ThreadMember {
            at.1 = id(Kind::Thread, g, n);
        }
        self.look_up(kind, at);
    }

    fn say(&mut self, at: At) {
        let data = row(Kind::Message, at.1, at.2, None);
        self.world.feed("MESSAGE_CREATE", &data);
        self.model.touch(Kind::Message, at);
        // Where messages are not kept at all, none takes a place for its channel.
        let channel = (0, 0, at.1);
        let known = self.model.of(Kind::PrivateChannel).contains(&channel);
        if known || self.model.rule(Kind::Message).newest != Some(0) {
            self.model.touch(Kind::PrivateChannel, channel);
        }
    }

    fn open(&mut self, at: At) {
        let data = row(Kind::PrivateChannel, 0, at.2, None);
        self.world.feed("CHANNEL_CREATE", &data);
        self.model.rowed.insert(at);
        self.model.touch(Kind::PrivateChannel, at);
    }

    fn look_up(&mut self, kind: Kind, at: At) {
        if let Some(found) = find(&self.world.store, kind, at) {
            self.model.used(kind, at);
            let there = match kind {
                Kind::PrivateChannel => self.model.rowed.contains(&at),
                _ => self.model.of(kind).contains(&at),
            };
            assert_eq!(found, there, "{kind:?} {at:?}");
        }
    }

    pub(crate) fn compare(&self) -> Result<(), TestCaseError> {
        assert_as_scanned(&self.world.store);
        let mut users = BTreeSet::from([ME]);
        for kind in RULED {
            let mut expected = self.model.of(kind);
            let mut seen: BTreeSet<At> = (1..3)
                .flat_map(|g| seen(&self.world.store, kind, g))
                .collect();
            if kind == Kind::Message {
                seen.extend(seen_outside(&self.world.store));
            } else if kind == Kind::PrivateChannel {
                seen.extend(seen_private(&self.world.store));
                expected.retain(|at| self.model.rowed.contains(at));
            }
            prop_assert_eq!(&seen, &expected, "{:?}", kind);
            prop_assert_eq!(self.world.store.rows(kind), expected.len(), "{:?}", kind);
            match kind {
                Kind::Member => users.extend(seen.iter().map(|at| at.2)),
                Kind::Message => users.extend(seen.iter().map(|at| author(at.2))),
                Kind::PrivateChannel => users.extend(seen.iter().map(|at| recipient(at.2))),
                _ => {}
            }
        }
        prop_assert_eq!(self.world.store.rows(Kind::User), users.len());
        let held = |id: &u64| self.world.store.user(user(*id)).is_some();
        prop_assert!(users.iter().all(held), "somebody holds each of {:?}", users);
        Ok(())
    }
}

/// Kinds whose rows hang on a channel.
fn linked(kind: Kind) -> bool {
    let linked = [
        Kind::Thread,
        Kind::VoiceState,
        Kind::Stage,
        Kind::ScheduledEvent,
        Kind::Invite,
    ];
    linked.contains(&kind)
}

fn rows(kind: Kind, g: u64, all: &Listed) -> Value {
    let ids: BTreeMap<u64, u64> = all.iter().map(|(n, on)| (id(kind, g, *n), *on)).collect();
    let row = |(id, on)| row(kind, 0, id, Some(self::id(Kind::Channel, g, on)));
    ids.into_iter().map(row).collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(400)
    })]

    #[test]
    fn every_kind_equals_a_naive_model(
        rules in prop::collection::btree_map(0..40_usize, ruled(), 0..10),
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let mut pair = Pair::new(&rules);
        for step in steps {
            pair.step(step.clone());
            pair.compare().map_err(|error| {
                TestCaseError::fail(format!("{error} after {step:?}"))
            })?;
        }
    }
}

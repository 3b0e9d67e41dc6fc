//! The store under any policies and any history equals a naive model of them.

use std::collections::BTreeSet;

use headcount_core::Instant;
use headcount_core::cache::memory::Completeness;
use headcount_core::cache::{Kind, MemberTraits};
use headcount_core::id::MessageId;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::grouped::assert_as_scanned;
use crate::policies_model::{At, Condition, Guild, Model, RULED, Rule, side_by_side};
use crate::world::{
    ME, World, channel, channel_json, guild, guild_json, in_guild, member_json, user, user_json,
};

#[derive(Clone, Debug)]
enum Step {
    Guild {
        g: u64,
        members: Vec<u64>,
        owner: u64,
        voice: Vec<u64>,
        online: Vec<u64>,
    },
    Leave(u64),
    Owner(u64, u64),
    Join(u64, u64, bool),
    Part(u64, u64),
    Voice(u64, u64, bool),
    Presence(u64, u64, bool),
    Say(u64, u64),
    Unsay(u64, u64),
    Read(u64, u64),
    ReadMessage(u64, u64),
    ReadPresence(u64, u64),
    ReadVoice(u64, u64),
    Wait(u64),
    Rule(Kind, Rule),
}

fn condition(kind: Kind) -> impl Strategy<Value = Condition> {
    let keep = if kind == Kind::Member { 0..32_u8 } else { 0..1 };
    (keep, any::<bool>()).prop_map(|(bits, even)| {
        let keep = MemberTraits::from_bits_truncate(bits);
        let even = even || keep.is_empty();
        Condition { keep, even }
    })
}

pub(crate) fn rule(kind: Kind) -> impl Strategy<Value = Rule> {
    let message = kind == Kind::Message;
    let small = || prop::option::weighted(0.3, 0..4_usize);
    let conditions = (
        prop::option::weighted(0.4, condition(kind)),
        prop::option::weighted(0.3, condition(kind)),
    );
    let age = prop::option::weighted(0.2, 0..40_u64);
    let over = prop::option::weighted(0.3, 0..40_u64);
    let rest = (age, over);
    (conditions, small(), small(), small(), rest).prop_map(
        move |((only, spared), overall, group, newest, (age, over))| match over {
            Some(_) if kind == Kind::ScheduledEvent => Rule {
                over,
                ..Rule::default()
            },
            Some(_) | None => Rule {
                only,
                spared,
                overall,
                per_guild: group.filter(|_| !message && kind != Kind::PrivateChannel),
                per_channel: group.filter(|_| message),
                newest: newest.filter(|_| message && only.is_none()),
                age,
                over: None,
            },
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let (g, u) = (1..3_u64, 10..18_u64);
    let some = || prop::collection::vec(10..18_u64, 0..5);
    let ruled = prop_oneof![
        rule(Kind::Member).prop_map(|rule| Step::Rule(Kind::Member, rule)),
        rule(Kind::Message).prop_map(|rule| Step::Rule(Kind::Message, rule)),
        rule(Kind::Presence).prop_map(|rule| Step::Rule(Kind::Presence, rule)),
        rule(Kind::VoiceState).prop_map(|rule| Step::Rule(Kind::VoiceState, rule)),
    ];
    let guild = (g.clone(), some(), u.clone(), some(), some()).prop_map(
        |(g, members, owner, voice, online)| Step::Guild {
            g,
            members,
            owner,
            voice,
            online,
        },
    );
    let at = || (g.clone(), u.clone());
    prop_oneof![
        2 => guild,
        1 => g.clone().prop_map(Step::Leave),
        1 => at().prop_map(|(g, u)| Step::Owner(g, u)),
        6 => (at(), any::<bool>()).prop_map(|((g, u), boost)| Step::Join(g, u, boost)),
        1 => at().prop_map(|(g, u)| Step::Part(g, u)),
        4 => (at(), any::<bool>()).prop_map(|((g, u), on)| Step::Voice(g, u, on)),
        4 => (at(), any::<bool>()).prop_map(|((g, u), on)| Step::Presence(g, u, on)),
        6 => (g.clone(), 1000..1030_u64).prop_map(|(g, id)| Step::Say(g, id)),
        1 => (g.clone(), 1000..1030_u64).prop_map(|(g, id)| Step::Unsay(g, id)),
        3 => at().prop_map(|(g, u)| Step::Read(g, u)),
        2 => (g.clone(), 1000..1030_u64).prop_map(|(g, id)| Step::ReadMessage(g, id)),
        1 => at().prop_map(|(g, u)| Step::ReadPresence(g, u)),
        1 => at().prop_map(|(g, u)| Step::ReadVoice(g, u)),
        2 => (0..20_u64).prop_map(Step::Wait),
        3 => ruled,
    ]
}

/// Both, side by side.
struct Pair {
    world: World,
    model: Model,
}

/// A message's author: its id, out of reach of the members'.
fn author(id: u64) -> u64 {
    id % 5 + 300
}

/// The channel of a message: its id decides, so that it lies in one.
fn channel_of(g: u64, id: u64) -> u64 {
    g * 100 + id % 3
}

impl Pair {
    fn new(rules: &[(Kind, Rule)]) -> Self {
        let (world, model) = side_by_side(rules);
        Self { world, model }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Guild {
                g,
                members,
                owner,
                voice,
                online,
            } => {
                self.guild(g, &members, owner, &voice, &online);
            }
            Step::Leave(g) => {
                self.world
                    .feed("GUILD_DELETE", &json!({"id": g.to_string()}));
                self.model.guilds.remove(&g);
                for kind in RULED {
                    self.model.drop_rows(kind, |at| at.0 == g);
                }
            }
            Step::Owner(g, owner) => {
                let data = json!({"id": g.to_string(), "owner_id": owner.to_string()});
                self.world.feed("GUILD_UPDATE", &data);
                if let Some(guild) = self.model.guilds.get_mut(&g) {
                    guild.owner = owner;
                }
            }
            Step::Join(g, u, boosts) => {
                let mut data = in_guild(member_json(u), g);
                data["premium_since"] = since(boosts);
                self.world.feed("GUILD_MEMBER_ADD", &data);
                self.member(g, u, boosts);
            }
            Step::Part(g, u) => {
                let data = json!({"guild_id": g.to_string(), "user": user_json(u)});
                self.world.feed("GUILD_MEMBER_REMOVE", &data);
                if let Some(guild) = self.model.guilds.get_mut(&g) {
                    guild.real.remove(&u);
                    self.model.member_gone(g, u);
                    self.model
                        .drop_rows(Kind::VoiceState, |at| *at == (g, 0, u));
                }
            }
            other => self.smaller_step(other),
        }
        self.model.settle();
    }

    fn smaller_step(&mut self, step: Step) {
        match step {
            Step::Voice(g, u, on) => {
                let channel = on.then(|| "5".to_owned());
                let data = json!({"guild_id": g.to_string(), "user_id": u.to_string(),
                    "channel_id": channel, "session_id": "v", "member": member_json(u)});
                self.world.feed("VOICE_STATE_UPDATE", &data);
                self.member(g, u, false);
                if !on {
                    self.model
                        .drop_rows(Kind::VoiceState, |at| *at == (g, 0, u));
                } else if self.model.guilds.contains_key(&g) {
                    self.model.touch(Kind::VoiceState, (g, 0, u));
                }
            }
            Step::Presence(g, u, on) => {
                let status = if on { "idle" } else { "offline" };
                let data = json!({"guild_id": g.to_string(), "status": status,
                    "user": {"id": u.to_string()}});
                self.world.feed("PRESENCE_UPDATE", &data);
                if self.model.guilds.contains_key(&g) {
                    self.model.presence(g, u, on);
                }
            }
            Step::Say(g, id) => {
                let c = channel_of(g, id);
                let data = json!({"id": id.to_string(), "channel_id": c.to_string(),
                    "guild_id": g.to_string(), "author": user_json(author(id)), "type": 0});
                self.world.feed("MESSAGE_CREATE", &data);
                if self.model.guilds.contains_key(&g) {
                    self.model.touch(Kind::Message, (g, c, id));
                }
            }
            Step::Unsay(g, id) => {
                let c = channel_of(g, id);
                let data = json!({"id": id.to_string(), "channel_id": c.to_string(),
                    "guild_id": g.to_string()});
                self.world.feed("MESSAGE_DELETE", &data);
                self.model.drop_rows(Kind::Message, |at| *at == (g, c, id));
            }
            Step::Wait(time) => {
                self.model.now += time;
                self.world
                    .store
                    .advance(Instant::from_millis(self.model.now));
            }
            Step::Rule(kind, rule) => {
                self.model.set_rule(kind, rule);
                self.world
                    .store
                    .set_policy(kind, rule.policy(kind))
                    .unwrap();
            }
            other => self.read(&other),
        }
    }

    fn read(&mut self, step: &Step) {
        let (store, model) = (&self.world.store, &mut self.model);
        match *step {
            Step::Read(g, u) => {
                model.used(Kind::Member, (g, 0, u));
                let found = store.member(guild(g), user(u)).is_some();
                assert_eq!(found, model.of(Kind::Member).contains(&(g, 0, u)));
            }
            Step::ReadMessage(g, id) => {
                let c = channel_of(g, id);
                model.used(Kind::Message, (g, c, id));
                let _ = store.message(guild(g), channel(c), MessageId::new(id).unwrap());
            }
            Step::ReadPresence(g, u) => {
                model.used(Kind::Presence, (g, 0, u));
                let _ = store.presence(guild(g), user(u));
            }
            Step::ReadVoice(g, u) => {
                model.used(Kind::VoiceState, (g, 0, u));
                let _ = store.voice_state(guild(g), user(u));
            }
            _ => {}
        }
    }

    fn member(&mut self, g: u64, u: u64, boosts: bool) {
        if let Some(guild) = self.model.guilds.get_mut(&g) {
            guild.real.insert(u);
            guild.boosters.remove(&u);
            guild.boosters.extend(boosts.then_some(u));
            self.model.touch(Kind::Member, (g, 0, u));
        }
    }

    fn guild(&mut self, g: u64, members: &[u64], owner: u64, voice: &[u64], online: &[u64]) {
        let mut listed = members.to_vec();
        listed.push(ME);
        let (ids, names) = (listed.len() as u64, |list: &[u64]| -> Vec<String> {
            list.iter().map(u64::to_string).collect()
        });
        let mut data = guild_json(g, &listed, ids);
        data["owner_id"] = json!(owner.to_string());
        data["channels"] = (0..3).map(|c| channel_json(g * 100 + c)).collect();
        let state = |id| json!({"user_id": id, "channel_id": "5", "session_id": "v"});
        data["voice_states"] = names(voice).into_iter().map(state).collect();
        let presence = |id| json!({"user": {"id": id}, "status": "dnd"});
        data["presences"] = names(online).into_iter().map(presence).collect();
        self.world.feed("GUILD_CREATE", &data);
        let guild = Guild {
            owner,
            ..Guild::default()
        };
        self.model.guilds.insert(g, guild);
        let model = &mut self.model;
        model.drop_rows(Kind::Member, |at| at.0 == g && !listed.contains(&at.2));
        let kept = |at: &At| listed.contains(&at.2) && online.contains(&at.2);
        model.drop_rows(Kind::Presence, |at| at.0 == g && !kept(at));
        listed.iter().for_each(|&u| self.member(g, u, false));
        online.iter().for_each(|&u| self.model.presence(g, u, true));
        self.model
            .drop_rows(Kind::VoiceState, |at| at.0 == g && !voice.contains(&at.2));
        let states = voice.iter().map(|&u| (g, 0, u));
        states.for_each(|at| self.model.touch(Kind::VoiceState, at));
    }

    fn compare(&self) -> Result<(), TestCaseError> {
        assert_as_scanned(&self.world.store);
        let (store, model) = (&self.world.store, &self.model);
        let (mut users, mut messages, mut presences) = (BTreeSet::new(), 0, 0);
        for (&g, real) in &model.guilds {
            let members: Vec<u64> = self.world.member_ids(g);
            let own = |kind: Kind| model.of(kind).into_iter().filter(move |at| at.0 == g);
            let expected: Vec<u64> = own(Kind::Member).map(|at| at.2).collect();
            prop_assert_eq!(&members, &expected, "members of {}", g);
            let states = store.voice_states(guild(g)).map(|row| row.user.get());
            let expected: BTreeSet<u64> = own(Kind::VoiceState).map(|at| at.2).collect();
            prop_assert_eq!(
                states.collect::<BTreeSet<u64>>(),
                expected,
                "in voice in {}",
                g
            );
            let seen: BTreeSet<u64> = store
                .presences(guild(g))
                .map(|row| row.user().get())
                .collect();
            let expected: BTreeSet<u64> = own(Kind::Presence).map(|at| at.2).collect();
            prop_assert_eq!(&seen, &expected, "presences of {}", g);
            for c in 0..3 {
                let c = g * 100 + c;
                let rows = store.messages(guild(g), channel(c));
                let seen: Vec<u64> = rows.map(|row| row.id().get()).collect();
                let in_channel = own(Kind::Message).filter(|at| at.1 == c);
                let expected: Vec<u64> = in_channel.map(|at| at.2).collect();
                prop_assert_eq!(&seen, &expected, "messages of {}", c);
                users.extend(seen.iter().map(|&id| author(id)));
                messages += seen.len();
            }
            presences += seen.len();
            if let Some(Completeness::Complete { .. }) = store.completeness(guild(g)) {
                let known: BTreeSet<u64> = members.iter().copied().collect();
                prop_assert_eq!(&known, &real.real, "complete is complete");
            }
            users.extend(members);
        }
        users.insert(ME);
        prop_assert_eq!(store.rows(Kind::User), users.len());
        prop_assert!(users.iter().all(|&id| store.user(user(id)).is_some()));
        prop_assert_eq!(store.rows(Kind::Message), messages);
        prop_assert_eq!(store.rows(Kind::Presence), presences);
        Ok(())
    }
}

fn since(boosts: bool) -> Value {
    if boosts {
        json!("2024-01-01T00:00:00+00:00")
    } else {
        Value::Null
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_store_equals_a_naive_model(
        member in prop::option::of(rule(Kind::Member)),
        message in prop::option::of(rule(Kind::Message)),
        presence in prop::option::of(rule(Kind::Presence)),
        voice in prop::option::of(rule(Kind::VoiceState)),
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let all = [
            (Kind::Member, member),
            (Kind::Message, message),
            (Kind::Presence, presence),
            (Kind::VoiceState, voice),
        ];
        let rules: Vec<_> =
            all.into_iter().filter_map(|(kind, rule)| Some((kind, rule?))).collect();
        let mut pair = Pair::new(&rules);
        for step in steps {
            pair.step(step);
            pair.compare()?;
        }
    }
}

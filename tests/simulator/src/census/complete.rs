//! Whether the samples have every key that the product knows, and each key matters.

use std::collections::BTreeSet;

use headcount_core::Intents;
use headcount_core::wire::Name;
use serde_json::Value;

use super::declared::{Declared, Row};
use super::host::Host;
use super::payloads;
use super::tree::{Order, Tree, Way};

/// Dispatches of which nothing is read.
const UNREAD: [Name; 18] = [
    Name::Resumed,
    Name::GuildIntegrationsUpdate,
    Name::GuildAuditLogEntryCreate,
    Name::GuildJoinRequestCreate,
    Name::GuildJoinRequestUpdate,
    Name::GuildJoinRequestDelete,
    Name::ApplicationCommandPermissionsUpdate,
    Name::TypingStart,
    Name::VoiceServerUpdate,
    Name::VoiceChannelEffectSend,
    Name::InteractionCreate,
    Name::EntitlementCreate,
    Name::EntitlementUpdate,
    Name::EntitlementDelete,
    Name::SubscriptionCreate,
    Name::SubscriptionUpdate,
    Name::SubscriptionDelete,
    Name::AutoModerationActionExecution,
];

/// Texts in the sources of the views that are no keys of a dispatch, or keys of which the place
/// alone is known.
const NO_KEYS: [&str; 16] = [
    "clan",
    "display_name",
    "display_name_styles",
    "processed_at_timestamp",
    "shard",
    "online",
    "idle",
    "dnd",
    "offline",
    "invisible",
    "zero",
    "channel",
    "channel_type",
    "heartbeat_interval",
    "lowercase",
    "snake_case",
];

/// A payload, and the places of it that matter.
struct Sample {
    tree: Tree,
    matter: BTreeSet<Way>,
}

fn sample(host: &Host, name: &str, data: &Value) -> Sample {
    let tree = Tree::new(data, Order::Usual);
    let full = host.try_dispatch(name, &tree.text());
    let matters = |way: &Way| {
        let without = host.try_dispatch(name, &tree.without(way).text());
        !without.agrees(&full)
    };
    let matter = tree.places().into_iter().filter(matters).collect();
    Sample { tree, matter }
}

fn samples() -> Vec<Sample> {
    let (host, nonce) = Host::asking(Intents::all());
    let others = payloads::others(&nonce);
    let mut all: Vec<Sample> = others.iter().map(|it| sample(&host, it.0, &it.1)).collect();
    let (asking, nonce) = Host::asking_for_some();
    let chunk = payloads::only_chunk(&nonce);
    all.push(sample(&asking, "GUILD_MEMBERS_CHUNK", &chunk));
    let expecting = Host::expecting(Intents::all());
    all.push(sample(
        &expecting,
        "GUILD_CREATE",
        &payloads::guild_create(),
    ));
    let identifying = Host::identifying(Intents::all());
    all.push(sample(&identifying, "READY", &payloads::ready()));
    let (unheard, _) = Host::asking(Intents::all().difference(Intents::GUILD_MEMBERS));
    let passing = payloads::in_passing();
    all.extend(passing.iter().map(|it| sample(&unheard, it.0, &it.1)));
    all
}

impl Sample {
    /// The keys that matter of each object.
    fn objects(&self) -> Vec<BTreeSet<&str>> {
        let mut ways = self.tree.places();
        ways.push(Way::new());
        let objects = ways.into_iter().filter_map(|way| match self.tree.at(&way) {
            Tree::Object(members) => {
                let keys = members.iter().enumerate().filter(|(index, _)| {
                    let mut inside = way.clone();
                    inside.push(*index);
                    self.matter.contains(&inside)
                });
                Some(keys.map(|(_, (key, _))| key.as_str()).collect())
            }
            Tree::List(_) | Tree::Leaf(_) => None,
        });
        objects.collect()
    }
}

#[test]
fn the_samples_have_every_key_and_each_matters() {
    let (declared, samples) = (Declared::get(), samples());
    let objects: Vec<BTreeSet<&str>> = samples.iter().flat_map(Sample::objects).collect();
    let is_whole = |row: &&Row| {
        let has_all = |keys: &BTreeSet<&str>| row.parts.keys().all(|key| keys.contains(&**key));
        objects.iter().any(has_all)
    };
    let lacking: Vec<&Row> = declared.rows.iter().filter(|row| !is_whole(row)).collect();
    // The gateway never sends webhooks.
    let lacking: Vec<&str> = lacking.iter().map(|row| &*row.name).collect();
    assert_eq!(lacking, ["Webhook"]);
    let known: BTreeSet<&str> = objects.into_iter().flatten().collect();
    let unknown: Vec<&String> = declared
        .by_hand
        .iter()
        .filter(|key| !known.contains(key.as_str()) && !NO_KEYS.contains(&key.as_str()))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    assert!(declared.rows.len() > 50 && declared.by_hand.len() > 80);
}

#[test]
fn there_is_one_of_each_dispatch() {
    let (_, nonce) = Host::asking(Intents::all());
    let others = payloads::others(&nonce);
    let mut names: BTreeSet<&str> = others.iter().map(|it| it.0).collect();
    names.extend(["READY", "GUILD_CREATE", "GUILD_MEMBERS_CHUNK"]);
    let known = Name::ALL.iter().filter(|name| !UNREAD.contains(name));
    let known: BTreeSet<&str> = known.map(|name| name.as_str()).collect();
    assert_eq!(names, known);
}

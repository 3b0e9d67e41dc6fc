//! The census: every key that the product knows, at every depth, in every odd form.
//!
//! An odd value costs itself: the dispatch is emitted, what was not understood is named, and all
//! else changes as it does without that value.
#[cfg(test)]
mod beside;
#[cfg(test)]
mod complete;
mod declared;
mod forms;
mod host;
mod lines;
mod payloads;
mod rows;
mod stated;
pub(crate) mod tree;
mod trial;

use crate::scenario::Source;
use headcount_core::Intents;
use host::Host;
use serde_json::Value;
use std::sync::OnceLock;
pub use tree::Order;
use tree::Tree;
use trial::Trial;

/// A shard somewhere on its way, and the payloads that come there.
type Place = (Host, Vec<(&'static str, Value)>);

/// Payloads that come at the same place of a shard's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A guild with all that lives in it.
    Guild,
    /// Chunks of members, one of them the whole answer.
    Chunk,
    /// The answer to a request for some users.
    Users,
    /// READY.
    Session,
    /// One of each other dispatch.
    Others,
    /// What carries a member in passing, where the gateway does not report members.
    InPassing,
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 6] = [
        Self::Guild,
        Self::Chunk,
        Self::Users,
        Self::Session,
        Self::Others,
        Self::InPassing,
    ];

    fn get(self) -> &'static Place {
        static ALL: [OnceLock<Place>; Part::ALL.len()] =
            [const { OnceLock::new() }; Part::ALL.len()];
        ALL[self as usize].get_or_init(|| self.make())
    }

    fn make(self) -> Place {
        let chunk = "GUILD_MEMBERS_CHUNK";
        let all = Intents::all();
        match self {
            Self::Guild => {
                let guild = vec![("GUILD_CREATE", payloads::guild_create())];
                (Host::expecting(all), guild)
            }
            Self::Chunk => {
                let (host, nonce) = Host::asking(all);
                let chunks = [payloads::chunk(&nonce), payloads::only_chunk(&nonce)];
                (host, chunks.map(|data| (chunk, data)).into())
            }
            Self::Users => {
                let (host, nonce) = Host::asking_for_some();
                (host, vec![(chunk, payloads::only_chunk(&nonce))])
            }
            Self::Session => (Host::identifying(all), vec![("READY", payloads::ready())]),
            Self::Others => {
                let (host, nonce) = Host::asking(all);
                (host, payloads::others(&nonce))
            }
            Self::InPassing => {
                let (host, _) = Host::asking(all.difference(Intents::GUILD_MEMBERS));
                (host, payloads::in_passing())
            }
        }
    }
}

/// Takes the census of a part: each `step`th place of its payloads in every form. Returns how many
/// payloads that were.
///
/// # Panics
/// When an odd value costs more than itself, or is not emitted.
#[must_use]
pub fn take(part: Part, order: Order, step: usize) -> usize {
    let (host, payloads) = part.get();
    let trials = payloads.iter().map(|(name, data)| {
        let trial = Trial::new(host, name, Tree::new(data, order));
        trial.take(step)
    });
    trials.sum()
}

/// Tries one odd value in one payload.
///
/// # Panics
/// As [`take`].
pub fn try_one(source: &mut Source<'_>) {
    let part = source.pick(&Part::ALL);
    let (host, payloads) = part.get();
    let (name, data) = source.pick(payloads);
    let order = source.pick(&[Order::Usual, Order::Unusual]);
    Trial::try_one(host, name, Tree::new(&data, order), source);
}

/// A payload with a few odd values, some of them beside good ones of the same key.
#[must_use]
pub fn mangled(source: &mut Source<'_>) -> (&'static str, String) {
    let (_, payloads) = source.pick(&Part::ALL).get();
    let (name, data) = source.pick(payloads);
    let mut tree = Tree::new(&data, source.pick(&[Order::Usual, Order::Unusual]));
    for _ in 0..=source.below(4) {
        let places = tree.places();
        if places.is_empty() {
            break;
        }
        let way = source.pick(&places);
        let text = source.pick(&forms::forms()).text;
        tree = match source.below(4) {
            0 => tree.without(&way),
            1 if tree.key(&way).is_some() => tree.twice(&way, &text, true),
            2 if tree.key(&way).is_some() => tree.twice(&way, &text, false),
            _ => tree.with(&way, &text),
        };
    }
    (name, tree.text())
}

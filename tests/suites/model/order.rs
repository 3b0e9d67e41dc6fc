//! The order of keys: reverse alphabetical, with `guild_id` last in events.
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// JSON whose objects keep the order of their keys; it holds what is out of order.
#[derive(Default)]
pub(crate) struct Disorder(pub(crate) Vec<String>);

/// Objects above this size come in any order.
const ORDERED: usize = 32;

fn judge(keys: &[String]) -> Option<String> {
    let ordered = match keys.split_last() {
        Some((last, rest)) if last == "guild_id" => rest,
        _ => keys,
    };
    let falls = ordered.windows(2).all(|pair| pair[0] > pair[1]);
    let mut unique = keys.to_vec();
    unique.sort();
    unique.dedup();
    let fine = unique.len() == keys.len() && (falls || keys.len() > ORDERED);
    (!fine).then(|| keys.join(" "))
}

impl<'de> Deserialize<'de> for Disorder {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Walk)
    }
}

struct Walk;

impl<'de> Visitor<'de> for Walk {
    type Value = Disorder;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Disorder, A::Error> {
        let (mut keys, mut found) = (Vec::new(), Vec::new());
        while let Some((key, Disorder(inner))) = map.next_entry::<String, Disorder>()? {
            keys.push(key);
            found.extend(inner);
        }
        found.extend(judge(&keys));
        Ok(Disorder(found))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Disorder, A::Error> {
        let mut found = Vec::new();
        while let Some(Disorder(inner)) = items.next_element()? {
            found.extend(inner);
        }
        Ok(Disorder(found))
    }

    fn visit_str<E>(self, _: &str) -> Result<Disorder, E> {
        Ok(Disorder::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Disorder, E> {
        Ok(Disorder::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Disorder, E> {
        Ok(Disorder::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Disorder, E> {
        Ok(Disorder::default())
    }

    fn visit_unit<E>(self) -> Result<Disorder, E> {
        Ok(Disorder::default())
    }
}

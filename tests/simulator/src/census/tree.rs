//! JSON as a tree whose objects may have a key twice, and whose leaves may be anything.

use serde_json::Value;

/// A value. A leaf is the text that stands there.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tree {
    Object(Vec<(String, Self)>),
    List(Vec<Self>),
    Leaf(String),
}

/// A way from the whole to a place: which member of each object, which element of each list.
pub(crate) type Way = Vec<usize>;

/// In which order the keys of objects are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The last in the alphabet first, as servers do.
    Usual,
    /// The first in the alphabet first.
    Unusual,
}

impl Tree {
    pub(crate) fn new(value: &Value, order: Order) -> Self {
        match value {
            Value::Array(items) => {
                Self::List(items.iter().map(|item| Self::new(item, order)).collect())
            }
            Value::Object(fields) => {
                let mut members: Vec<(String, Self)> = fields
                    .iter()
                    .map(|(key, value)| (key.clone(), Self::new(value, order)))
                    .collect();
                members.sort_by(|one, other| match order {
                    Order::Usual => other.0.cmp(&one.0),
                    Order::Unusual => one.0.cmp(&other.0),
                });
                Self::Object(members)
            }
            leaf => Self::Leaf(leaf.to_string()),
        }
    }

    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    fn write(&self, to: &mut String) {
        match self {
            Self::Leaf(text) => to.push_str(text),
            Self::List(items) => {
                to.push('[');
                for (index, item) in items.iter().enumerate() {
                    to.push_str(if index > 0 { "," } else { "" });
                    item.write(to);
                }
                to.push(']');
            }
            Self::Object(members) => {
                to.push('{');
                for (index, (key, value)) in members.iter().enumerate() {
                    to.push_str(if index > 0 { "," } else { "" });
                    to.push_str(&format!("\"{key}\":"));
                    value.write(to);
                }
                to.push('}');
            }
        }
    }

    /// Every place within, parents before what is in them; the whole is none of them.
    pub(crate) fn places(&self) -> Vec<Way> {
        let (mut all, mut way) = (Vec::new(), Way::new());
        self.walk(&mut way, &mut all);
        all
    }

    fn walk(&self, way: &mut Way, all: &mut Vec<Way>) {
        let inside: Vec<&Self> = match self {
            Self::Object(members) => members.iter().map(|member| &member.1).collect(),
            Self::List(items) => items.iter().collect(),
            Self::Leaf(_) => return,
        };
        for (index, value) in inside.into_iter().enumerate() {
            way.push(index);
            all.push(way.clone());
            value.walk(way, all);
            way.pop();
        }
    }

    /// What stands at a place.
    pub(crate) fn at(&self, way: &[usize]) -> &Self {
        let Some((&first, rest)) = way.split_first() else {
            return self;
        };
        match self {
            Self::Object(members) => members[first].1.at(rest),
            Self::List(items) => items[first].at(rest),
            Self::Leaf(text) => panic!("nothing is within {text}"),
        }
    }

    fn at_mut(&mut self, way: &[usize]) -> &mut Self {
        let Some((&first, rest)) = way.split_first() else {
            return self;
        };
        match self {
            Self::Object(members) => members[first].1.at_mut(rest),
            Self::List(items) => items[first].at_mut(rest),
            Self::Leaf(text) => panic!("nothing is within {text}"),
        }
    }

    /// The key of a place, if it is a member of an object.
    pub(crate) fn key(&self, way: &[usize]) -> Option<&str> {
        let (last, above) = way.split_last()?;
        match self.at(above) {
            Self::Object(members) => Some(&members[*last].0),
            Self::List(_) | Self::Leaf(_) => None,
        }
    }

    /// The path of a place, as the library writes it.
    pub(crate) fn path(&self, way: &[usize]) -> String {
        let mut path = String::new();
        for depth in 1..=way.len() {
            match self.key(&way[..depth]) {
                Some(key) if path.is_empty() => path.push_str(key),
                Some(key) => path.push_str(&format!(".{key}")),
                None => path.push_str(&format!("[{}]", way[depth - 1])),
            }
        }
        path
    }

    /// The keys on the way to a place; of an element of a list, its number.
    pub(crate) fn keys(&self, way: &[usize]) -> Vec<String> {
        let key = |depth| match self.key(&way[..depth]) {
            Some(key) => key.to_owned(),
            None => way[depth - 1].to_string(),
        };
        (1..=way.len()).map(key).collect()
    }

    /// The same without what stands at a place.
    pub(crate) fn without(&self, way: &[usize]) -> Self {
        let (last, above) = way.split_last().expect("a place within");
        let mut rest = self.clone();
        match rest.at_mut(above) {
            Self::Object(members) => drop(members.remove(*last)),
            Self::List(items) => drop(items.remove(*last)),
            Self::Leaf(_) => unreachable!("a leaf has no places"),
        }
        rest
    }

    /// The same with another text at a place.
    pub(crate) fn with(&self, way: &[usize], text: &str) -> Self {
        let mut other = self.clone();
        *other.at_mut(way) = Self::Leaf(text.to_owned());
        other
    }

    /// The same with the key of a place twice: the first or the last in its object has another
    /// text.
    pub(crate) fn twice(&self, way: &[usize], text: &str, first: bool) -> Self {
        let (last, above) = way.split_last().expect("a place within");
        let mut other = self.clone();
        let Self::Object(members) = other.at_mut(above) else {
            unreachable!("a key is an object's");
        };
        let member = (members[*last].0.clone(), Self::Leaf(text.to_owned()));
        members.insert(if first { 0 } else { members.len() }, member);
        other
    }
}

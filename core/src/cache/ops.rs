//! The steps of a mutation: most have one, and then there is nothing to allocate.

use alloc::vec::{self, Vec};
use core::{iter, option, slice};

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use super::Op;

/// Steps, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Ops<'i> {
    first: Option<Op<'i>>,
    rest: Vec<Op<'i>>,
}

impl<'i> Ops<'i> {
    pub(super) const fn new() -> Self {
        Self {
            first: None,
            rest: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, op: Op<'i>) {
        if self.first.is_none() {
            self.first = Some(op);
        } else {
            self.rest.push(op);
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    pub(super) fn iter(&self) -> iter::Chain<option::Iter<'_, Op<'i>>, slice::Iter<'_, Op<'i>>> {
        self.first.iter().chain(&self.rest)
    }

    pub(super) fn into_owned(self) -> Ops<'static> {
        self.into_iter().map(Op::into_owned).collect()
    }
}

impl<'i> IntoIterator for Ops<'i> {
    type Item = Op<'i>;
    type IntoIter = iter::Chain<option::IntoIter<Op<'i>>, vec::IntoIter<Op<'i>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.first.into_iter().chain(self.rest)
    }
}

impl<'i> FromIterator<Op<'i>> for Ops<'i> {
    fn from_iter<T: IntoIterator<Item = Op<'i>>>(ops: T) -> Self {
        let mut ops = ops.into_iter();
        Self {
            first: ops.next(),
            rest: ops.collect(),
        }
    }
}

impl Serialize for Ops<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Ops<'_> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Vec::deserialize(from).map(|ops| ops.into_iter().collect())
    }
}

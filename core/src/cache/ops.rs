//! The steps of a mutation: few as a rule, and then there is nothing to allocate.

use alloc::vec::{self, Vec};
use core::{array, iter, slice};

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use super::Op;

/// So many steps lie in place.
const FEW: usize = 2;

/// Steps, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Ops<'i> {
    few: [Option<Op<'i>>; FEW],
    /// Those that come after the few.
    rest: Vec<Op<'i>>,
}

impl<'i> Ops<'i> {
    pub(super) const fn new() -> Self {
        Self {
            few: [const { None }; FEW],
            rest: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, op: Op<'i>) {
        match self.few.iter_mut().find(|place| place.is_none()) {
            Some(place) => *place = Some(op),
            None => self.rest.push(op),
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        let [first, _] = &self.few;
        first.is_none()
    }

    pub(super) fn iter(
        &self,
    ) -> iter::Chain<iter::Flatten<slice::Iter<'_, Option<Op<'i>>>>, slice::Iter<'_, Op<'i>>> {
        self.few.iter().flatten().chain(&self.rest)
    }

    pub(super) fn into_owned(self) -> Ops<'static> {
        self.into_iter().map(Op::into_owned).collect()
    }
}

impl<'i> IntoIterator for Ops<'i> {
    type Item = Op<'i>;
    type IntoIter =
        iter::Chain<iter::Flatten<array::IntoIter<Option<Op<'i>>, FEW>>, vec::IntoIter<Op<'i>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.few.into_iter().flatten().chain(self.rest)
    }
}

impl<'i> FromIterator<Op<'i>> for Ops<'i> {
    fn from_iter<T: IntoIterator<Item = Op<'i>>>(ops: T) -> Self {
        let mut ops = ops.into_iter();
        Self {
            few: [ops.next(), ops.next()],
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

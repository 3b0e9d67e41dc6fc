//! The steps of a mutation: few as a rule, and then there is nothing to allocate.

use alloc::vec::{self, Vec};
use core::{array, iter, slice};

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use super::Op;

/// So many steps lie in place.
const FEW: usize = 3;

/// Steps, in order.
#[derive(Clone, Debug, PartialEq)]
#[allow(
    clippy::large_enum_variant,
    reason = "a few steps lie in place, so that they allocate nothing"
)]
pub(super) enum Ops<'i> {
    /// One after the other in place.
    Few([Option<Op<'i>>; FEW]),
    /// More than the few.
    Many(Vec<Op<'i>>),
}

impl<'i> Ops<'i> {
    pub(super) const fn new() -> Self {
        Self::Few([const { None }; FEW])
    }

    #[inline]
    pub(super) fn push(&mut self, op: Op<'i>) {
        if let Self::Few(few) = self
            && let Some(place) = few.iter_mut().find(|place| place.is_none())
        {
            *place = Some(op);
        } else {
            self.push_more(op);
        }
    }

    /// Adds a step behind the few.
    #[cold]
    fn push_more(&mut self, op: Op<'i>) {
        match self {
            Self::Few(few) => {
                let all = few.iter_mut().filter_map(Option::take).chain([op]);
                *self = Self::Many(all.collect());
            }
            Self::Many(many) => many.push(op),
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        matches!(self, Self::Few([None, ..]))
    }

    pub(super) fn iter(&self) -> OpsIter<'_, 'i> {
        let (few, many): (&[_], &[_]) = match self {
            Self::Few(few) => (few, &[]),
            Self::Many(many) => (&[], many),
        };
        OpsIter {
            few: few.iter(),
            many: many.iter(),
        }
    }

    /// Hands out the steps in order, from where they lie.
    pub(super) fn for_each(mut self, step: impl FnMut(Op<'i>)) {
        match &mut self {
            Self::Few(few) => few.iter_mut().map_while(Option::take).for_each(step),
            Self::Many(many) => many.drain(..).for_each(step),
        }
    }

    pub(super) fn into_owned(self) -> Ops<'static> {
        self.into_iter().map(Op::into_owned).collect()
    }
}

/// The steps, borrowed.
#[derive(Clone, Debug)]
pub(super) struct OpsIter<'a, 'i> {
    few: slice::Iter<'a, Option<Op<'i>>>,
    many: slice::Iter<'a, Op<'i>>,
}

impl<'a, 'i> Iterator for OpsIter<'a, 'i> {
    type Item = &'a Op<'i>;

    #[inline]
    fn next(&mut self) -> Option<&'a Op<'i>> {
        match self.few.next() {
            Some(few) => few.as_ref(),
            None => self.many.next(),
        }
    }
}

impl<'i> IntoIterator for Ops<'i> {
    type Item = Op<'i>;
    type IntoIter =
        iter::Chain<iter::Flatten<array::IntoIter<Option<Op<'i>>, FEW>>, vec::IntoIter<Op<'i>>>;

    fn into_iter(self) -> Self::IntoIter {
        let (few, many) = match self {
            Self::Few(few) => (few, Vec::new()),
            Self::Many(many) => ([const { None }; FEW], many),
        };
        few.into_iter().flatten().chain(many)
    }
}

impl<'i> FromIterator<Op<'i>> for Ops<'i> {
    fn from_iter<T: IntoIterator<Item = Op<'i>>>(ops: T) -> Self {
        let mut all = Self::new();
        ops.into_iter().for_each(|op| all.push(op));
        all
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

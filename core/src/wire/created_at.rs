//! The time in an id.

use crate::id;
use crate::id::for_each_id;
use crate::kind::for_each_kind;
use crate::wire::Timestamp;

/// When ids begin to count, in milliseconds: the first of January 2015.
const EPOCH: i64 = 1_420_070_400_000;

/// The time in an id: it has 42 bits, so that nothing can overflow.
pub(crate) const fn created_at(id: u64) -> Timestamp {
    let millis = (id >> 22).cast_signed().wrapping_add(EPOCH);
    Timestamp::from_micros(millis.wrapping_mul(1_000))
}

macro_rules! created_at {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        impl id::$name {
            /// When what carries the id was made, to the millisecond: the service writes it into
            /// the upper 42 bits. Ids are in the order in which they were made.
            #[must_use]
            pub const fn created_at(self) -> Timestamp {
                created_at(self.get())
            }
        }
    )*};
}
for_each_id!(created_at);

/// The same for the ids of plain kinds; rows that another id identifies have none.
macro_rules! plain_created_at {
    (special $special:tt plain { $(
        $(#[doc = $doc:literal])* $kind:ident $flag:ident = $bit:literal {
            row { $row:ident $key:ident: $id:ident }
            $($more:tt)*
        }
    )* }) => { $(plain_created_at!($key $id);)* };
    (id $id:ident) => { created_at!($id); };
    ($key:ident $id:ident) => {};
}
for_each_kind!(plain_created_at);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::UserId;

    #[test]
    fn an_id_says_when_it_was_made() {
        let made = |id| UserId::new(id).unwrap().created_at();
        let known = Timestamp::parse("2016-04-30T11:18:25.796+00:00").unwrap();
        assert_eq!(made(175_928_847_299_117_063), known);
        let first = Timestamp::parse("2015-01-01T00:00:00+00:00").unwrap();
        let last = Timestamp::parse("2154-05-15T07:35:11.103+00:00").unwrap();
        assert_eq!((made(1), made(u64::MAX)), (first, last));
    }
}

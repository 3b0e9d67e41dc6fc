//! Which guild a dispatch is about, for those that have no view.

use crate::id::GuildId;
use crate::wire::json::Reader;
use crate::wire::{Malformed, Name};

/// The guild that a dispatch is about, found without decoding anything else.
///
/// `None` if it is about none, and for a payload that is no object. Allocates nothing.
#[must_use]
pub fn guild_of(name: Name, data: &str) -> Option<GuildId> {
    let wanted = if is_guild(name) { "id" } else { "guild_id" };
    let mut guild = None;
    let read = Reader::new(data).object(|key, reader| {
        if key != wanted {
            return reader.skip();
        }
        let id = reader.raw()?;
        guild = Reader::new(id).id().ok();
        Ok::<(), Malformed>(())
    });
    read.ok().and(guild)
}

/// Whether the payload is a guild itself.
const fn is_guild(name: Name) -> bool {
    matches!(
        name,
        Name::GuildCreate | Name::GuildUpdate | Name::GuildDelete | Name::GuildSync
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guild_is_found_where_it_stands() {
        let of = |name, data| guild_of(name, data).map(GuildId::get);
        assert_eq!(of(Name::GuildCreate, r#"{"x":[{"id":"9"}],"id":"5"}"#), Some(5));
        assert_eq!(of(Name::MessageCreate, r#"{"id":"5","guild_id":"6"}"#), Some(6));
        assert_eq!(of(Name::Unknown, r#"{"guild_id":6,"d":{"guild_id":"7"}}"#), Some(6));
        for data in ["null", "{}", "[]", "{", r#"{"guild_id":null}"#, r#"{"guild_id":"x"}"#] {
            assert_eq!(of(Name::TypingStart, data), None, "{data}");
        }
    }
}

//! Which part of the long lists a page shows, as its address says.

use headcount_driver::core::ShardId;
use headcount_driver::core::id::GuildId;

/// Where the windows of a page begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Windows {
    /// How many shards come before the first one shown.
    pub(crate) shards: usize,
    /// The guild before the first one shown, with its shard.
    pub(crate) after: Option<(ShardId, GuildId)>,
}

impl Windows {
    /// Reads `shards=100&after=2.16.41771983423143937`: a guild on shard 2 of 16. What cannot be
    /// read is left out.
    pub(crate) fn parse(query: &str) -> Self {
        let mut windows = Self::default();
        for pair in query.split('&') {
            match pair.split_once('=') {
                Some(("shards", text)) => windows.shards = text.parse().unwrap_or_default(),
                Some(("after", text)) => windows.after = place(text),
                _ => {}
            }
        }
        windows
    }
}

fn place(text: &str) -> Option<(ShardId, GuildId)> {
    let mut parts = text.splitn(3, '.');
    let (number, total) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let guild = GuildId::new(parts.next()?.parse().ok()?)?;
    Some((ShardId::new_checked(number, total)?, guild))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_read_as_far_as_they_can_be() {
        let windows = Windows::parse("shards=100&after=2.16.41771983423143937");
        let guild = GuildId::new(41_771_983_423_143_937).unwrap();
        assert_eq!(windows.shards, 100);
        assert_eq!(windows.after, Some((ShardId::new(2, 16), guild)));
        for text in [
            "",
            "shards=-1&after=16.16.1",
            "shards&after=",
            "after=1.2",
            "after=1.2.0",
            "after=0.0.1",
            "shards=99999999999999999999999",
        ] {
            assert_eq!(Windows::parse(text), Windows::default(), "{text}");
        }
    }
}

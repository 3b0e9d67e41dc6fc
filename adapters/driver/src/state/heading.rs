//! The line with which a file begins: what it is, whose, which of several, and a checksum.

use headcount_core::crc32c::crc32c;

use super::bot_key::BotKey;
use super::rejection::Rejection;

/// What a kind of file is called, and in which version it is written and read.
pub(super) struct FileFormat {
    pub(super) magic: &'static str,
    pub(super) version: u32,
}

impl FileFormat {
    /// The line before this content, with its end.
    pub(super) fn heading(&self, bot: BotKey, generation: u64, content: &[u8]) -> String {
        let (Self { magic, version }, bot) = (self, bot.bits());
        let line = format!("{magic} {version} {bot:016x} {generation}");
        let checksum = crc32c(&[line.as_bytes(), content]);
        format!("{line} {checksum:08x}\n")
    }

    /// Whose the content behind this line is, and which of several.
    pub(super) fn read(&self, line: &str, content: &[u8]) -> Result<(BotKey, u64), Rejection> {
        let (line, checksum) = line.rsplit_once(' ').ok_or(Rejection::Torn)?;
        let is_whole = format!("{:08x}", crc32c(&[line.as_bytes(), content])) == checksum;
        let rest = line.strip_prefix(self.magic).filter(|_| is_whole);
        let mut words = rest.ok_or(Rejection::Torn)?.split_whitespace();
        let mut word = || words.next().ok_or(Rejection::Torn);
        let version = word()?.parse().map_err(|_| Rejection::Torn)?;
        if version != self.version {
            return Err(Rejection::Version(version));
        }
        let bot = u64::from_str_radix(word()?, 16).map_err(|_| Rejection::Torn)?;
        let generation = word()?.parse().map_err(|_| Rejection::Torn)?;
        Ok((BotKey::from_bits(bot), generation))
    }
}

/// A line without its end, and what follows.
pub(super) fn first_line(bytes: &[u8]) -> Result<(&str, &[u8]), Rejection> {
    let end = bytes.iter().position(|&byte| byte == b'\n');
    let (line, rest) = bytes.split_at(end.ok_or(Rejection::Torn)?);
    let line = std::str::from_utf8(line).map_err(|_| Rejection::Torn)?;
    Ok((line, &rest[1..]))
}

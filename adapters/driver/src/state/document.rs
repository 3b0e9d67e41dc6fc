//! The files beside the journal: a line that says what the file is, then JSON.

use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::bot_key::BotKey;
use super::heading::{FileFormat, first_line};
use super::rejection::Rejection;

const FORMAT: FileFormat = FileFormat {
    magic: "headcount-state",
    version: 1,
};

/// A file's content, with whose it is and which of several it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Document<T> {
    pub(super) bot: BotKey,
    pub(super) generation: u64,
    pub(super) content: T,
}

impl<T: Serialize> Document<&T> {
    /// The bytes of the file.
    pub(super) fn encode(&self) -> io::Result<Vec<u8>> {
        let content = serde_json::to_vec(self.content);
        let content = content.map_err(|error| io::Error::other(error.to_string()))?;
        let heading = FORMAT.heading(self.bot, self.generation, &content);
        let mut bytes = heading.into_bytes();
        bytes.extend(content);
        Ok(bytes)
    }
}

impl<T: DeserializeOwned> Document<T> {
    /// What the bytes of a file say.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Rejection> {
        let (line, content) = first_line(bytes)?;
        let (bot, generation) = FORMAT.read(line, content)?;
        let content = serde_json::from_slice(content);
        Ok(Self {
            bot,
            generation,
            content: content.map_err(|error| Rejection::Content(error.to_string()))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use headcount_core::crc32c::crc32c;

    use super::*;

    fn encoded() -> Vec<u8> {
        let document = Document {
            bot: BotKey::from_bits(7),
            generation: 4,
            content: &"text".to_owned(),
        };
        document.encode().unwrap()
    }

    #[test]
    fn a_document_comes_back_whole_and_cuts_and_changes_are_noticed() {
        let bytes = encoded();
        let document = Document::<String>::decode(&bytes).unwrap();
        assert_eq!((document.bot.bits(), document.generation), (7, 4));
        assert_eq!(document.content, "text");
        for at in 0..bytes.len() {
            let cut = Document::<String>::decode(&bytes[..at]);
            assert_eq!(cut, Err(Rejection::Torn), "cut at {at}");
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let changed = Document::<String>::decode(&changed);
            assert_eq!(changed, Err(Rejection::Torn), "changed at {at}");
        }
    }

    #[test]
    fn other_versions_and_other_contents_are_named() {
        let head = "headcount-state 2 0000000000000007 4";
        let newer = format!("{head} {:08x}\n{{}}", crc32c(&[head.as_bytes(), b"{}"]));
        assert_eq!(
            Document::<String>::decode(newer.as_bytes()),
            Err(Rejection::Version(2))
        );
        let content = Document::<u8>::decode(&encoded());
        assert!(matches!(content, Err(Rejection::Content(_))), "{content:?}");
    }
}

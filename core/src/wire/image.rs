//! References to images: avatars, banners, icons.

use alloc::string::String;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use super::field::{Part, Read};
use super::hex::{self, sixteen_bytes};
use super::{Malformed, Text, json::Reader};
use core::fmt;

/// An image's hash, as small as it can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Image<'i> {
    /// 32 hexadecimal digits: a still image.
    Still([u8; 16]),
    /// `a_` and 32 hexadecimal digits: an animated image.
    Animated([u8; 16]),
    /// Any other name.
    Other(Text<'i>),
}

impl<'i> Image<'i> {
    /// The image with this name.
    #[must_use]
    pub fn new(name: Text<'i>) -> Self {
        let hash = match name.as_plain() {
            Some(plain) => Self::hash(plain),
            None => Self::hash(&name.as_cow()),
        };
        hash.unwrap_or(Self::Other(name))
    }

    /// The image whose name is a hash.
    #[inline]
    fn hash(name: &str) -> Option<Self> {
        match name.strip_prefix("a_") {
            Some(digits) => sixteen_bytes(digits.as_bytes()).map(Self::Animated),
            None => sixteen_bytes(name.as_bytes()).map(Self::Still),
        }
    }

    /// The same image, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Image<'static> {
        match self {
            Self::Still(hash) => Image::Still(hash),
            Self::Animated(hash) => Image::Animated(hash),
            Self::Other(name) => Image::Other(name.into_owned()),
        }
    }
}

impl fmt::Display for Image<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hash = match self {
            Self::Still(hash) => hash,
            Self::Animated(hash) => {
                f.write_str("a_")?;
                hash
            }
            Self::Other(name) => return name.fmt(f),
        };
        hex::write(hash, f)
    }
}

impl Serialize for Image<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Image<'_> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = String::deserialize(from)?;
        Ok(Image::new(Text::plain(&name)).into_owned())
    }
}

impl<'i> Read<'i> for Image<'i> {
    #[inline]
    fn read(reader: &mut Reader<'i>) -> Result<Self, Malformed> {
        match hex::quoted(reader) {
            Some(hash) => Ok(Self::Still(hash)),
            None => reader.text().map(Self::new),
        }
    }
}

impl Part for Image<'_> {
    type Owned = Image<'static>;

    fn own(self) -> Image<'static> {
        self.into_owned()
    }

    fn heap(&self) -> usize {
        match self {
            Self::Still(_) | Self::Animated(_) => 0,
            Self::Other(name) => name.heap_bytes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn every_name_comes_back_as_it_was() {
        let still = "0123456789abcdef0123456789abcdef";
        assert!(matches!(Image::new(Text::plain(still)), Image::Still(_)));
        let animated = "a_ffffffffffffffffffffffffffffffff";
        assert!(matches!(
            Image::new(Text::plain(animated)),
            Image::Animated(_)
        ));
        let upper = "0123456789ABCDEF0123456789abcdef";
        for name in [still, animated, upper, "", "a_", "clan_1", "\u{e9}"] {
            assert_eq!(Image::new(Text::plain(name)).to_string(), name);
            let escaped: String = name
                .chars()
                .map(|c| std::format!("\\u{:04x}", u32::from(c)))
                .collect();
            let escaped = Image::new(Text::checked(&escaped, true));
            assert_eq!(escaped, Image::new(Text::plain(name)));
            assert_eq!(Image::new(Text::plain(name)).into_owned().to_string(), name);
        }
    }
}

//! Login and room names as the wire has them.

use core::fmt;
use core::str::FromStr;

/// A text that is no login or room name: empty, over 25 characters, or with others than letters,
/// digits and `_`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidName;

impl fmt::Display for InvalidName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a Twitch name is 1 to 25 letters, digits or underscores")
    }
}

impl core::error::Error for InvalidName {}

const LONGEST: usize = 25;

/// An account's login: 1 to 25 characters of `[a-z0-9_]`, kept in place without an allocation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Login {
    bytes: [u8; LONGEST],
    len: u8,
}

impl Login {
    /// The login with this name; letters are lower-cased and blanks around it dropped.
    ///
    /// # Errors
    /// [`InvalidName`].
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        let name = name.trim();
        let valid = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if name.is_empty() || name.len() > LONGEST || !name.bytes().all(valid) {
            return Err(InvalidName);
        }
        let mut bytes = [0; LONGEST];
        for (to, from) in bytes.iter_mut().zip(name.bytes()) {
            *to = from.to_ascii_lowercase();
        }
        let len = u8::try_from(name.len()).map_err(|_| InvalidName)?;
        Ok(Self { bytes, len })
    }

    /// The name, lower-case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let name = self.bytes.get(..usize::from(self.len));
        name.and_then(|name| core::str::from_utf8(name).ok())
            .unwrap_or_default()
    }
}

/// A chat room: the login of the account that owns it. Written as `#name`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Room(Login);

impl Room {
    /// The room with this name; a leading `#` is dropped and letters are lower-cased.
    ///
    /// # Errors
    /// [`InvalidName`].
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        let name = name.trim();
        Login::new(name.strip_prefix('#').unwrap_or(name)).map(Self)
    }

    /// The name, lower-case and without `#`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The login of the room's owner.
    #[must_use]
    pub const fn owner(self) -> Login {
        self.0
    }
}

impl From<Login> for Room {
    fn from(owner: Login) -> Self {
        Self(owner)
    }
}

impl FromStr for Login {
    type Err = InvalidName;

    fn from_str(name: &str) -> Result<Self, InvalidName> {
        Self::new(name)
    }
}

impl FromStr for Room {
    type Err = InvalidName;

    fn from_str(name: &str) -> Result<Self, InvalidName> {
        Self::new(name)
    }
}

impl fmt::Display for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Login({self})")
    }
}

impl fmt::Display for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.as_str())
    }
}

impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Room({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn names_are_normalised_and_checked() {
        assert_eq!(Room::new(" #Forsen ").unwrap().to_string(), "#forsen");
        assert_eq!(Room::new("FORSEN"), Room::new("#forsen"));
        for bad in [
            "",
            "#",
            "##a",
            "a b",
            "a,b",
            "käse",
            "abcdefghijklmnopqrstuvwxyz",
        ] {
            assert_eq!(Room::new(bad), Err(InvalidName), "{bad}");
        }
        assert!(Room::new("a").unwrap() < Room::new("ab").unwrap());
    }
}

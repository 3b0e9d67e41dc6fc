//! What the value of a key means, as far as it stays what it is.

/// What a key says of the strings and numbers under it. All others are scrubbed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Nothing: a text is replaced, a long number is an id.
    Unknown,
    /// Numbers are ids, however short.
    Id,
    /// Numbers are what somebody has written, as in the options of a command.
    Written,
    /// Digits are a set of bits, and stay.
    Bits,
    /// The name of an event.
    EventName,
    /// How somebody appears.
    Status,
    /// What a guild has.
    Features,
    /// Marks the answers to a member request.
    Nonce,
    /// Whom permissions are of.
    Subject,
    /// What the bot's own code has written, sessions and calls: the digits in texts are ids.
    Own,
}

/// From so many digits on a number is an id.
pub(super) const ID_DIGITS: usize = 15;

/// The words that may stay under a key of [`Meaning::Status`].
const STATUSES: [&[u8]; 5] = [b"online", b"idle", b"dnd", b"offline", b"invisible"];

impl Meaning {
    /// What a key says; `depth` is in how many objects and arrays it stands.
    pub(super) fn of_key(key: &[u8], depth: usize) -> Self {
        match key {
            b"t" if depth == 1 => Self::EventName,
            b"status" | b"desktop" | b"mobile" | b"web" | b"embedded" => Self::Status,
            b"features" => Self::Features,
            b"nonce" => Self::Nonce,
            b"type" => Self::Subject,
            b"permissions"
            | b"permissions_new"
            | b"allow"
            | b"allow_new"
            | b"deny"
            | b"deny_new"
            | b"app_permissions"
            | b"default_member_permissions"
            | b"flags"
            | b"flags_new"
            | b"public_flags"
            | b"inherited_permissions"
            | b"sequence" => Self::Bits,
            b"value" => Self::Written,
            key if key.ends_with(b"_value") => Self::Written,
            b"id" => Self::Id,
            key if key.ends_with(b"_id") || key.ends_with(b"_ids") => Self::Id,
            _ => Self::Unknown,
        }
    }

    /// What a key says in what the bot's own code has written.
    pub(super) fn of_own_key(key: &[u8]) -> Self {
        match key {
            // A query of names; the id of a session, and where to resume it.
            b"prefix" | b"id" | b"url" => Self::Unknown,
            // A digest of its id.
            b"session" => Self::Id,
            _ => Self::Own,
        }
    }

    /// Whether this text is one of those that stay under the key: none that anybody has written.
    pub(super) fn keeps(self, text: &[u8]) -> bool {
        match self {
            Self::Unknown | Self::Id | Self::Written => false,
            Self::Own => !text.iter().all(u8::is_ascii_digit),
            Self::Bits => text.len() <= 39 && text.iter().all(u8::is_ascii_digit),
            Self::EventName | Self::Features => is_constant(text),
            Self::Status => STATUSES.contains(&text),
            Self::Nonce => is_own_nonce(text),
            Self::Subject => matches!(text, b"role" | b"member"),
        }
    }
}

fn is_constant(text: &[u8]) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
    text.len() <= 64
        && text.iter().all(is_part)
        && text.iter().any(u8::is_ascii_uppercase)
        && !has_id(text)
}

/// Whether the core may have made this nonce: eight signs, and two numbers between points.
fn is_own_nonce(text: &[u8]) -> bool {
    let mut parts = text.split(|byte| *byte == b'.');
    let is_part = |part: &[u8]| {
        let is_sign = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        !part.is_empty() && part.iter().all(is_sign)
    };
    text.len() <= 32
        && parts
            .next()
            .is_some_and(|tag| tag.len() == 8 && is_part(tag))
        && parts
            .next()
            .is_some_and(|part| part.len() <= 13 && is_part(part))
        && parts
            .next()
            .is_some_and(|part| part.len() <= 7 && is_part(part))
        && parts.next().is_none()
}

/// Whether a key is a word of the protocol by its looks, and stays.
pub(super) fn is_word(key: &[u8]) -> bool {
    let is_sign = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'_';
    let key = key.strip_prefix(b"$").unwrap_or(key);
    key.len() <= 48
        && key.iter().all(is_sign)
        && key.iter().any(u8::is_ascii_lowercase)
        && !has_id(key)
}

/// Whether so many digits stand side by side that they may be an id.
fn has_id(text: &[u8]) -> bool {
    let parts = text.split(|sign| !sign.is_ascii_digit());
    parts.map(<[u8]>::len).any(|digits| digits >= ID_DIGITS)
}

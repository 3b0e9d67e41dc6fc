//! Whose state it is.

use headcount_core::Token;

/// Distinguishes one bot from another: a digest of its public id, without the token's secret.
///
/// All tokens that name no id give the same key: such bots cannot be distinguished here, and the
/// gateway refuses the session of another bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BotKey(u64);

impl BotKey {
    /// The key of the bot that a token belongs to.
    pub(crate) fn of(token: &Token) -> Self {
        let id = token.expose().split_once('.').map(|(id, _)| id);
        Self::of_id(id.and_then(decimal).unwrap_or_default())
    }

    fn of_id(id: u64) -> Self {
        let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        Self(
            id.to_le_bytes()
                .into_iter()
                .fold(0xcbf2_9ce4_8422_2325, step),
        )
    }

    pub(super) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    pub(super) const fn bits(self) -> u64 {
        self.0
    }
}

/// The number whose decimal digits the text encodes in base64, as a token's first part does.
fn decimal(text: &str) -> Option<u64> {
    let (mut number, mut bits, mut held) = (0_u64, 0_u32, 0_u32);
    for letter in text.trim_end_matches('=').bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        held = (held << 6 | u32::from(value)) & 0x3fff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            let digit = char::from((held >> bits) as u8).to_digit(10)?;
            number = number.checked_mul(10)?.checked_add(u64::from(digit))?;
        }
    }
    (number > 0).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A token of the usual form; its first part says 80351110224678912.
    const TOKEN: &str = "ODAzNTExMTAyMjQ2Nzg5MTI.G0aBcD.a-secret-of-no-bot";

    #[test]
    fn the_id_alone_decides() {
        let key = BotKey::of(&Token::new(TOKEN));
        assert_eq!(key, BotKey::of_id(80_351_110_224_678_912));
        let renewed = TOKEN.replace("secret", "new-secret");
        assert_eq!(BotKey::of(&Token::new(&renewed)), key);
        assert_ne!(BotKey::of(&Token::new("MTIz.a.b")), key);
    }

    #[test]
    fn nothing_of_a_token_without_an_id_is_used() {
        for token in [
            "",
            "secret",
            "secret.more",
            "MTIz",
            "1.2.3",
            "ä.b.c",
            "....",
            "=.=.=",
        ] {
            assert_eq!(BotKey::of(&Token::new(token)), BotKey::of_id(0), "{token}");
        }
    }
}

//! Numbers, and ids in both of their forms.

use core::num::NonZeroU64;

use super::Reader;
use super::digits::{POWERS, leading_digits, usual_id, usual_number};
use crate::wire::Malformed;

impl<'a> Reader<'a> {
    /// Reads an integer from 0 to `u64::MAX`: no sign, fraction or exponent.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    #[inline(always)]
    pub fn u64(&mut self) -> Result<u64, Malformed> {
        if let Some([digit @ b'0'..=b'9', b',' | b'}']) = self.ahead() {
            self.advance(1);
            return Ok(u64::from(digit.wrapping_sub(b'0')));
        }
        self.any_u64()
    }

    fn any_u64(&mut self) -> Result<u64, Malformed> {
        if let Some(value) = self.usual_u64() {
            return Ok(value);
        }
        self.peek();
        let start = self.at;
        let value = self.digits("not an unsigned integer")?;
        let zero_first = self.text.as_bytes().get(start) == Some(&b'0');
        if zero_first && self.at.wrapping_sub(start) > 1 {
            return Err(self.fault("a number begins with zero"));
        }
        if self.is_in_word() {
            return Err(self.fault("not an integer"));
        }
        Ok(value)
    }

    /// Reads an integer of a usual length, if one is next.
    #[inline(always)]
    pub(super) fn usual_u64(&mut self) -> Option<u64> {
        let (value, length) = usual_number(self.ahead()?)?;
        self.advance(length);
        Some(value)
    }

    /// Reads an integer from `i64::MIN` to `i64::MAX`: no fraction or exponent.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    pub fn i64(&mut self) -> Result<i64, Malformed> {
        let negative = self.eat(b'-');
        if negative && !self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(self.fault("not an integer"));
        }
        let size = self.u64()?;
        if negative && size == 0 {
            // A zero with a sign is a fraction to `serde_json`.
            return Err(self.fault("not an integer"));
        }
        let value = if negative {
            0_i64.checked_sub_unsigned(size)
        } else {
            size.try_into().ok()
        };
        value.ok_or_else(|| self.fault("an integer out of range"))
    }

    /// Reads any number; precision beyond a double's is lost.
    ///
    /// # Errors
    /// [`Malformed`] for no number or one that is out of range.
    pub fn f64(&mut self) -> Result<f64, Malformed> {
        let token = self.number()?;
        match token.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(value),
            _ => Err(self.fault("a number out of range")),
        }
    }

    /// Reads a number by the grammar and returns its text.
    pub(super) fn number(&mut self) -> Result<&'a str, Malformed> {
        self.peek();
        let start = self.at;
        if self.byte() == Some(b'-') {
            self.advance(1);
        }
        if self.byte() == Some(b'0') {
            self.advance(1);
        } else {
            self.some_digits()?;
        }
        if self.byte() == Some(b'.') {
            self.advance(1);
            self.some_digits()?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.advance(1);
            if let Some(b'+' | b'-') = self.byte() {
                self.advance(1);
            }
            self.some_digits()?;
        }
        if self.is_in_word() {
            return Err(self.fault("not a number"));
        }
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    fn some_digits(&mut self) -> Result<(), Malformed> {
        let count = self
            .rest()
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if count == 0 {
            return Err(self.fault("not a value"));
        }
        self.advance(count);
        Ok(())
    }

    /// Reads an id: digits in a string, or a number; never zero.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    #[inline]
    pub fn id<T: From<NonZeroU64>>(&mut self) -> Result<T, Malformed> {
        if let Some(ahead) = self.ahead()
            && let Some((value, length)) = usual_id(ahead)
        {
            self.advance(length);
            return Ok(T::from(value));
        }
        self.unusual_id().map(T::from)
    }

    /// Reads an id in any form.
    #[inline(never)]
    fn unusual_id(&mut self) -> Result<NonZeroU64, Malformed> {
        let value = if self.peek() == Some(b'"') {
            self.quoted_u64()?
        } else {
            self.u64()?
        };
        NonZeroU64::new(value).ok_or_else(|| self.fault(ZERO_ID))
    }

    /// Reads a string of digits: the form of ids and permission sets.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    #[inline]
    pub fn quoted_u64(&mut self) -> Result<u64, Malformed> {
        self.peek();
        let start = self.at;
        if !self.eat(b'"') {
            return Err(self.fault("not a string of digits"));
        }
        if self.byte() == Some(b'\\') {
            return self.escaped_u64(start);
        }
        let value = self.digits("not a string of digits")?;
        match self.byte() {
            Some(b'"') => {
                self.advance(1);
                Ok(value)
            }
            Some(b'\\') => self.escaped_u64(start),
            _ => Err(self.fault("not a string of digits")),
        }
    }

    /// Digits written as escapes, which no server does.
    #[cold]
    fn escaped_u64(&mut self, start: usize) -> Result<u64, Malformed> {
        self.at = start;
        let text = self.text()?;
        let mut value = Some(0_u64);
        for character in text.chars() {
            let digit = character.to_digit(10).map(u64::from);
            value = value
                .and_then(|value| value.checked_mul(10))
                .and_then(|value| value.checked_add(digit?));
        }
        value.ok_or_else(|| self.fault("not a string of digits"))
    }

    /// Reads at least one digit, and as many as there are.
    #[inline]
    fn digits(&mut self, what: &'static str) -> Result<u64, Malformed> {
        let (start, value) = (self.at, self.any_digits()?);
        match self.at > start {
            true => Ok(value),
            false => Err(self.fault(what)),
        }
    }

    /// Reads as many digits as there are: eight at once, while as many bytes are ahead.
    #[inline]
    fn any_digits(&mut self) -> Result<u64, Malformed> {
        let mut value = 0_u64;
        while let Some(ahead) = self.ahead() {
            let (part, count) = leading_digits(u64::from_le_bytes(*ahead));
            let scale = POWERS.get(count).copied().unwrap_or_default();
            let next = value.checked_mul(scale);
            let next = next.and_then(|value| value.checked_add(part));
            value = next.ok_or_else(|| self.fault("a number out of range"))?;
            self.advance(count);
            if count < 8 {
                return Ok(value);
            }
        }
        self.last_digits(value)
    }

    /// Reads digits among the last bytes; those before are worth `value`.
    #[cold]
    fn last_digits(&mut self, mut value: u64) -> Result<u64, Malformed> {
        while let Some(digit @ b'0'..=b'9') = self.byte() {
            let next = value.checked_mul(10);
            let next = next.and_then(|value| value.checked_add(u64::from(digit & 15)));
            value = next.ok_or_else(|| self.fault("a number out of range"))?;
            self.advance(1);
        }
        Ok(value)
    }
}

/// What is wrong with an id of zero, behind which the reader stands.
pub(crate) const ZERO_ID: &str = "an id is zero";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::UserId;

    #[test]
    fn integers_of_any_length_are_read_whatever_follows() {
        for length in 1..=19 {
            let digits = &"1234567890123456789"[..length];
            for (end, ends) in [
                (",", true),
                ("}", true),
                (" ", true),
                ("]", true),
                ("x", false),
            ] {
                let text = std::format!("{digits}{end}                    ");
                let read = Reader::new(&text).u64().ok();
                let value = digits.parse().ok().filter(|_| ends);
                assert_eq!(read, value, "{text}");
                let zero = std::format!("0{text}");
                assert!(Reader::new(&zero).u64().is_err(), "{zero}");
            }
        }
    }

    #[test]
    fn integers_have_bounds_and_no_other_forms() {
        let max = "18446744073709551615";
        assert_eq!(Reader::new(max).u64(), Ok(u64::MAX));
        for text in [
            "18446744073709551616",
            "-1",
            "01",
            "1.0",
            "1e3",
            "\"1\"",
            "x",
            "",
            "null",
        ] {
            assert!(Reader::new(text).u64().is_err(), "{text}");
        }
        assert_eq!(Reader::new("-9223372036854775808").i64(), Ok(i64::MIN));
        assert!(Reader::new("9223372036854775808").i64().is_err());
        assert!(Reader::new("- 1").i64().is_err());
        assert!(Reader::new("-0").i64().is_err());
    }

    #[test]
    fn digits_are_read_as_far_as_they_go() {
        let digits = "98765432109876543210";
        for length in 0..=20 {
            for after in ["", ",", "}1", "/9", ":9", "\u{80}9", "\u{ba}12345678"] {
                for behind in ["", "0123456789"] {
                    let text = std::format!("{}{after}{behind}", &digits[..length]);
                    let whole = if after.is_empty() {
                        &text
                    } else {
                        &digits[..length]
                    };
                    let mut reader = Reader::new(&text);
                    assert_eq!(reader.digits("none").ok(), whole.parse().ok(), "{text}");
                    if whole.parse::<u64>().is_ok() {
                        assert_eq!(reader.at, whole.len(), "{text}");
                    }
                }
            }
        }
    }

    #[test]
    fn usual_ids_are_read_as_any_other() {
        let digits = "18446744073709551615";
        for length in 1..=20 {
            for after in [
                "\"",
                "\",\"a\":\"12345\"",
                "x\"",
                "\\u0030\"",
                "",
                "/\"",
                ":\"",
            ] {
                let text = std::format!("\"{}{after}{:20}", &digits[..length], "");
                let (mut reader, mut slow) = (Reader::new(&text), Reader::new(&text));
                let (id, wanted) = (reader.id::<UserId>(), slow.unusual_id());
                assert_eq!(id.is_ok(), wanted.is_ok(), "{text}");
                if let (Ok(id), Ok(wanted)) = (id, wanted) {
                    assert_eq!((id.get(), reader.at), (wanted.get(), slow.at), "{text}");
                }
            }
        }
    }

    #[test]
    fn ids_come_as_strings_or_numbers() {
        for text in ["\"42\"", "42", " \"42\"", "\"\\u00342\"", "\"4\\u0032\""] {
            assert_eq!(
                Reader::new(text).id::<UserId>().map(UserId::get),
                Ok(42),
                "{text}"
            );
        }
        for text in [
            "\"\"",
            "\"0\"",
            "0",
            "\"4x\"",
            "\"+4\"",
            "\" 4\"",
            "\"4",
            "4.0",
            "-4",
            "null",
            "{}",
            "\"18446744073709551616\"",
            "\"\\u0078\"",
            "99999999999999999999999999",
        ] {
            assert!(Reader::new(text).id::<UserId>().is_err(), "{text}");
        }
    }
}

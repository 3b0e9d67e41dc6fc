//! Numbers, and ids in both of their forms.

use core::num::NonZeroU64;

use super::Reader;
use crate::wire::Malformed;

impl<'a> Reader<'a> {
    /// Reads an integer from 0 to `u64::MAX`: no sign, fraction or exponent.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    #[inline]
    pub fn u64(&mut self) -> Result<u64, Malformed> {
        self.peek();
        let start = self.at;
        let value = self.digits("not an unsigned integer")?;
        let zero_first = self.text.as_bytes().get(start) == Some(&b'0');
        if zero_first && self.at.wrapping_sub(start) > 1 {
            return Err(self.fault("a number begins with zero"));
        }
        if let Some(b'.' | b'e' | b'E') = self.byte() {
            return Err(self.fault("not an integer"));
        }
        Ok(value)
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
    fn number(&mut self) -> Result<&'a str, Malformed> {
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
        let value = if self.peek() == Some(b'"') {
            self.quoted_u64()?
        } else {
            self.u64()?
        };
        match NonZeroU64::new(value) {
            Some(value) => Ok(T::from(value)),
            None => Err(self.fault("an id is zero")),
        }
    }

    /// Reads a string of digits: the form of ids and permission sets.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    #[inline]
    pub fn quoted_u64(&mut self) -> Result<u64, Malformed> {
        let start = self.clone();
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
    fn escaped_u64(&mut self, start: Self) -> Result<u64, Malformed> {
        *self = start;
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
        let mut value = 0_u64;
        let mut count = 0_usize;
        for &byte in self.rest() {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            let next = if count < 19 {
                Some(value.wrapping_mul(10).wrapping_add(u64::from(digit)))
            } else {
                value
                    .checked_mul(10)
                    .and_then(|value| value.checked_add(u64::from(digit)))
            };
            value = next.ok_or_else(|| self.fault("a number out of range"))?;
            count = count.wrapping_add(1);
        }
        self.advance(count);
        if count == 0 {
            Err(self.fault(what))
        } else {
            Ok(value)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::UserId;

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

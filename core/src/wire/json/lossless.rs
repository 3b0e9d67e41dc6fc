//! Other spellings of a value that lose nothing: a whole number with an exponent or in quotes, a
//! boolean as 0 or 1.

use super::Reader;
use crate::wire::Malformed;

impl<'a> Reader<'a> {
    /// Reads an integer from 0 to `u64::MAX` in any spelling: `7`, `"7"`, `7.0`, `0.7e1`.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    #[inline(always)]
    pub fn whole(&mut self) -> Result<u64, Malformed> {
        let start = self.at;
        match self.u64() {
            Ok(value) => Ok(value),
            Err(fault) => self.respelled_whole(start, fault),
        }
    }

    #[cold]
    #[inline(never)]
    fn respelled_whole(&mut self, start: usize, fault: Malformed) -> Result<u64, Malformed> {
        self.respelled(start, fault, |text| exact(text)?.try_into().ok())
    }

    /// Reads an integer from `i64::MIN` to `i64::MAX` in any spelling, as [`Reader::whole`] does.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    pub fn signed(&mut self) -> Result<i64, Malformed> {
        let start = self.at;
        match self.i64() {
            Ok(value) => Ok(value),
            Err(fault) => self.respelled(start, fault, |text| exact(text)?.try_into().ok()),
        }
    }

    /// Reads a number, which may stand in quotes.
    ///
    /// # Errors
    /// [`Malformed`] for anything else, and for one that is out of range.
    pub fn float(&mut self) -> Result<f64, Malformed> {
        let start = self.at;
        match self.f64() {
            Ok(value) => Ok(value),
            Err(fault) => self.respelled(start, fault, |text| {
                let mut inner = Reader::new(text);
                let value = inner.f64().ok()?;
                inner.byte().is_none().then_some(value)
            }),
        }
    }

    /// Reads `true`, `false`, `1` or `0`.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    #[inline(always)]
    pub fn flag(&mut self) -> Result<bool, Malformed> {
        let start = self.at;
        match self.bool() {
            Ok(value) => Ok(value),
            Err(fault) => self.respelled_flag(start, fault),
        }
    }

    #[cold]
    #[inline(never)]
    fn respelled_flag(&mut self, start: usize, fault: Malformed) -> Result<bool, Malformed> {
        self.respelled(start, fault, |text| match text {
            "1" => Some(true),
            "0" => Some(false),
            _ => None,
        })
    }

    /// Reads the number at `start`, or the text in quotes, in another way.
    #[cold]
    fn respelled<T>(
        &mut self,
        start: usize,
        fault: Malformed,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, Malformed> {
        self.at = start;
        let value = match self.peek() {
            Some(b'"') => {
                let text = self.text()?;
                let text = text.as_cow();
                let blank = text.starts_with([' ', '\n', '\r', '\t']);
                read(&text).filter(|_| !blank)
            }
            _ => read(self.number()?),
        };
        value.ok_or(fault)
    }
}

/// The integer that a number is; `None` if it has a fraction, or is far out of range.
fn exact(number: &str) -> Option<i128> {
    let mut whole = Reader::new(number);
    whole.number().ok()?;
    whole.byte().is_none().then_some(())?;
    let (mantissa, exponent) = match number.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (number, 0),
    };
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let after = after.trim_end_matches('0');
    let mut value: i128 = 0;
    for digit in before
        .bytes()
        .chain(after.bytes())
        .filter(u8::is_ascii_digit)
    {
        let digit = i128::from(digit.wrapping_sub(b'0'));
        value = value.checked_mul(10)?.checked_add(digit)?;
    }
    let shift = exponent.checked_sub(i32::try_from(after.len()).ok()?)?;
    let power = 10_i128.checked_pow(shift.unsigned_abs());
    let value = match (value, shift) {
        (0, _) => 0,
        (_, 0..) => value.checked_mul(power?)?,
        (_, _) if value.checked_rem(power?)? == 0 => value.checked_div(power?)?,
        (_, _) => return None,
    };
    match number.starts_with('-') {
        true => value.checked_neg(),
        false => Some(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_is_read_in_every_spelling() {
        for (text, value) in [
            ("7", 7),
            ("\"7\"", 7),
            (r#""\u0037""#, 7),
            ("7.0", 7),
            ("0.7e1", 7),
            ("70e-1", 7),
            ("1.7e12", 1_700_000_000_000),
            ("\"1700000000000\"", 1_700_000_000_000),
            ("1700000000000.0", 1_700_000_000_000),
            ("-0", 0),
            ("-0.0e5", 0),
            ("0e99999", 0),
            ("18446744073709551615", u64::MAX),
        ] {
            let mut reader = Reader::new(text);
            assert_eq!(reader.whole(), Ok(value), "{text}");
            assert_eq!(reader.end(), Ok(()), "{text}");
        }
        for text in [
            "1.5",
            "-1",
            "1e999",
            "1e20",
            "\"\"",
            "\"x\"",
            "\" 7\"",
            r#""\n7""#,
            "\"7 \"",
            "\"+7\"",
            "null",
            "true",
            "{}",
            "[7]",
            "01",
            "\"01\"",
            "1e99999999999",
            "18446744073709551616",
        ] {
            assert!(Reader::new(text).whole().is_err(), "{text}");
        }
        assert_eq!(Reader::new("-9.0").signed(), Ok(-9));
        assert_eq!(Reader::new("\"-9\"").signed(), Ok(-9));
        assert!(Reader::new("9223372036854775808.0").signed().is_err());
    }

    #[test]
    fn a_flag_may_be_a_digit_and_a_float_a_text() {
        assert_eq!(Reader::new("1").flag(), Ok(true));
        assert_eq!(Reader::new("0").flag(), Ok(false));
        assert_eq!(Reader::new("\"1\"").flag(), Ok(true));
        for text in ["2", "10", "null", "\"true\"", "1.0"] {
            assert!(Reader::new(text).flag().is_err(), "{text}");
        }
        assert_eq!(Reader::new("\"1.5\"").float(), Ok(1.5));
        for text in ["\"1.5 \"", "\"inf\"", "\"\"", "null", "1e999"] {
            assert!(Reader::new(text).float().is_err(), "{text}");
        }
    }
}

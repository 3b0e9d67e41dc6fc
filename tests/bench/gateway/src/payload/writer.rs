//! JSON written fast.

/// Writes JSON text.
#[derive(Default)]
pub struct Writer {
    pub text: String,
}

impl Writer {
    pub fn raw(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    pub fn number(&mut self, number: u64) -> &mut Self {
        self.text.push_str(itoa::Buffer::new().format(number));
        self
    }

    pub fn id(&mut self, id: u64) -> &mut Self {
        self.raw("\"").number(id).raw("\"")
    }

    pub fn bool(&mut self, value: bool) -> &mut Self {
        self.raw(if value { "true" } else { "false" })
    }

    /// What `value` writes, or null.
    pub fn some(&mut self, there: bool, value: impl FnOnce(&mut Self)) -> &mut Self {
        if there {
            value(self);
        } else {
            self.raw("null");
        }
        self
    }

    /// What `write` writes of each, with commas between.
    pub fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        for (at, item) in items.into_iter().enumerate() {
            if at > 0 {
                self.raw(",");
            }
            write(self, item);
        }
        self
    }

    /// A number of exactly so many digits.
    pub fn padded(&mut self, number: u64, digits: u32) -> &mut Self {
        for place in (0..digits).rev() {
            self.text
                .push(char::from(b'0' + (number / 10_u64.pow(place) % 10) as u8));
        }
        self
    }

    /// 32 hexadecimal digits in quotes, some with `a_` in front.
    pub fn hash(&mut self, rng: &mut super::Rng, animated_per_mille: u64) -> &mut Self {
        self.raw("\"");
        if rng.chance(animated_per_mille) {
            self.raw("a_");
        }
        for _ in 0..2 {
            let bits = rng.next();
            for place in 0..16 {
                let digit = char::from_digit((bits >> (4 * place) & 15) as u32, 16);
                self.text.push(digit.unwrap_or('0'));
            }
        }
        self.raw("\"")
    }
}

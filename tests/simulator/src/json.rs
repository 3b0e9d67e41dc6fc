//! A JSON writer that appends to one string, for payloads of many kilobytes.
use std::fmt::Write as _;

/// Writes JSON values in the order of the calls; commas come by themselves.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    out: String,
}

impl Writer {
    /// A writer that continues `out`.
    pub(crate) fn new(out: String) -> Self {
        Self { out }
    }

    /// The text.
    pub(crate) fn into_text(self) -> String {
        self.out
    }

    /// One key of an object with a plain value.
    pub(crate) fn field(&mut self, key: &str, value: impl Value) {
        self.key(key);
        value.write(&mut self.out);
    }

    /// One key of an object with an object.
    pub(crate) fn object(&mut self, key: &str, fields: impl FnOnce(&mut Self)) {
        self.key(key);
        self.braces(fields);
    }

    /// One key of an object with a list.
    pub(crate) fn list(&mut self, key: &str, items: impl FnOnce(&mut Self)) {
        self.key(key);
        self.out.push('[');
        items(self);
        self.out.push(']');
    }

    /// One plain value in a list.
    pub(crate) fn item(&mut self, value: impl Value) {
        self.separate();
        value.write(&mut self.out);
    }

    /// One object in a list, or the whole text.
    pub(crate) fn entry(&mut self, fields: impl FnOnce(&mut Self)) {
        self.separate();
        self.braces(fields);
    }

    fn braces(&mut self, fields: impl FnOnce(&mut Self)) {
        self.out.push('{');
        fields(self);
        self.out.push('}');
    }

    fn key(&mut self, key: &str) {
        self.separate();
        self.out.push('"');
        self.out.push_str(key);
        self.out.push_str("\":");
    }

    /// A comma, unless the value is the first; the byte before decides.
    fn separate(&mut self) {
        if !matches!(self.out.as_bytes().last(), None | Some(b'{' | b'[' | b':')) {
            self.out.push(',');
        }
    }
}

/// A plain JSON value.
pub(crate) trait Value {
    /// Appends the value.
    fn write(&self, out: &mut String);
}

/// An id: digits within quotes.
#[derive(Clone, Copy)]
pub(crate) struct Id(pub(crate) u64);

/// JSON text that is inserted as it stands.
#[derive(Clone, Copy)]
pub(crate) struct Raw<'a>(pub(crate) &'a str);

/// `null`, whatever type stood there otherwise.
#[derive(Clone, Copy)]
pub(crate) struct Null;

/// Text whose characters outside ASCII are all written as `\u` escapes.
#[derive(Clone, Copy)]
pub(crate) struct Escaped<'a>(pub(crate) &'a str);

impl<T: Value> Value for Option<T> {
    fn write(&self, out: &mut String) {
        match self {
            Some(value) => value.write(out),
            None => out.push_str("null"),
        }
    }
}

impl Value for Null {
    fn write(&self, out: &mut String) {
        out.push_str("null");
    }
}

impl Value for Raw<'_> {
    fn write(&self, out: &mut String) {
        out.push_str(self.0);
    }
}

impl Value for bool {
    fn write(&self, out: &mut String) {
        out.push_str(if *self { "true" } else { "false" });
    }
}

impl Value for u64 {
    fn write(&self, out: &mut String) {
        let mut digits = [0_u8; 20];
        let (mut rest, mut at) = (*self, digits.len());
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        out.push_str(std::str::from_utf8(&digits[at..]).unwrap_or_default());
    }
}

impl Value for u32 {
    fn write(&self, out: &mut String) {
        u64::from(*self).write(out);
    }
}

impl Value for f64 {
    fn write(&self, out: &mut String) {
        let _ = write!(out, "{self:?}");
    }
}

impl Value for Id {
    fn write(&self, out: &mut String) {
        out.push('"');
        self.0.write(out);
        out.push('"');
    }
}

impl Value for &str {
    fn write(&self, out: &mut String) {
        out.push('"');
        let mut plain = 0;
        for (at, byte) in self.bytes().enumerate() {
            if byte == b'"' || byte == b'\\' || byte < 0x20 {
                out.push_str(&self[plain..at]);
                escape(byte, out);
                plain = at + 1;
            }
        }
        out.push_str(&self[plain..]);
        out.push('"');
    }
}

impl Value for &String {
    fn write(&self, out: &mut String) {
        self.as_str().write(out);
    }
}

impl Value for Escaped<'_> {
    fn write(&self, out: &mut String) {
        out.push('"');
        for character in self.0.chars() {
            match character {
                '"' | '\\' | '\0'..='\x1f' => escape(character as u8, out),
                ' '..='~' => out.push(character),
                _ => {
                    for unit in character.encode_utf16(&mut [0; 2]) {
                        let _ = write!(out, "\\u{unit:04x}");
                    }
                }
            }
        }
        out.push('"');
    }
}

fn escape(byte: u8, out: &mut String) {
    match byte {
        b'"' => out.push_str("\\\""),
        b'\\' => out.push_str("\\\\"),
        b'\n' => out.push_str("\\n"),
        b'\t' => out.push_str("\\t"),
        _ => {
            let _ = write!(out, "\\u{byte:04x}");
        }
    }
}

/// The text of one object.
pub(crate) fn object(fields: impl FnOnce(&mut Writer)) -> String {
    let mut writer = Writer::default();
    writer.entry(fields);
    writer.into_text()
}

/// The text of one list.
pub(crate) fn list(items: impl FnOnce(&mut Writer)) -> String {
    let mut writer = Writer::new("[".to_owned());
    items(&mut writer);
    writer.out.push(']');
    writer.out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_parses_back() {
        let odd = "a\"b\\c\nd\te\u{1}é日🙂";
        let text = object(|w| {
            w.field("a", odd);
            w.field("b", Escaped(odd));
            w.field("c", Id(u64::MAX));
            w.field("d", None::<bool>);
            w.list("e", |w| {
                w.item(0_u64);
                w.entry(|_| {});
                w.item(1.5_f64);
            });
            w.object("f", |w| w.field("g", true));
        });
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["a"], odd);
        assert_eq!(value["b"], odd);
        assert_eq!(value["c"], u64::MAX.to_string());
        assert_eq!(value["e"], serde_json::json!([0, {}, 1.5]));
        assert_eq!(value["f"]["g"], true);
        assert!(text.contains("\\ud83d\\ude42"));
    }
}

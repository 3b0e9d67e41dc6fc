//! Odd forms of a value, and which of them are understood.

use super::declared::Declared;

/// An odd form.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Form {
    pub(super) text: String,
    /// What it may be read as, as a mutation writes that.
    pub(super) read_as: &'static [&'static str],
    of: Of,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Null,
    Flag,
    Letters,
    QuotedZero,
    Zero,
    One,
    Negative,
    Fraction,
    Huge,
    EmptyList,
    Object,
    Elements,
    Deep,
}

pub(super) fn forms() -> Vec<Form> {
    let form = |text: &str, of, read_as| Form {
        text: text.to_owned(),
        read_as,
        of,
    };
    let elements = format!("[{}[]]", "[],".repeat(1_499));
    let deep = format!("{}{}", "[".repeat(60), "]".repeat(60));
    vec![
        form("null", Of::Null, &["null", "0", "[]", "{}"]),
        form("true", Of::Flag, &["true"]),
        form("\"odd\"", Of::Letters, &["\"odd\"", "\"other\""]),
        form("\"\"", Of::Letters, &["\"\"", "\"other\""]),
        form(
            "\"0\"",
            Of::QuotedZero,
            &[
                "\"0\"",
                "0",
                "0.0",
                "false",
                "null",
                "\"role\"",
                "\"other\"",
            ],
        ),
        form("0", Of::Zero, &["0", "0.0", "false", "null", "\"role\""]),
        form("1", Of::One, &["1", "1.0", "true", "\"member\""]),
        form("-1", Of::Negative, &["-1", "-1.0"]),
        form("1.5", Of::Fraction, &["1.5"]),
        form("1e999", Of::Huge, &[]),
        form("[]", Of::EmptyList, &["[]", "0"]),
        form("{}", Of::Object, &["{}", "null", "0"]),
        form("{\"odd\":1}", Of::Object, &["{}", "null", "0"]),
        form(&elements, Of::Elements, &[]),
        form(&deep, Of::Deep, &[]),
    ]
}

impl Form {
    /// Whether a value is read at all in this form, if its type is known.
    pub(super) fn is_understood(&self, of: &str, declared: &Declared) -> bool {
        let field = inside(of, "Field");
        let inner = field.or(inside(of, "Option")).unwrap_or(of);
        let inner = inside(inner, "Box")
            .or(inside(inner, "Stated"))
            .unwrap_or(inner);
        if self.of == Of::Null && field.is_some() {
            return true;
        }
        let signed = matches!(inner, "i64" | "f64");
        let number = matches!(inner, "u8" | "u16" | "u32" | "u64") || signed;
        let flag = inner == "bool";
        let bits = matches!(inner, "Permissions" | "OverwriteHolder");
        let letters = matches!(
            inner,
            "Text" | "Image" | "Status" | "ActivityButton" | "VoiceSession"
        );
        let id = inner.ends_with("Id") || inner == "NonZeroU64";
        let list = inner.starts_with("Vec<")
            || inner.starts_with("Listing<")
            || matches!(inner, "[u64; 2]" | "Overwrites");
        let row = declared.row(inner).is_some_and(|row| row.key.is_none());
        let row = row || inner == "ReactionEmoji";
        match (self.of, inner) {
            (Of::Huge, _) => false,
            (_, "Json") => true,
            (Of::Null | Of::Elements | Of::Deep, _) => false,
            (Of::Flag, _) => flag,
            (Of::Letters, _) => letters,
            (Of::QuotedZero, _) => letters || number || flag || bits || (id && field.is_some()),
            (Of::Zero, _) => number || flag || bits || (id && field.is_some()),
            (Of::One, _) => number || flag || bits || id,
            (Of::Negative, _) => signed,
            (Of::Fraction, _) => inner == "f64",
            (Of::EmptyList, _) => list,
            (Of::Object, _) => row,
        }
    }
}

/// The `T` of an `Outer<T>`.
fn inside<'t>(of: &'t str, outer: &str) -> Option<&'t str> {
    of.strip_prefix(outer)?.strip_prefix('<')?.strip_suffix('>')
}

/// The type of an element of a list of this type.
pub(super) fn element(of: &str) -> Option<&str> {
    let of = inside(of, "Field").or(inside(of, "Option")).unwrap_or(of);
    match of {
        "Overwrites" => Some("Overwrite"),
        _ => inside(of, "Vec").or(inside(of, "Listing")),
    }
}

/// Types of what code asks for by hand, where a key means one thing everywhere.
pub(super) const BY_HAND: &[(&str, &str)] = &[
    ("answer_id", "Option<u32>"),
    ("burst", "bool"),
    ("channel_ids", "Vec<ChannelId>"),
    ("chunk_count", "u32"),
    ("chunk_index", "u32"),
    ("flags_new", "Field<Permissions>"),
    ("guilds", "Listing<ListedGuild>"),
    ("large", "Option<bool>"),
    ("newly_created", "bool"),
    ("nonce", "Field<Text>"),
    ("not_found", "Vec<UserId>"),
    ("opcode", "u64"),
    ("removed_member_ids", "Vec<UserId>"),
    ("resume_gateway_url", "Field<Text>"),
    ("retry_after", "f64"),
    ("unavailable", "bool"),
    ("voice_start_time", "Field<i64>"),
];

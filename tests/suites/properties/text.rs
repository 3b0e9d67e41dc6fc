//! Texts and ids: whatever way the peer writes them, they are what they are.
use super::cases;
use headcount_core::id::UserId;
use headcount_core::wire::json::Reader;
use headcount_core::wire::{Envelope, Text};
use proptest::collection::vec;
use proptest::prelude::*;
use std::hash::{DefaultHasher, Hash, Hasher};

/// A text, and one of the ways to write it: a draw below 3 for each character.
fn spelled() -> impl Strategy<Value = (String, String)> {
    let letter = prop_oneof![
        3 => any::<char>(),
        1 => prop::sample::select(vec!['"', '\\', '/', '\n', '\u{0}', '\u{8}', '\u{1f600}']),
        2 => proptest::char::range('a', 'e'),
    ];
    vec((letter, 0..3_u8), 0..24).prop_map(|letters| {
        let text = letters.iter().map(|(letter, _)| letter).collect();
        (
            text,
            letters
                .iter()
                .map(|(letter, way)| spell(*letter, *way))
                .collect(),
        )
    })
}

fn spell(letter: char, way: u8) -> String {
    let short = match letter {
        '"' | '\\' | '/' => Some(format!("\\{letter}")),
        '\n' => Some("\\n".to_owned()),
        '\u{8}' => Some("\\b".to_owned()),
        _ => None,
    };
    let must = letter < ' ' || letter == '"' || letter == '\\';
    match (way, short) {
        (0, _) if !must => letter.to_string(),
        (0 | 1, Some(short)) => short,
        _ => letter
            .encode_utf16(&mut [0; 2])
            .iter()
            .map(|unit| format!("\\u{unit:04x}"))
            .collect(),
    }
}

fn hash(text: &Text<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn a_text_is_its_characters((text, spelling) in spelled(), (other, _) in spelled()) {
        let frame = format!(r#"{{"op":0,"t":"{spelling}"}}"#);
        let envelope = Envelope::parse(frame.as_bytes()).expect("a valid frame");
        let read = envelope.name.expect("a name");
        prop_assert_eq!(&*read.as_cow(), &text);
        prop_assert_eq!(read.to_string(), text.clone());
        prop_assert!(read.chars().eq(text.chars()) && read.len_hint() >= text.len());
        let plain = Text::plain(&text);
        prop_assert!(read == plain && read == *text && hash(&read) == hash(&plain));
        prop_assert_eq!(read.cmp(&Text::plain(&other)), text.chars().cmp(other.chars()));
        let json = serde_json::to_string(&read).expect("a text has a JSON form");
        prop_assert_eq!(serde_json::from_str::<String>(&json).expect("JSON"), text.clone());
        let back: Text<'static> = serde_json::from_str(&json).expect("JSON");
        prop_assert!(back == read && read.into_owned() == back);
    }

    #[test]
    fn an_id_is_a_number_in_both_forms(id in 1..=u64::MAX) {
        for text in [format!("\"{id}\""), id.to_string()] {
            let read = Reader::new(&text).id::<UserId>();
            prop_assert_eq!(read.map(UserId::get), Ok(id));
        }
        let user = UserId::new(id).expect("not zero");
        let json = serde_json::to_string(&user).expect("an id has a JSON form");
        prop_assert_eq!(serde_json::from_str::<UserId>(&json).expect("JSON"), user);
        prop_assert_eq!(user.to_string(), id.to_string());
    }
}

//! JSON read as loosely as the library reads what it skips, in the plainest way.

/// How deep containers may nest.
const DEEPEST: usize = 127;

/// The members of an object, in order: the texts of its keys and of its values.
///
/// Keys are not checked beyond their end; values are checked for structure alone. `None` if it is
/// no object, or something follows it.
pub(super) fn members(text: &str) -> Option<Vec<(&str, &str)>> {
    let mut rest = blanks(text).strip_prefix('{')?;
    let mut members = Vec::new();
    if let Some(end) = blanks(rest).strip_prefix('}') {
        return blanks(end).is_empty().then_some(members);
    }
    loop {
        let key = token(blanks(rest)).filter(|key| key.starts_with('"'))?;
        rest = blanks(&blanks(rest)[key.len()..]).strip_prefix(':')?;
        let value = token(blanks(rest))?;
        rest = blanks(&blanks(rest)[value.len()..]);
        members.push((key, value));
        match rest.chars().next()? {
            ',' => rest = &rest[1..],
            '}' => return blanks(&rest[1..]).is_empty().then_some(members),
            _ => return None,
        }
    }
}

fn blanks(text: &str) -> &str {
    text.trim_start_matches([' ', '\n', '\r', '\t'])
}

/// The value at the front of `text`.
fn token(text: &str) -> Option<&str> {
    let length = match text.chars().next()? {
        '"' => string(text)?,
        '{' | '[' => container(text)?,
        _ => text
            .find([',', '}', ']', ' ', '\n', '\r', '\t', ':', '"', '{', '['])
            .unwrap_or(text.len()),
    };
    (length > 0).then(|| &text[..length])
}

/// The length of the string at the front, its quotes included.
fn string(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (place, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(place + 1),
            _ => {}
        }
    }
    None
}

fn container(text: &str) -> Option<usize> {
    let (mut open, mut place) = (Vec::new(), 0);
    while let Some(letter) = text[place..].chars().next() {
        match letter {
            '"' => {
                place += string(&text[place..])?;
                continue;
            }
            '{' => open.push('}'),
            '[' => open.push(']'),
            '}' | ']' if open.pop() != Some(letter) => return None,
            _ => {}
        }
        // The object around it counts too.
        if open.len() >= DEEPEST {
            return None;
        }
        place += letter.len_utf8();
        if open.is_empty() {
            return Some(place);
        }
    }
    None
}

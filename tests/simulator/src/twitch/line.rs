//! Lines as a client sends them.

/// A command with its parameters.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Line<'l> {
    tags: &'l str,
    pub(super) command: &'l str,
    pub(super) params: Vec<&'l str>,
}

impl<'l> Line<'l> {
    /// Splits a line without its end; `None` when it has no command.
    pub(super) fn parse(line: &'l str) -> Option<Self> {
        let (tags, rest) = match line.strip_prefix('@') {
            Some(tagged) => tagged.split_once(' ')?,
            None => ("", line),
        };
        let mut rest = rest.trim_start();
        if rest.starts_with(':') {
            rest = rest.split_once(' ')?.1.trim_start();
        }
        let (middle, text) = match rest.split_once(" :") {
            Some((middle, text)) => (middle, Some(text)),
            None => (rest, None),
        };
        let mut words = middle.split_ascii_whitespace();
        let command = words.next()?;
        let known = command.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let params = words.chain(text).collect();
        known.then_some(Self {
            tags,
            command,
            params,
        })
    }

    /// A parameter, or nothing.
    pub(super) fn param(&self, number: usize) -> &'l str {
        self.params.get(number).copied().unwrap_or_default()
    }

    /// A tag's value as it is on the wire.
    pub(super) fn tag(&self, key: &str) -> Option<&'l str> {
        let pairs = self
            .tags
            .split(';')
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs
            .rev()
            .find(|(name, _)| *name == key)
            .map(|(_, value)| value)
    }

    /// The rooms of a JOIN or a PART, without `#`; `None` for one that is no room's name.
    pub(super) fn rooms(&self) -> impl Iterator<Item = Option<String>> + use<'l> {
        self.param(0).split(',').map(room)
    }
}

/// A room's name without `#`, lower-case.
pub(super) fn room(text: &str) -> Option<String> {
    let name = text.trim().strip_prefix('#')?;
    name_of(name)
}

/// A login, lower-case: 1 to 25 letters, digits and underscores.
pub(super) fn name_of(name: &str) -> Option<String> {
    let fits = (1..=25).contains(&name.len());
    let plain = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (fits && plain).then(|| name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_split_as_irc_wants() {
        let line = Line::parse("@client-nonce=7;x PRIVMSG #a :hi : there").unwrap();
        assert_eq!(
            (line.command, line.param(0), line.param(1)),
            ("PRIVMSG", "#a", "hi : there")
        );
        assert_eq!((line.tag("client-nonce"), line.tag("y")), (Some("7"), None));
        let line = Line::parse("JOIN #A,b,#c_1").unwrap();
        let rooms: Vec<_> = line.rooms().collect();
        assert_eq!(rooms, [Some("a".to_owned()), None, Some("c_1".to_owned())]);
        for nonsense in ["", " ", "@a=b", ":x", "*!"] {
            assert_eq!(Line::parse(nonsense), None, "{nonsense:?}");
        }
    }
}

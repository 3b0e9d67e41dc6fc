//! Text as a terminal shows it.
use super::Svg;

/// The width of a character and the height of a line.
const CHARACTER: usize = 8;
const LINE: usize = 18;
const MARGIN: usize = 14;

/// Draws text in a fixed font, line by line; what moves the cursor or colors is left out.
#[must_use]
pub fn terminal(title: &str, text: &str) -> String {
    let text = plain(text);
    let lines: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
    let longest = lines.iter().map(|line| line.chars().count()).max();
    let width = longest.unwrap_or(0) * CHARACTER + 2 * MARGIN;
    let mut svg = Svg::new(width, lines.len() * LINE + 2 * MARGIN, title);
    for (at, line) in lines
        .iter()
        .enumerate()
        .filter(|(_, line)| !line.is_empty())
    {
        svg.text((MARGIN, MARGIN + 13 + at * LINE), "shown", line);
    }
    svg.finish()
}

/// Draws the way of a frame, from the first block of text of the architecture page.
///
/// # Panics
/// If the page has no such block.
#[must_use]
pub fn way(page: &str) -> String {
    let block = page
        .split("```")
        .nth(1)
        .and_then(|block| block.strip_prefix("text\n"));
    let block = block.expect("the page begins with the way of a frame");
    terminal("The way of a frame through the core", block)
}

/// The text without escape sequences; of a line that was written over, what stood there last.
fn plain(text: &str) -> String {
    let (mut plain, mut signs) = (String::new(), text.chars().peekable());
    while let Some(sign) = signs.next() {
        match sign {
            '\u{1b}' if signs.next_if_eq(&'[').is_some() => {
                while signs.next().is_some_and(|sign| !sign.is_ascii_alphabetic()) {}
            }
            '\r' if signs.peek() != Some(&'\n') => {
                plain.truncate(plain.rfind('\n').map_or(0, |line| line + 1));
            }
            '\r' => {}
            sign => plain.push(sign),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_shows_is_left() {
        assert_eq!(
            plain("a\u{1b}[1;31mb\u{1b}[0m\r\n12 %\r34 %\n"),
            "ab\n34 %\n"
        );
    }

    #[test]
    fn signs_of_svg_are_text() {
        let svg = terminal("t", "a <b> & c");
        assert!(svg.contains(">a &lt;b&gt; &amp; c</text>"), "{svg}");
    }
}

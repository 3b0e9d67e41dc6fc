//! The house's rules on sources: short lines, functions and files; each word where it belongs.

use crate::sources::{Source, all, read, under, without_tests};

#[test]
fn lines_and_files_are_short() {
    let mut broken = Vec::new();
    for Source { path, text } in all() {
        if text.lines().count() > 500 {
            broken.push(format!("{}: more than 500 lines", path.display()));
        }
        for (number, line) in text.lines().enumerate() {
            // A text that cannot be broken, such as a remedy shown to the user, may stand alone.
            let alone = line.trim_start().starts_with(['"', '|']);
            if line.chars().count() > 100 && !alone && !line.starts_with("//! |") {
                broken.push(format!("{}:{}: too long", path.display(), number + 1));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// The functions of a file that is formatted: name, line, and number of lines.
fn functions(text: &str) -> Vec<(String, usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let words = line.trim_start();
        // The bracket of a visibility is not that of the arguments.
        let scoped = words
            .strip_prefix("pub(")
            .and_then(|rest| rest.split_once(") "));
        let head = scoped.map_or(words, |(_, rest)| rest);
        let head = head.split('(').next().unwrap_or_default();
        let is_function = head.split_whitespace().any(|word| word == "fn")
            && !words.starts_with("//")
            && !words.starts_with('"');
        if !is_function {
            continue;
        }
        let indent = line.len() - words.len();
        let end = format!("{}}}", " ".repeat(indent));
        let is_one_line = words.ends_with([';', '}', ',']);
        let more = lines[start..].iter().position(|line| *line == end);
        let more = more.filter(|_| !is_one_line);
        found.push((head.to_owned(), start + 1, more.unwrap_or(0) + 1));
    }
    found
}

#[test]
fn functions_are_measured_wherever_they_stand() {
    let text = concat!(
        "fn one() {}\nfn three() {\n    1\n}\nimpl A {\n    fn two() {\n    }\n}\n",
        "trait B {\n    fn none();\n}\nstruct C {\n    call: fn(u8),\n}\n",
        "impl C {\n    pub(in a) const fn four() {\n\n\n    }\n}\n",
    );
    let lengths: Vec<usize> = functions(text)
        .iter()
        .map(|(_, _, length)| *length)
        .collect();
    assert_eq!(lengths, [1, 3, 2, 1, 1, 4]);
}

#[test]
fn functions_are_short() {
    for Source { path, text } in all() {
        for (head, line, length) in functions(&text) {
            assert!(
                length <= 70,
                "{}:{line}: {head} has {length} lines",
                path.display()
            );
        }
    }
}

#[test]
fn nothing_is_left_to_do() {
    for Source { path, text } in all() {
        for (number, line) in text.lines().enumerate() {
            let at = format!("{}:{}", path.display(), number + 1);
            for word in [
                concat!("todo", "!("),
                concat!("dbg", "!("),
                concat!("TO", "DO"),
            ] {
                assert!(!line.contains(word), "{word} at {at}");
            }
        }
    }
}

/// Whether a line has this word, and not as a part of another.
fn has_word(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.split(|c| !is_part(c)).any(|part| part == word)
}

#[test]
fn adapters_know_no_protocol() {
    let names = [
        "READY",
        "RESUMED",
        "GUILD_CREATE",
        "GUILD_DELETE",
        "GUILD_MEMBERS_CHUNK",
    ];
    let words = [
        "heartbeat_interval",
        "session_id",
        "resume_gateway_url",
        "chunk_index",
        "nonce",
        "opcode",
        "Opcode",
        "Heartbeat",
        "Identify",
        "Resume",
        "Envelope",
        "Command",
    ];
    for runtime in ["tokio", "async-std", "smol"] {
        let sources = under(&format!("adapters/{runtime}/src"));
        assert!(!sources.is_empty(), "{runtime}");
        for Source { path, text } in sources {
            // What a stop does with the session is the user's word as well.
            let text = text.replace("OnStop::Resume", "");
            for line in without_tests(&text).lines() {
                for word in names.iter().chain(&words) {
                    assert!(!has_word(line, word), "{}: {word}: {line}", path.display());
                }
                let literal = line.contains("\"op\"") || line.contains("\\\"op\\\"");
                assert!(!literal, "{}: {line}", path.display());
            }
        }
    }
}

/// The value of a key of a manifest, as it stands there.
fn value<'t>(manifest: &'t str, key: &str) -> Option<&'t str> {
    manifest.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        (name.trim() == key).then(|| value.trim())
    })
}

fn members() -> Vec<String> {
    let manifest = read("Cargo.toml");
    let list = value(&manifest, "members")
        .expect("members stand on one line")
        .to_owned();
    let names = list.trim_matches(['[', ']']).split(',');
    names
        .map(|name| name.trim().trim_matches('"').to_owned())
        .collect()
}

#[test]
fn the_oldest_compiler_is_stated_once() {
    let stated = read("Cargo.toml");
    let msrv = value(&stated, "rust-version")
        .expect("the workspace states it")
        .to_owned();
    for member in members() {
        let manifest = read(&format!("{member}/Cargo.toml"));
        assert_eq!(value(&manifest, "rust-version"), None, "{member}");
        assert_eq!(
            value(&manifest, "rust-version.workspace"),
            Some("true"),
            "{member}"
        );
        assert_eq!(
            value(&manifest, "edition.workspace"),
            Some("true"),
            "{member}"
        );
    }
    for outside in [
        "core/examples/beside_twilight",
        "adapters/tokio/examples/exactly_once",
        "tests/bench/chat",
        "tests/bench/minimal/headcount",
        "tests/bench/minimal/serenity",
        "tests/bench/minimal/twilight",
        "tests/mutants",
    ] {
        let manifest = read(&format!("{outside}/Cargo.toml"));
        assert_eq!(value(&manifest, "rust-version"), Some(&*msrv));
    }
}

#[test]
fn every_package_is_a_member_or_named_as_left_out() {
    let manifest = read("Cargo.toml");
    let left_out = value(&manifest, "exclude").expect("exclude stands on one line");
    for folder in [
        "core",
        "tests/simulator",
        "fuzz",
        "tests/bench/chat",
        "tests/mutants",
        "tests/bench/gateway",
        "core/examples/beside_twilight",
        "adapters/tokio/examples/exactly_once",
    ] {
        let is_member = members().iter().any(|member| member == folder);
        let is_left_out = left_out.contains(&format!("\"{folder}\""));
        assert!(is_member != is_left_out, "{folder}");
    }
    let adapters = std::fs::read_dir(crate::sources::root().join("adapters")).unwrap();
    for adapter in adapters
        .flatten()
        .filter(|entry| entry.path().join("Cargo.toml").exists())
    {
        let name = format!("adapters/{}", adapter.file_name().to_string_lossy());
        assert!(members().contains(&name), "{name}");
    }
    for member in members() {
        let package = read(&format!("{member}/Cargo.toml"));
        let name = value(&package, "name").expect("a name").trim_matches('"');
        let stated = manifest
            .lines()
            .any(|line| line.starts_with(&format!("{name} = ")));
        assert!(stated, "{name} is not among the workspace's dependencies");
    }
}

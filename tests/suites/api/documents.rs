//! Every public function of a builder, of a bot and of its handles has an example that compiles.

use crate::sources;

/// Where these functions are.
const FILES: [&str; 11] = [
    "bot.rs",
    "builder.rs",
    "builder/caching.rs",
    "chat.rs",
    "chat/builder.rs",
    "chat/handle.rs",
    "handle.rs",
    "handle/shards.rs",
    "listener.rs",
    "start.rs",
    "waiting.rs",
];

/// The public functions in a text, each with whether its document has an example that is compiled.
fn functions(text: &str) -> Vec<(&str, bool)> {
    let (mut found, mut example, mut inside) = (Vec::new(), false, false);
    for line in text.lines().map(str::trim) {
        if let Some(fence) = line.strip_prefix("/// ```") {
            inside = !inside;
            example |= inside && matches!(fence, "" | "no_run" | "should_panic");
        } else if !line.starts_with("///") && !line.starts_with("#[") {
            let name = line
                .strip_prefix("pub ")
                .map(|rest| {
                    rest.trim_start_matches("const ")
                        .trim_start_matches("async ")
                })
                .and_then(|rest| rest.strip_prefix("fn "))
                .and_then(|rest| rest.split(['(', '<']).next());
            found.extend(name.map(|name| (name, example)));
            example = false;
        }
    }
    found
}

#[test]
fn every_function_of_a_builder_and_a_handle_has_an_example() {
    let mut count = 0;
    for file in FILES {
        let text = sources::read(&format!("adapters/driver/src/{file}"));
        let functions = functions(&text);
        assert!(!functions.is_empty(), "{file} has public functions");
        count += functions.len();
        for (name, has_example) in functions {
            assert!(has_example, "{name} in {file} has no example");
        }
    }
    assert!(count > 70, "{count} functions were looked at");
}

#[test]
fn an_example_that_is_not_compiled_is_none() {
    let text = "/// One.\n/// ```text\n/// ```\n#[must_use]\npub const fn one() {}\n\
        /// Two.\n/// ```ignore\n/// ```\npub async fn two<T>() {}\npub(crate) fn three() {}\n\
        /// Four.\n/// ```\n/// four();\n/// ```\npub fn four() {}\n";
    let expected = [("one", false), ("two", false), ("four", true)];
    assert_eq!(functions(text), expected);
}

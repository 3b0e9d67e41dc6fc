//! Every public function of a builder, of a bot and of its handles has an example that compiles.

use std::collections::BTreeMap;

use crate::sources;

/// The types that a user builds, runs and holds.
const TYPES: [&str; 7] = [
    "Bot",
    "Builder",
    "Chat",
    "ChatBuilder",
    "ChatHandle",
    "Handle",
    "Listener",
];

/// The type that a line begins to implement functions of its own for.
fn implemented(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("impl")?;
    let of = match rest.strip_prefix('<') {
        Some(_) => rest.split_once("> ")?.1,
        None => rest.trim_start(),
    };
    let has_trait = of.contains(" for ");
    let name = of.split([' ', '<']).next()?;
    (!has_trait && line.ends_with('{')).then_some(name)
}

/// The parts of a file that implement functions of the [`TYPES`].
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let blocks = text.split("\n}\n");
    blocks.filter_map(|block| {
        let of_types = |line: &str| implemented(line).is_some_and(|name| TYPES.contains(&name));
        let start = block.lines().find(|line| of_types(line))?;
        block.split_once(start).map(|(_, part)| part)
    })
}

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
    let mut count = BTreeMap::new();
    for source in sources::under("adapters/driver/src") {
        let path = source.path.display();
        for part in parts(sources::without_tests(&source.text)) {
            for (name, has_example) in functions(part) {
                assert!(has_example, "{name} in {path} has no example");
                *count.entry(path.to_string()).or_insert(0) += 1;
            }
        }
    }
    assert!(count.len() > 9, "files: {count:?}");
    assert!(count.values().sum::<i32>() > 70, "functions: {count:?}");
}

#[test]
fn functions_of_the_types_alone_are_looked_at() {
    let text = "pub fn no() {}\nimpl<R: Runtime> Builder<R> {\n    pub fn one() {}\n}\n\
        impl Other {\n    pub fn no() {}\n}\nimpl fmt::Debug for Handle {\n    fn no() {}\n}\n\
        impl Handle {\n    pub fn two() {}\n}\n";
    let names: Vec<&str> = parts(text)
        .flat_map(functions)
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names, ["one", "two"]);
}

#[test]
fn an_example_that_is_not_compiled_is_none() {
    let text = "/// One.\n/// ```text\n/// ```\n#[must_use]\npub const fn one() {}\n\
        /// Two.\n/// ```ignore\n/// ```\npub async fn two<T>() {}\npub(crate) fn three() {}\n\
        /// Four.\n/// ```\n/// four();\n/// ```\npub fn four() {}\n";
    let expected = [("one", false), ("two", false), ("four", true)];
    assert_eq!(functions(text), expected);
}

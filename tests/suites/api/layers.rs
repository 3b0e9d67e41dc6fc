//! The layers of the core: what a file may import, as the architecture page states it.

use std::collections::{BTreeMap, BTreeSet};

use crate::sources::{Source, read, under, without_tests};

/// A path within the core, such as `wire::json::reader`.
type Module = Vec<String>;

/// One import: its path as it is written, and whether it hands the name on.
struct Import {
    path: Module,
    is_public: bool,
}

/// The core's files by their modules, each with its imports.
struct Tree(BTreeMap<Module, Vec<Import>>);

impl Tree {
    fn read() -> Self {
        let is_test = |path: &str| {
            ["tests", "scenarios", "sessions", "testing", "random"]
                .iter()
                .any(|name| path.ends_with(&format!("/{name}.rs")) && !path.contains("/memory/"))
                || path.contains("/tests/")
        };
        let files = under("core/src").into_iter().filter_map(|source| {
            let path = source.path.to_str().expect("text").replace('\\', "/");
            (!is_test(&path)).then(|| (module(&path), imports(&source)))
        });
        Self(files.collect())
    }

    /// The file that defines what a path names, through all that hand it on.
    fn owner(&self, path: &[String]) -> Module {
        let at = (0..=path.len())
            .rev()
            .find(|&length| self.0.contains_key(&path[..length]))
            .expect("the root is there");
        let (module, rest) = path.split_at(at);
        let handed = rest.first().and_then(|name| {
            let mut all = self.0[module].iter();
            all.find(|import| import.is_public && import.path.last() == Some(name))
        });
        let origin = handed.and_then(|import| self.absolute(module, &import.path));
        match origin.filter(|origin| origin != path) {
            Some(origin) => self.owner(&origin),
            None => module.to_vec(),
        }
    }

    /// A path from the core's root; `None` for what lies outside the core.
    fn absolute(&self, from: &[String], path: &[String]) -> Option<Module> {
        let up = path.iter().take_while(|part| *part == "super").count();
        let base = match path[0].as_str() {
            "crate" => return Some(path[1..].to_vec()),
            "self" => return Some([from, &path[1..]].concat()),
            "super" => &from[..from.len().checked_sub(up)?],
            _ => from,
        };
        let whole = [base, &path[up..]].concat();
        (up > 0 || self.0.contains_key(&whole[..=base.len()])).then_some(whole)
    }
}

fn module(path: &str) -> Module {
    let inner = path.trim_start_matches("core/src/").trim_end_matches(".rs");
    match inner {
        "lib" => Vec::new(),
        inner => inner.split('/').map(str::to_owned).collect(),
    }
}

/// The imports of a file, its tests excepted.
fn imports(source: &Source) -> Vec<Import> {
    let code = without_tests(&source.text).lines();
    let code: Vec<&str> = code
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect();
    let code = code.join("\n");
    let mut found = Vec::new();
    let mut is_test = false;
    for item in code.split(';') {
        let Some(at) = item.rfind("use ").filter(|&at| starts_item(item, at)) else {
            is_test = false;
            continue;
        };
        let before = &item[item[..at].rfind('\n').map_or(0, |line| line + 1)..at];
        is_test |= item[..at].contains("#[cfg(test)]");
        if !is_test {
            let is_public = before.trim_start().starts_with("pub");
            let paths = expand(&item[at + 4..], &[]).into_iter();
            found.extend(paths.map(|path| Import { path, is_public }));
        }
        is_test = false;
    }
    found
}

/// Whether `use` at this place begins an item, behind nothing but its visibility.
fn starts_item(item: &str, at: usize) -> bool {
    let line = item[..at].rfind('\n').map_or(0, |line| line + 1);
    let before = item[line..at].trim();
    before.is_empty() || before == "pub" || before.starts_with("pub(") && before.ends_with(')')
}

/// Every path of a tree of imports.
fn expand(tree: &str, prefix: &[String]) -> Vec<Module> {
    let parts = |text: &str| -> Vec<String> {
        let names = text.split("::").map(str::trim);
        names
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let tree = tree.trim();
    let Some((head, inner)) = tree.strip_suffix('}').and_then(|tree| tree.split_once('{')) else {
        let name = tree.split(" as ").next().unwrap_or_default();
        return vec![[prefix, &parts(name)].concat()];
    };
    let prefix = [prefix, &parts(head)].concat();
    let (mut depth, mut from, mut all) = (0_usize, 0, Vec::new());
    for (at, sign) in inner.char_indices().chain([(inner.len(), ',')]) {
        match sign {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                let one = inner[from..at].trim();
                if !one.is_empty() {
                    all.extend(expand(one, &prefix));
                }
                from = at + 1;
            }
            _ => {}
        }
    }
    all
}

/// The table of the architecture page: each layer's name, its modules, and the layers it may use.
struct Layers(Vec<(String, Vec<Module>, Vec<String>)>);

impl Layers {
    fn read() -> Self {
        let page = read("core/src/architecture.md");
        let rows = page
            .lines()
            .skip_while(|line| !line.starts_with("| layer |"));
        let rows = rows.skip(2).take_while(|line| line.starts_with('|'));
        let words = |cell: &str| -> Vec<String> {
            let words = cell
                .split(',')
                .map(|word| word.trim().trim_matches('`').to_owned());
            words.filter(|word| !word.is_empty()).collect()
        };
        let layers = rows.map(|row| {
            let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
            let modules = words(cells[1]).into_iter();
            let modules = modules.map(|path| path.split("::").map(str::to_owned).collect());
            (cells[0].to_owned(), modules.collect(), words(cells[3]))
        });
        Self(layers.collect())
    }

    /// The layer of a file: that of the longest listed path it lies under.
    fn of(&self, module: &[String]) -> Option<usize> {
        let mut best = None;
        for (layer, (_, modules, _)) in self.0.iter().enumerate() {
            for listed in modules.iter().filter(|listed| module.starts_with(listed)) {
                best = best.max(Some((listed.len(), layer)));
            }
        }
        best.map(|(_, layer)| layer)
    }
}

#[test]
fn no_file_of_the_core_imports_from_a_layer_above() {
    let (tree, layers) = (Tree::read(), Layers::read());
    assert!(layers.0.len() > 5, "the table is there");
    let (mut broken, mut checked) = (Vec::new(), 0);
    for (module, imports) in tree.0.iter().filter(|(module, _)| !module.is_empty()) {
        let Some(own) = layers.of(module) else {
            broken.push(format!("{} is in no layer", module.join("::")));
            continue;
        };
        for import in imports {
            let Some(path) = tree.absolute(module, &import.path) else {
                continue;
            };
            let target = tree.owner(&path);
            let Some(other) = layers.of(&target) else {
                continue;
            };
            checked += 1;
            if other != own && !layers.0[own].2.contains(&layers.0[other].0) {
                let (from, to) = (module.join("::"), target.join("::"));
                broken.push(format!(
                    "{from} ({}) imports {to} ({})",
                    layers.0[own].0, layers.0[other].0
                ));
            }
        }
    }
    broken.dedup();
    assert!(checked > 500, "imports are found: {checked}");
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn a_layer_uses_only_layers_above_it_in_the_table() {
    let layers = Layers::read();
    let names: Vec<&String> = layers.0.iter().map(|(name, _, _)| name).collect();
    for (at, (name, modules, uses)) in layers.0.iter().enumerate() {
        assert!(!modules.is_empty(), "{name}");
        for used in uses {
            let found = names[..at].contains(&used);
            assert!(
                found,
                "{name} uses {used}, which is not further up in the table"
            );
        }
    }
}

#[test]
fn imports_are_expanded() {
    let paths = expand("crate::{a::{self, B as C}, d}", &[]);
    let paths: Vec<String> = paths.iter().map(|path| path.join("::")).collect();
    assert_eq!(paths, ["crate::a::self", "crate::a::B", "crate::d"]);
}

/// The files that a file reaches over its imports, itself excepted unless it is in a circle.
fn reached<'t>(graph: &'t BTreeMap<Module, Vec<Module>>, from: &Module) -> BTreeSet<&'t Module> {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(module) = next.pop() {
        for target in graph.get(module).into_iter().flatten() {
            if seen.insert(target) {
                next.push(target);
            }
        }
    }
    seen
}

#[test]
fn no_circle_of_imports_has_more_than_four_files() {
    let tree = Tree::read();
    let graph: BTreeMap<Module, Vec<Module>> = tree
        .0
        .iter()
        .filter(|(module, _)| !module.is_empty())
        .map(|(module, imports)| {
            let paths = imports
                .iter()
                .filter_map(|it| tree.absolute(module, &it.path));
            let targets = paths
                .map(|path| tree.owner(&path))
                .filter(|target| target != module);
            // A folder's own file lists its files and hands their names on.
            (
                module.clone(),
                targets
                    .filter(|target| !target.starts_with(module))
                    .collect(),
            )
        })
        .collect();
    for module in graph.keys() {
        let all = reached(&graph, module);
        let circle = all
            .iter()
            .filter(|other| reached(&graph, other).contains(module));
        let circle: Vec<String> = circle.map(|other| other.join("::")).collect();
        assert!(circle.len() <= 4, "{circle:#?}");
    }
}

//! Which of all possible mutants are built.
use crate::mutant::{ConstFn, Mutant};
use crate::source::{self, Found};
use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

/// The parts of the core that mutants are drawn from, an equal share of each: a name, and the
/// module that it stands for.
const GROUPS: [(&str, &str); 8] = [
    ("session", "core/src/session"),
    ("setup", "core/src/setup"),
    ("chunk", "core/src/chunk"),
    ("tracker", "core/src/tracker"),
    ("fleet", "core/src/fleet"),
    ("manager", "core/src/manager"),
    ("derive", "core/src/cache/derive"),
    ("pool", "core/src/twitch/bot"),
];

/// A mutant that is built, under its number.
pub(crate) struct Drawn {
    pub(crate) number: u32,
    pub(crate) group: &'static str,
    pub(crate) mutant: Mutant,
}

/// One group: what is drawn, and what may take the place of what does not compile.
struct Group {
    name: &'static str,
    drawn: Vec<Mutant>,
    rest: VecDeque<Mutant>,
}

/// All groups with the sources that they come from.
pub(crate) struct Draw {
    groups: Vec<Group>,
    pub(crate) const_fns: BTreeMap<PathBuf, Vec<ConstFn>>,
    /// How many mutants there are to draw from.
    pub(crate) possible: usize,
}

impl Draw {
    /// Draws `count` mutants of the tree under `root`; the same tree and seed, the same mutants.
    pub(crate) fn new(root: &Path, seed: u64, count: usize) -> Result<Self, String> {
        let mut draw = Self {
            groups: Vec::new(),
            const_fns: BTreeMap::new(),
            possible: 0,
        };
        for (place, (name, module)) in GROUPS.iter().enumerate() {
            let mut all = Vec::new();
            for (file, found) in sources(root, module)? {
                all.extend(found.mutants);
                draw.const_fns.insert(file, found.const_fns);
            }
            draw.possible += all.len();
            if all.is_empty() {
                return Err(format!("there is nothing to change in {module}"));
            }
            shuffle(&mut all, seed.wrapping_add(place as u64));
            let share = count / GROUPS.len() + usize::from(place < count % GROUPS.len());
            let rest = all.split_off(share.min(all.len()));
            draw.groups.push(Group {
                name,
                drawn: all,
                rest: rest.into(),
            });
        }
        Ok(draw)
    }

    /// What is drawn now, numbered from 1.
    pub(crate) fn drawn(&self) -> Vec<Drawn> {
        let groups = self.groups.iter();
        let all = groups.flat_map(|group| group.drawn.iter().map(|mutant| (group.name, mutant)));
        all.zip(1..)
            .map(|((group, mutant), number)| Drawn {
                number,
                group,
                mutant: mutant.clone(),
            })
            .collect()
    }

    /// Puts others in the place of those that do not compile.
    pub(crate) fn replace(&mut self, numbers: &[u32]) {
        let mut number = 0;
        for group in &mut self.groups {
            let before = std::mem::take(&mut group.drawn);
            for mutant in before {
                number += 1;
                let kept = (!numbers.contains(&number)).then_some(mutant);
                group.drawn.extend(kept.or_else(|| group.rest.pop_front()));
            }
        }
    }
}

/// What was found in each source file of a module, without those that hold tests alone.
fn sources(root: &Path, module: &str) -> Result<Vec<(PathBuf, Found)>, String> {
    let mut files = vec![PathBuf::from(format!("{module}.rs"))];
    collect(root, Path::new(module), &mut files);
    files.sort();
    let mut all = Vec::new();
    for file in files {
        if let Ok(text) = fs::read_to_string(root.join(&file)) {
            let found = source::find(&file, &text);
            all.push((
                file.clone(),
                found.map_err(|error| format!("{}: {error}", file.display()))?,
            ));
        }
    }
    let mut tests = Vec::new();
    for (file, found) in &all {
        let folder = match file.file_stem().and_then(|stem| stem.to_str()) {
            Some("mod") | None => file.with_file_name(""),
            Some(_) => file.with_extension(""),
        };
        let names = found.test_modules.iter();
        tests.extend(names.map(|name| folder.join(format!("{name}.rs"))));
    }
    all.retain(|(file, _)| !tests.contains(file));
    Ok(all)
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(root.join(folder))
        .into_iter()
        .flatten()
        .flatten()
    {
        let path = folder.join(entry.file_name());
        if entry.path().is_dir() {
            collect(root, &path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Puts the items in an order that the seed alone decides (`splitmix64`).
fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed;
    for last in (1..items.len()).rev() {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^= bits >> 31;
        items.swap(last, (bits % (last as u64 + 1)) as usize);
    }
}

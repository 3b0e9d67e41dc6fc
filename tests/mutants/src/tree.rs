//! A copy of the tree whose core holds the mutants.
use crate::draw::{Draw, Drawn};
use crate::render::{ASK, Rendered, render};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fs, io};

/// The copy.
pub(crate) struct Tree {
    root: PathBuf,
    pub(crate) copy: PathBuf,
    target: PathBuf,
    /// Functions that call one which is no longer `const`, by their place in the original.
    plain: BTreeMap<PathBuf, Vec<Range<usize>>>,
    rendered: BTreeMap<PathBuf, Rendered>,
}

/// A test program of the copy.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) package: String,
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) folder: PathBuf,
}

impl Tree {
    /// Copies what git knows of the tree under `root`.
    pub(crate) fn new(root: &Path) -> Result<Self, String> {
        let target = root.join("target").join("mutants");
        let copy = target.join("tree");
        let _ = fs::remove_dir_all(&copy);
        fs::create_dir_all(&copy).map_err(|error| error.to_string())?;
        let list = Command::new("git")
            .args([
                "ls-files",
                "-z",
                "--cached",
                "--others",
                "--exclude-standard",
            ])
            .current_dir(root)
            .output()
            .map_err(|error| format!("git: {error}"))?;
        let names = String::from_utf8_lossy(&list.stdout).into_owned();
        for name in names.split('\0').filter(|name| !name.is_empty()) {
            copy_file(&root.join(name), &copy.join(name))
                .map_err(|error| format!("{name}: {error}"))?;
        }
        Ok(Self {
            root: root.to_owned(),
            copy,
            target,
            plain: BTreeMap::new(),
            rendered: BTreeMap::new(),
        })
    }

    /// Builds the core with what is drawn; what does not compile is replaced by the next in turn.
    pub(crate) fn build_core(&mut self, draw: &mut Draw) -> Result<Vec<Drawn>, String> {
        for _ in 0..40 {
            let drawn = draw.drawn();
            self.write(&drawn, draw)?;
            let errors = self.check_core()?;
            if errors.is_empty() {
                return Ok(drawn);
            }
            let mut guilty = BTreeSet::new();
            for error in &errors {
                if !self.settle(error, &drawn, draw, &mut guilty) {
                    return Err(format!("does not compile: {}", error.text));
                }
            }
            let guilty: Vec<u32> = guilty.into_iter().collect();
            println!("{} mutants do not compile and are replaced", guilty.len());
            draw.replace(&guilty);
        }
        Err("the core does not compile after 40 replacements".to_owned())
    }

    fn write(&mut self, drawn: &[Drawn], draw: &Draw) -> Result<(), String> {
        self.rendered.clear();
        for (file, const_fns) in &draw.const_fns {
            let text = fs::read_to_string(self.root.join(file)).map_err(|e| e.to_string())?;
            let own = drawn.iter().filter(|one| one.mutant.file == *file);
            let own: Vec<&Drawn> = own.collect();
            let plain = self.plain.get(file).map(Vec::as_slice).unwrap_or_default();
            let rendered = render(&text, &own, const_fns, plain);
            save(&self.copy.join(file), &rendered.text)?;
            self.rendered.insert(file.clone(), rendered);
        }
        let library = "core/src/lib.rs";
        let text = fs::read_to_string(self.root.join(library)).map_err(|e| e.to_string())?;
        save(&self.copy.join(library), &format!("{text}{ASK}"))
    }

    /// A compiler in the copy whose lints refuse nothing, and that leaves little on the disk.
    fn cargo(&self, arguments: &[&str]) -> Command {
        let mut cargo = Command::new("cargo");
        cargo
            .args(arguments)
            .arg("--message-format=json")
            .current_dir(&self.copy)
            .env("CARGO_TARGET_DIR", &self.target)
            .env("CARGO_INCREMENTAL", "0")
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env("RUSTFLAGS", "--cap-lints=allow")
            .stderr(Stdio::null());
        cargo
    }

    fn check_core(&self) -> Result<Vec<Fault>, String> {
        let output = self
            .cargo(&["check", "-p", "headcount-core", "--lib"])
            .output();
        let output = output.map_err(|error| format!("cargo: {error}"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let faults = text
            .lines()
            .filter_map(|line| Fault::of(&serde_json::from_str(line).ok()?));
        let faults: Vec<Fault> = faults.collect();
        match (output.status.success(), faults.is_empty()) {
            (false, true) => Err("the core does not compile, and nothing says why".to_owned()),
            _ => Ok(faults),
        }
    }

    /// Finds what an error comes from: mutants, or a caller that can no longer be `const`.
    fn settle(
        &mut self,
        fault: &Fault,
        drawn: &[Drawn],
        draw: &Draw,
        guilty: &mut BTreeSet<u32>,
    ) -> bool {
        let before = guilty.len();
        if fault.is_call_of_mutant() {
            if let Some(caller) = self.const_caller(fault, draw) {
                let known = self.plain.entry(fault.file.clone()).or_default();
                known.push(caller);
                return true;
            }
            let called = |one: &&Drawn| {
                let const_fns = draw.const_fns.get(&one.mutant.file).into_iter().flatten();
                let mut around = const_fns.filter(|it| it.place.contains(&one.mutant.place.start));
                around.any(|it| fault.text.contains(&format!("{}`", it.name)))
            };
            guilty.extend(drawn.iter().filter(called).map(|one| one.number));
        } else if let Some(rendered) = self.rendered.get(&fault.file) {
            let hit = |place: &Range<usize>| {
                place.start < fault.place.end && fault.place.start < place.end
            };
            let places = rendered.places.iter().filter(|(_, place)| hit(place));
            let innermost = places.min_by_key(|(_, place)| place.len());
            guilty.extend(innermost.map(|(number, _)| *number));
        }
        guilty.len() > before
    }

    /// The `const` function in which an error stands, unless it is known to be none any more.
    fn const_caller(&self, fault: &Fault, draw: &Draw) -> Option<Range<usize>> {
        let rendered = &self.rendered.get(&fault.file)?.text;
        let before = rendered.get(..fault.place.start)?;
        let (at, _) = before.rmatch_indices("fn ").next()?;
        let head = before[..at].lines().next_back().unwrap_or_default();
        let name = before[at + 3..]
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .next()?;
        let is_const = head.split_whitespace().any(|word| word == "const");
        let known = self.plain.get(&fault.file);
        let mut const_fns = draw.const_fns.get(&fault.file)?.iter();
        let found = const_fns.find(|it| is_const && it.name == name)?;
        let new = known.is_none_or(|known| !known.contains(&found.place));
        new.then(|| found.place.clone())
    }

    /// Builds test programs or binaries; those that cargo names, in its order.
    pub(crate) fn build(&self, arguments: &[&str]) -> Result<Vec<Program>, String> {
        let output = self.cargo(arguments).output();
        let output = output.map_err(|error| format!("cargo: {error}"))?;
        if !output.status.success() {
            return Err(format!("cargo {} fails in the copy", arguments.join(" ")));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        // The servers that tests start are built beside them, and end on no account.
        let tests = arguments.first() == Some(&"test");
        let read = |line: &str| Program::of(&serde_json::from_str(line).ok()?, tests);
        Ok(text.lines().filter_map(read).collect())
    }
}

impl Program {
    /// The program that a message of cargo names, if it is one of tests, or one of none.
    fn of(message: &Value, tests: bool) -> Option<Self> {
        let path = message["executable"].as_str()?;
        (message["profile"]["test"] == tests).then_some(())?;
        let manifest = Path::new(message["manifest_path"].as_str()?);
        let folder = manifest.parent()?.to_owned();
        Some(Self {
            package: folder.file_name()?.to_str()?.to_owned(),
            name: message["target"]["name"].as_str()?.to_owned(),
            path: path.into(),
            folder,
        })
    }
}

/// An error of the compiler.
struct Fault {
    file: PathBuf,
    place: Range<usize>,
    code: String,
    text: String,
}

impl Fault {
    /// Whether something that has to be `const` calls a function that asks for mutants.
    fn is_call_of_mutant(&self) -> bool {
        self.code == "E0015" && !self.text.contains("mutants::is")
    }

    fn of(message: &Value) -> Option<Self> {
        let message = &message["message"];
        if message["level"] != "error" {
            return None;
        }
        let spans = message["spans"].as_array()?;
        let span = spans.iter().find(|span| span["is_primary"] == true)?;
        let byte = |key: &str| usize::try_from(span[key].as_u64()?).ok();
        Some(Self {
            file: span["file_name"].as_str()?.into(),
            place: byte("byte_start")?..byte("byte_end")?,
            code: message["code"]["code"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            text: message["message"].as_str().unwrap_or_default().to_owned(),
        })
    }
}

fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    match fs::copy(from, to) {
        // Deleted, and git does not know yet.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other.map(drop),
    }
}

/// Writes a file, unless it holds just that: what has not changed is not built again.
fn save(path: &Path, text: &str) -> Result<(), String> {
    if fs::read_to_string(path).is_ok_and(|before| before == text) {
        return Ok(());
    }
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

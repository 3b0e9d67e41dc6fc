//! What must hold of a payload with one odd value, place by place.
use super::declared::Declared;
use super::forms::{BY_HAND, Form, element, forms};
use super::host::{Host, Reading};
use super::lines::Lines;
use super::stated;
use super::tree::{Tree, Way};
use crate::scenario::Source;
use headcount_core::event::{Fault, Misunderstood};
use headcount_core::wire::Misread;
use std::collections::{BTreeMap, BTreeSet};

/// One payload, and what comes of it without each of its values, or some of them.
pub(super) struct Trial<'h> {
    host: &'h Host,
    name: &'static str,
    tree: Tree,
    declared: &'static Declared,
    full: Reading,
    lines: Lines,
    missing: BTreeMap<Way, Missing>,
    failures: Vec<String>,
}

/// What comes of a payload that lacks a value.
struct Missing {
    outcome: Reading,
    lines: Lines,
    lost: Lines,
}

/// How many failures are shown.
const SHOWN: usize = 30;

impl<'h> Trial<'h> {
    pub(super) fn new(host: &'h Host, name: &'static str, tree: Tree) -> Self {
        let declared = Declared::get();
        let mut ways = tree.places();
        ways.retain(|way| !is_within_json(&tree, way, declared));
        Self::of(host, name, tree, ways)
    }

    /// Tries one form at one place.
    pub(super) fn try_one(host: &'h Host, name: &'static str, tree: Tree, source: &mut Source<'_>) {
        let mut way = source.pick(&tree.places());
        while is_within_json(&tree, &way, Declared::get()) {
            way.pop();
        }
        let ways = (1..=way.len()).map(|depth| way[..depth].to_vec());
        let mut trial = Self::of(host, name, tree, ways.collect());
        trial.take_form(&way, &source.pick(&forms()));
        trial.judge();
    }

    fn of(host: &'h Host, name: &'static str, tree: Tree, ways: Vec<Way>) -> Self {
        let full = host.try_dispatch(name, &tree.text());
        assert_eq!(full.misunderstood, None, "{name} is as it should be");
        let (lines, declared) = (full.lines(), Declared::get());
        let mut missing = BTreeMap::new();
        for way in ways {
            let outcome = host.try_dispatch(name, &tree.without(&way).text());
            let without = outcome.lines();
            let one = Missing {
                lost: lines.beyond(&without),
                lines: without,
                outcome,
            };
            missing.insert(way, one);
        }
        Self {
            host,
            name,
            tree,
            declared,
            full,
            lines,
            missing,
            failures: Vec::new(),
        }
    }

    /// Goes through every form of every `step`th place; how many payloads that were.
    pub(super) fn take(mut self, step: usize) -> usize {
        self.missing_values_are_bounded();
        let mut taken = self.missing.len();
        let ways: Vec<Way> = self.missing.keys().cloned().collect();
        for way in &ways {
            let (path, text) = (self.tree.path(way), self.tree.without(way).text());
            if let Some(wrong) = self.wrongly_told(&path, &text, &self.missing[way].outcome) {
                self.fail(way, "missing", wrong, &Lines::default());
            }
        }
        for (index, way) in ways.iter().enumerate() {
            if index % step == self.name.len() % step {
                taken += self.take_place(way);
            }
        }
        self.judge();
        taken
    }

    fn judge(mut self) {
        let count = self.failures.len();
        self.failures.truncate(SHOWN);
        assert!(count == 0, "{count} failures\n{}", self.failures.join("\n"));
    }

    fn fail(&mut self, way: &[usize], form: &str, what: &str, lines: &Lines) {
        let path = self.tree.path(way);
        let form = form.get(..8).unwrap_or(form);
        let some: Vec<&str> = lines.iter().take(6).collect();
        self.failures
            .push(format!("{} {path} as {form}: {what} {some:?}", self.name));
    }

    /// What a missing value costs lies within what it stands in, apart from what its neighbours
    /// stand for; a row's key alone costs the row.
    fn missing_values_are_bounded(&mut self) {
        let ways: BTreeSet<Way> = self.missing.keys().cloned().collect();
        let parents: BTreeSet<Way> = ways.iter().map(|way| way[..way.len() - 1].into()).collect();
        for parent in parents {
            let whole = self
                .missing
                .get(&parent)
                .map_or(&self.lines, |one| &one.lost);
            let bound = whole.filtered(stated::is_about_a_row);
            let mut sum = Lines::default();
            for (way, one) in &self.missing {
                if way.len() == parent.len() + 1 && way.starts_with(&parent) {
                    let lost = one.lost.filtered(stated::is_about_a_row);
                    let all = stated::is_key(self.name, &self.tree.path(way));
                    sum = if all { sum } else { sum.joined(&lost) };
                }
            }
            let beyond = sum.beyond(&bound);
            if !beyond.is_empty() {
                self.fail(&parent, "its parts", "cost more than it", &beyond);
            }
        }
        for way in ways {
            let one = &self.missing[&way];
            let gained = one
                .lines
                .beyond(&self.lines)
                .filtered(stated::is_about_a_row);
            let made_up = made_up(&gained, &one.lost, |_| true);
            if !made_up.is_empty() && !stated::decides(self.name, &self.tree.path(&way)) {
                self.fail(&way, "missing", "leads to", &made_up);
            }
        }
    }

    fn take_place(&mut self, way: &Way) -> usize {
        let forms = forms();
        for form in &forms {
            self.take_form(way, form);
        }
        3 * forms.len()
    }

    /// In place of the value, and beside it before and behind.
    fn take_form(&mut self, way: &Way, form: &Form) {
        let odd = self.tree.with(way, &form.text);
        self.take_odd(way, form, &odd);
        if self.tree.key(way).is_some() {
            let twice = self.tree.twice(way, &form.text, false);
            self.take_odd(way, form, &twice);
            let first = self.tree.twice(way, &form.text, true);
            self.take_superseded(way, form, &first);
        }
    }

    /// A key comes again, and then as it should be.
    fn take_superseded(&mut self, way: &[usize], form: &Form, tree: &Tree) {
        let outcome = self.host.try_dispatch(self.name, &tree.text());
        if !outcome.agrees(&self.full) {
            let lines = outcome.lines();
            let differs = lines.beyond(&self.lines).joined(&self.lines.beyond(&lines));
            self.fail(
                way,
                &form.text,
                "and then as it should be, leads to",
                &differs,
            );
        }
    }

    fn take_odd(&mut self, way: &[usize], form: &Form, tree: &Tree) {
        let text = tree.text();
        let outcome = self.host.try_dispatch(self.name, &text);
        let path = self.tree.path(way);
        if let Some(wrong) = self.wrongly_told(&path, &text, &outcome) {
            return self.fail(way, &form.text, wrong, &Lines::default());
        }
        if let Some(wrong) = self.wrongly_named(way, form, &outcome) {
            self.fail(way, &form.text, &wrong, &Lines::default());
        }
        if outcome.dispatch.is_none() {
            return;
        }
        match &outcome.misunderstood {
            Some(_) => self.costs_itself(way, form, &outcome),
            None => self.is_understood(way, form, &outcome),
        }
    }

    /// Every dispatch is handed on; a READY without a session's id begins none, and says so.
    fn wrongly_told(&self, path: &str, text: &str, outcome: &Reading) -> Option<&'static str> {
        let no_subject = |it: &Misunderstood| matches!(it.fault, Fault::NoSubject(_));
        match outcome.dispatch.as_deref() {
            Some(emitted) if emitted == text => None,
            Some(_) => Some("is emitted with other data"),
            None if self.name != "READY" => Some("is not emitted"),
            None if path != "session_id" => Some("begins no session"),
            None => {
                let said = outcome.misunderstood.as_ref().is_some_and(no_subject);
                (!said).then_some("does not say why no session begins")
            }
        }
    }

    /// What was not understood is that value, what is in it, or what it is the key of.
    fn wrongly_named(&self, way: &[usize], form: &Form, outcome: &Reading) -> Option<String> {
        let misunderstood = outcome.misunderstood.as_ref()?;
        let path = self.tree.path(way);
        let paths: Vec<&str> = misunderstood
            .misreads
            .places()
            .iter()
            .map(Misread::path)
            .collect();
        let within = |one: &str, other: &str| {
            let rest = one.strip_prefix(other);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        let wrong = |named: &&str| {
            let above = named.is_empty() && misunderstood.fault != Fault::Values;
            let follows = stated::follows(self.name, &path, named);
            !above && !follows && !within(named, &path) && !within(&path, named)
        };
        let elsewhere = stated::is_one_with_its_list(&path) || stated::is_no_subject(form, &paths);
        if !elsewhere && !paths.iter().any(|named| within(named, &path)) {
            return Some(format!("is not named: {paths:?}"));
        }
        let wrong: Vec<&&str> = paths.iter().filter(|path| wrong(path)).collect();
        (!wrong.is_empty()).then(|| format!("has others named: {wrong:?}"))
    }

    /// All changes as it does without the value, or without the row that it is of.
    fn costs_itself(&mut self, way: &[usize], form: &Form, outcome: &Reading) {
        let list = &way[..way.len() - 1];
        let missing = match stated::is_one_with_its_list(&self.tree.path(way)) {
            true => &self.missing[list],
            false => &self.missing[way],
        };
        let of = self.type_of(way);
        let understood = of
            .as_deref()
            .is_some_and(|of| form.is_understood(of, self.declared));
        let no_subject = matches!(
            outcome.misunderstood.as_ref().map(|it| it.fault),
            Some(Fault::NoSubject(_))
        );
        if understood && !no_subject && !missing.lost.is_empty() {
            return self.fail(way, &form.text, "is not understood", &Lines::default());
        }
        if outcome.agrees(&missing.outcome) {
            return;
        }
        let lines = outcome.lines();
        let (ours, theirs) = (
            lines.filtered(stated::is_about_a_row),
            missing.lines.filtered(stated::is_about_a_row),
        );
        let differs = ours.beyond(&theirs).joined(&theirs.beyond(&ours));
        let path = self.tree.path(way);
        if !differs.is_empty() && !stated::decides(self.name, &path) {
            return self.fail(way, &form.text, "changes", &differs);
        }
        // What was not read whole is no whole set.
        let kinds = stated::kinds_of_lost_rows(&missing.lost, &missing.lines);
        let unknown = stated::is_said_unknown(of.as_deref(), &lines.beyond(&missing.lines));
        let replaces = lines.filtered(|line| {
            let replaces = |kind: &String| line.starts_with(&format!("op Replace {kind} "));
            kinds.iter().any(replaces)
        });
        if !unknown {
            self.fail(way, &form.text, "is not said to be unknown", &lines);
        }
        if !replaces.is_empty() {
            self.fail(way, &form.text, "takes a set for whole", &replaces);
        }
    }

    /// The value is read as what it says, and nothing else changes.
    fn is_understood(&mut self, way: &[usize], form: &Form, outcome: &Reading) {
        let missing = &self.missing[way];
        if let Some(of) = self.type_of(way)
            && !form.is_understood(&of, self.declared)
            && !missing.lost.is_empty()
        {
            return self.fail(way, &form.text, "passes for understood", &Lines::default());
        }
        let path = self.tree.path(way);
        let lines = outcome.lines();
        let lost = self.lines.beyond(&lines).filtered(stated::is_about_a_row);
        let more = lost.beyond(&missing.lost);
        if !more.is_empty() && !stated::leads_further(self.name, &path) {
            return self.fail(way, &form.text, "also loses", &more);
        }
        let gained = lines.beyond(&self.lines).filtered(stated::is_about_a_row);
        let quoted = serde_json::to_string(&form.text).expect("a text");
        let read_as = |value: &str| form.read_as.contains(&value) || value == quoted;
        let made_up = made_up(&gained, &missing.lost, read_as);
        if !made_up.is_empty() && !stated::leads_further(self.name, &path) {
            self.fail(way, &form.text, "is read as", &made_up);
        }
    }

    fn type_of(&self, way: &[usize]) -> Option<String> {
        type_of(&self.tree, way, self.declared)
    }
}

/// The type of what stands at a place, as far as it is known.
fn type_of(tree: &Tree, way: &[usize], declared: &Declared) -> Option<String> {
    let (_, above) = way.split_last()?;
    let Some(key) = tree.key(way) else {
        return element(&type_of(tree, above, declared)?).map(str::to_owned);
    };
    let Tree::Object(members) = tree.at(above) else {
        return None;
    };
    let keys: BTreeSet<&str> = members.iter().map(|member| member.0.as_str()).collect();
    let row = declared.row_of(&keys);
    let part = row.and_then(|row| row.parts.get(key)).cloned();
    part.or_else(|| {
        let by_hand = BY_HAND.iter().find(|(name, _)| *name == key);
        by_hand.map(|(_, of)| (*of).to_owned())
    })
}

/// Whether it is a part of a value that is kept as JSON, whatever is in it.
fn is_within_json(tree: &Tree, way: &[usize], declared: &Declared) -> bool {
    (1..way.len())
        .any(|depth| type_of(tree, &way[..depth], declared).is_some_and(|of| of.contains("Json")))
}

/// Lines that stand for nothing that was lost, or have a value that nothing says.
fn made_up(gained: &Lines, lost: &Lines, said: impl Fn(&str) -> bool) -> Lines {
    let places: Vec<&str> = lost.values().map(|(path, _)| path).collect();
    gained.filtered(|line| {
        let (path, value) = line.split_once(" = ").expect("a value");
        !said(value) || !places.iter().any(|place| place.starts_with(path))
    })
}

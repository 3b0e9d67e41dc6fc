//! One small change of the core that some test ought to notice.
use std::ops::Range;
use std::path::PathBuf;

/// A change of one file, not numbered yet.
#[derive(Clone, Debug)]
pub(crate) struct Mutant {
    /// From the tree's root.
    pub(crate) file: PathBuf,
    /// The line, from 1.
    pub(crate) line: usize,
    /// The bytes that it replaces.
    pub(crate) place: Range<usize>,
    pub(crate) change: Change,
    /// What it is, for people.
    pub(crate) what: String,
}

/// What a mutant does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// An expression becomes this one.
    Value(String),
    /// A statement is left out.
    Omit,
    /// A function returns at once, by this statement.
    Leave(String),
}

/// A function that is `const` and holds mutants, which ask at run time.
#[derive(Clone, Debug)]
pub(crate) struct ConstFn {
    pub(crate) name: String,
    /// The word `const`.
    pub(crate) word: Range<usize>,
    /// The whole function.
    pub(crate) place: Range<usize>,
}

//! How rows meet those that are there.

/// How rows meet those that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cache::memory) enum MergeMode {
    /// They are added or merged.
    Upsert,
    /// The same, and the others of their kind go.
    Replace,
    /// They are merged where they are, and nowhere added.
    Patch,
}

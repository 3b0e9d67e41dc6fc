//! The two names of a user in one allocation.

use alloc::boxed::Box;
use alloc::string::String;

use crate::wire::{Field, Text};

/// A unique name, and perhaps one to show.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Both, one after the other.
    both: Box<str>,
    /// Where the second begins; `None` if there is none.
    split: Option<u32>,
}

impl Names {
    pub(super) const fn heap(&self) -> usize {
        self.both.len()
    }

    pub(super) fn username(&self) -> &str {
        match self.split {
            Some(at) => self.both.get(..at as usize).unwrap_or_default(),
            None => &self.both,
        }
    }

    pub(super) fn global(&self) -> Option<&str> {
        self.both.get(self.split? as usize..)
    }

    /// Takes what is said; allocates only if it is something new.
    pub(super) fn update(&mut self, username: Option<&Text<'_>>, global: &Field<Text<'_>>) {
        let same_name = username.is_none_or(|name| *name == *self.username());
        let same_global = match global {
            Field::Absent => true,
            Field::Null => self.split.is_none(),
            Field::Value(name) => self.global().is_some_and(|global| *name == *global),
        };
        if same_name && same_global {
            return;
        }
        let mut both = String::with_capacity(length(username, global));
        match username {
            Some(name) => both.extend(name.chars()),
            None => both.push_str(self.username()),
        }
        let split = u32::try_from(both.len()).ok();
        let second = match global {
            Field::Absent => self.global().map(|name| both.push_str(name)).is_some(),
            Field::Null => false,
            Field::Value(name) => {
                both.extend(name.chars());
                true
            }
        };
        self.split = split.filter(|_| second);
        self.both = both.into_boxed_str();
    }
}

fn length(username: Option<&Text<'_>>, global: &Field<Text<'_>>) -> usize {
    let first = username.map_or(0, Text::len_hint);
    first.saturating_add(global.value().map_or(0, Text::len_hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_changes_alone() {
        let mut names = Names::default();
        names.update(Some(&Text::plain("ann")), &Field::Absent);
        assert_eq!((names.username(), names.global()), ("ann", None));
        names.update(None, &Field::Value(Text::plain("Ann B.")));
        assert_eq!((names.username(), names.global()), ("ann", Some("Ann B.")));
        names.update(Some(&Text::plain("bea")), &Field::Absent);
        assert_eq!((names.username(), names.global()), ("bea", Some("Ann B.")));
        names.update(None, &Field::Value(Text::plain("")));
        assert_eq!((names.username(), names.global()), ("bea", Some("")));
        names.update(None, &Field::Null);
        assert_eq!((names.username(), names.global()), ("bea", None));
    }
}

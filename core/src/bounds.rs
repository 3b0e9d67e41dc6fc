//! What is asked of settings, so that none means something that nobody can want.

use alloc::format;
use alloc::string::String;
use core::fmt;
use core::ops::RangeInclusive;
use core::time::Duration;

/// The shortest wait that is a wait.
pub const SHORTEST: Duration = Duration::from_millis(1);

/// The longest wait for anything: a day. Nothing waits for ever.
pub const LONGEST: Duration = Duration::from_secs(86_400);

/// A setting that makes no sense: its name, what was given, and what it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    setting: String,
    detail: String,
}

impl ConfigError {
    /// An error about a setting; `detail` is the rest of a sentence that begins with its name.
    #[must_use]
    pub fn new(setting: &str, detail: impl Into<String>) -> Self {
        let (setting, detail) = (setting.into(), detail.into());
        Self { setting, detail }
    }

    /// The same about a setting in a group of this name.
    #[must_use]
    pub fn of(self, group: &str) -> Self {
        Self {
            setting: format!("{group}.{}", self.setting),
            ..self
        }
    }

    /// The setting, as in `timing.dial`.
    #[must_use]
    pub fn setting(&self) -> &str {
        &self.setting
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the setting {} {}", self.setting, self.detail)
    }
}

impl core::error::Error for ConfigError {}

/// A wait has to be between [`SHORTEST`] and [`LONGEST`].
///
/// # Errors
/// It is not.
pub fn wait(setting: &str, given: Duration) -> Result<(), ConfigError> {
    within(setting, given, &(SHORTEST..=LONGEST))
}

/// A pause may also be none at all.
///
/// # Errors
/// It is longer than [`LONGEST`].
pub fn pause(setting: &str, given: Duration) -> Result<(), ConfigError> {
    within(setting, given, &(Duration::ZERO..=LONGEST))
}

/// A number has to lie within a range.
///
/// # Errors
/// It does not.
pub fn within<T: PartialOrd + fmt::Debug>(
    setting: &str,
    given: T,
    range: &RangeInclusive<T>,
) -> Result<(), ConfigError> {
    if range.contains(&given) {
        return Ok(());
    }
    let (least, most) = (range.start(), range.end());
    let detail = format!("is {given:?}, and must be from {least:?} to {most:?}");
    Err(ConfigError::new(setting, detail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn an_error_names_the_setting_what_it_is_and_what_it_must_be() {
        let error = wait("dial", Duration::ZERO).unwrap_err().of("timing");
        assert_eq!(error.setting(), "timing.dial");
        let text = "the setting timing.dial is 0ns, and must be from 1ms to 86400s";
        assert_eq!(error.to_string(), text);
        assert!(wait("x", Duration::MAX).is_err() && wait("x", LONGEST).is_ok());
        assert!(pause("x", Duration::MAX).is_err() && pause("x", Duration::ZERO).is_ok());
        assert!(within("x", 0, &(1..=3)).is_err() && within("x", 3, &(1..=3)).is_ok());
    }
}

//! The whole scenario; see [`crate::simulation`].
use crate::simulation::check_bytes;

/// The longest scenario, in bytes: longer ones find nothing that shorter ones do not.
const LONGEST: usize = 2_000;

pub(super) fn run(bytes: &[u8]) {
    let bytes = bytes.get(..LONGEST).unwrap_or(bytes);
    if let Err(broken) = check_bytes(bytes) {
        panic!("{broken}");
    }
}

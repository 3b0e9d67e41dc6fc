//! Secrets of activities.

use crate::wire::packed::{packed, record_payloads};
use crate::wire::{Field, Text};

packed! {
    /// What lets others join an activity; servers seldom send it to bots.
    ActivitySecrets {
        /// For watching.
        "spectate" spectate: Field<Text<'i>>,
        /// For joining this very round.
        "match" match_secret: Field<Text<'i>>,
        /// For joining the party.
        "join" join: Field<Text<'i>>,
    }
}

record_payloads!(ActivitySecrets);

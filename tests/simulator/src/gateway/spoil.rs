//! Dispatches with an odd place.
use super::Gateway;
use crate::faults::Trouble;
use crate::odd::{self, Said};
use serde_json::Value;

impl Gateway {
    /// The body as it is sent: with an odd place, if a fault says so. What it says is no longer in
    /// doubt, and what it hides is.
    pub(super) fn spoil(&mut self, session: u64, event: &str, body: String) -> String {
        let Some(found) = self.sessions.get_mut(&session) else {
            return body;
        };
        let meant = |trouble: &Trouble| match trouble {
            Trouble::OddValue { event: of, draw } if *of == event => Some((*draw, false)),
            Trouble::OddRow { event: of, draw } if *of == event => Some((*draw, true)),
            _ => None,
        };
        let shard = found.view.shard[0];
        let waits = self.faults.any(shard, |trouble| meant(trouble).is_some());
        if !waits && found.doubts.is_empty() {
            return body;
        }
        let data: Value = serde_json::from_str(&body).unwrap_or_default();
        let Some(said) = Said::new(event, shard, &data) else {
            return body;
        };
        found.doubts.settle(&said);
        let drawn = self.faults.strike(Some(shard), |trouble| {
            meant(trouble).and_then(|(draw, rows)| odd::draw(&said, &data, draw, rows))
        });
        let Some(odd) = drawn else {
            return body;
        };
        found.doubts.add(&said, &odd.place);
        let body = odd.body.clone();
        self.odd.insert(body.clone(), odd);
        body
    }
}

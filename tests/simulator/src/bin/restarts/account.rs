//! What became of the numbered events.
use std::collections::BTreeMap;
use std::fmt;

/// The account of one way to end a bot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    /// How often a bot was ended.
    pub(crate) restarts: u32,
    /// How many events the gateway sent.
    pub(crate) sent: u64,
    /// How often each came.
    came: BTreeMap<u64, u32>,
    /// How many may have come twice: what was taken above what was recorded when a bot ended.
    pub(crate) doubled_allowed: u64,
    /// How many came before one that had been sent earlier, in the life of one bot.
    pub(crate) out_of_order: u64,
    /// The last one that the present bot took.
    last: u64,
}

impl Account {
    /// A bot has begun.
    pub(crate) fn begin(&mut self) {
        self.last = 0;
    }

    /// A bot took an event.
    pub(crate) fn take(&mut self, sequence: u64) {
        *self.came.entry(sequence).or_insert(0) += 1;
        self.out_of_order += u64::from(sequence < self.last);
        self.last = sequence;
    }

    /// A bot has ended, and what it leaves behind says that everything up to here is dealt with.
    pub(crate) fn end(&mut self, recorded: u64) {
        self.restarts += 1;
        self.doubled_allowed += self.last.saturating_sub(recorded);
    }

    /// The highest number that came.
    pub(crate) fn reached(&self) -> u64 {
        self.came.last_key_value().map_or(0, |(last, _)| *last)
    }

    pub(crate) fn lost(&self) -> u64 {
        self.sent.saturating_sub(self.came.len() as u64)
    }

    pub(crate) fn doubled(&self) -> u64 {
        let again = self.came.values().map(|times| u64::from(times - 1));
        again.sum()
    }

    /// Whether nothing is lost or out of order, and no more has come twice than may.
    pub(crate) fn holds(&self) -> bool {
        self.lost() == 0 && self.out_of_order == 0 && self.doubled() <= self.doubled_allowed
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "restarts": self.restarts,
            "sent": self.sent,
            "lost": self.lost(),
            "doubled": self.doubled(),
            "doubled_allowed": self.doubled_allowed,
            "out_of_order": self.out_of_order,
            "holds": self.holds(),
        })
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} restarts, {} sent, {} lost, {} doubled of {} allowed, {} out of order",
            self.restarts,
            self.sent,
            self.lost(),
            self.doubled(),
            self.doubled_allowed,
            self.out_of_order
        )
    }
}

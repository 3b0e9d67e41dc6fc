//! The last column of the table: which metric shows a fault from outside.

use std::collections::BTreeSet;

use headcount_driver::core::counts::{LabelCounts, ShardCounts};
use headcount_driver::metrics::Metric;
use headcount_sim::Pair;

use super::{Row, emitted, rows};

impl Row {
    /// Whether each event that the row names was emitted, and its metric counts it.
    pub(super) fn is_seen(&self, pair: &Pair) {
        self.is_reported(&emitted(pair));
        self.is_counted(pair);
    }

    /// Whether the row's metric, where it has a label, counts it.
    pub(super) fn is_counted(&self, pair: &Pair) {
        for (metric, label) in self.counted_as.iter().filter_map(|text| labelled(text)) {
            let counts: Option<fn(&ShardCounts) -> &LabelCounts> = match metric {
                Metric::Losses => Some(|counts| &counts.losses),
                Metric::Closes => Some(|counts| &counts.closes),
                Metric::Gaps => Some(|counts| &counts.gaps),
                _ => None,
            };
            if let Some(counts) = counts {
                let seats = pair.seats.iter();
                let all: Vec<_> = seats.map(|seat| counts(seat.shard.counts())).collect();
                let counted = all.iter().any(|counts| counts.get(label) > 0);
                assert!(counted, "{}: {label} is not in {all:?}", self.name);
            }
        }
    }
}

/// The metric of a name.
fn named(name: &str) -> Metric {
    let mut all = Metric::ALL.iter().copied();
    let found = all.find(|metric| metric.name() == name);
    found.unwrap_or_else(|| panic!("there is no metric {name}"))
}

/// A metric with the value of its label; `None` if it is named without one.
fn labelled(text: &str) -> Option<(Metric, &str)> {
    let (name, rest) = text.split_once('{')?;
    let (label, value) = rest.strip_suffix("\"}")?.split_once("=\"")?;
    let metric = named(name);
    assert_eq!(metric.label(), Some(label), "{text}");
    Some((metric, value))
}

#[test]
fn every_row_names_a_metric_that_exists_or_nothing() {
    let mut seen = BTreeSet::new();
    for row in rows() {
        for text in &row.counted_as {
            match labelled(text) {
                Some((metric, _)) => seen.insert(metric),
                None => seen.insert(named(text)),
            };
        }
        let says_nothing = row.counted_as.is_empty();
        assert_eq!(row.metrics == "nothing", says_nothing, "{}", row.name);
    }
    assert!(seen.len() > 15, "{seen:?}");
}

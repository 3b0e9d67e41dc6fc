//! The dashboard asks for every metric, by labels that it has.

use headcount_driver::metrics::{Metric, MetricKind};
use serde_json::Value;

use crate::sources::read;

/// The expressions of every panel.
fn expressions(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(all) => all.iter().flat_map(expressions).collect(),
        Value::Object(all) => {
            let own = all.get("expr").and_then(Value::as_str);
            own.into_iter()
                .chain(all.values().flat_map(expressions))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// The metrics that an expression names, each with what stands before and behind it.
fn named(expression: &str) -> Vec<(Metric, &str, &str)> {
    let starts = expression.match_indices("headcount_");
    let name = |(at, _): (usize, &str)| {
        let rest = &expression[at..];
        let is_part = |c: char| c == '_' || c.is_ascii_lowercase();
        let end = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
        let name = rest[..end].trim_end_matches("_bucket");
        let found = Metric::ALL.iter().find(|metric| metric.name() == name);
        let metric = *found.unwrap_or_else(|| panic!("there is no metric {name}"));
        assert_eq!(metric.kind() == MetricKind::Histogram, name != &rest[..end]);
        (metric, &expression[..at], &rest[end..])
    };
    starts.map(name).collect()
}

#[test]
fn the_dashboard_shows_every_metric_and_none_that_does_not_exist() {
    let text = read("adapters/driver/dashboards/grafana.json");
    let dashboard: Value = serde_json::from_str(&text).expect("JSON");
    let expressions = expressions(&dashboard);
    let mut seen = Vec::new();
    for expression in expressions {
        for (metric, before, behind) in named(expression) {
            let is_rate = before.ends_with("rate(") || before.ends_with("increase(");
            assert_eq!(is_rate, metric.kind() != MetricKind::Gauge, "{expression}");
            let by = before.rsplit_once("by (").map(|(_, by)| by);
            let by = by.and_then(|by| by.split(')').next());
            let by = by.filter(|by| *by != "le");
            assert!(by.is_none() || by == metric.label(), "{expression}");
            let filter = behind.split('}').next().unwrap_or_default();
            let label = filter
                .rsplit_once(',')
                .and_then(|(_, it)| it.split('=').next());
            assert!(label.is_none() || label == metric.label(), "{expression}");
            seen.push(metric);
        }
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen, Metric::ALL);
}

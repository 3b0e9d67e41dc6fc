//! The bot's metrics in the text format of Prometheus
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>).

use std::fmt::{self, Write};
use std::time::Duration;

use headcount_driver::metrics::{LagHistogram, Metric, Metrics, Sample, SampleValue};

/// Every sample, each metric behind a head that says what it is.
pub(crate) fn text(metrics: &Metrics) -> String {
    let mut text = String::new();
    let mut last = None;
    metrics.each(|sample| {
        // Nothing that is written into a text fails.
        let _ = write(&mut text, &mut last, sample);
    });
    text
}

fn write(text: &mut String, last: &mut Option<Metric>, sample: Sample<'_>) -> fmt::Result {
    let metric = sample.metric;
    let name = metric.name();
    if last.replace(metric) != Some(metric) {
        writeln!(text, "# HELP {name} {}", metric.help())?;
        writeln!(text, "# TYPE {name} {}", metric.kind().as_str())?;
    }
    let value = match sample.value {
        SampleValue::Count(count) => count.to_string(),
        SampleValue::Time(time) => Seconds(time).to_string(),
        SampleValue::Histogram(lag) => return histogram(text, name, lag),
    };
    match metric.label().zip(sample.label) {
        Some((label, of)) => writeln!(text, "{name}{{{label}=\"{}\"}} {value}", Escaped(of)),
        None => writeln!(text, "{name} {value}"),
    }
}

/// Buckets hold all that is within their bound, here as there.
fn histogram(text: &mut String, name: &str, lag: &LagHistogram) -> fmt::Result {
    let mut within = 0_u64;
    for (bound, count) in lag.buckets() {
        within = within.saturating_add(count);
        match bound.map(Seconds) {
            Some(bound) => writeln!(text, "{name}_bucket{{le=\"{bound}\"}} {within}")?,
            None => writeln!(text, "{name}_bucket{{le=\"+Inf\"}} {within}")?,
        }
    }
    writeln!(text, "{name}_sum {}", Seconds(lag.sum()))?;
    writeln!(text, "{name}_count {within}")
}

struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_secs_f64().fmt(f)
    }
}

/// A label's value, with what would end it taken back.
struct Escaped<'t>(&'t str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '\\' => f.write_str("\\\\"),
            '"' => f.write_str("\\\""),
            '\n' => f.write_str("\\n"),
            c => f.write_char(c),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_cannot_end_its_line() {
        let escaped = Escaped("a\"b\\c\nd").to_string();
        assert_eq!(escaped, r#"a\"b\\c\nd"#);
    }

    #[test]
    fn buckets_hold_what_those_below_them_hold() {
        let mut text = String::new();
        histogram(&mut text, "lag", &LagHistogram::default()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "lag_bucket{le=\"0.0001\"} 0");
        assert!(lines.contains(&"lag_bucket{le=\"+Inf\"} 0"));
        assert_eq!(&lines[lines.len() - 2..], ["lag_sum 0", "lag_count 0"]);
    }
}

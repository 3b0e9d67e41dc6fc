//! Rows of the table: what was measured, and what must hold.

use serde_json::{Value, json};

use crate::library::Which;
use crate::measure::Figures;

/// What must hold, and what the design goes for.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// So many times less than twilight.
    TimesLess { must: f64, aim: f64 },
    /// At most so much, whatever twilight takes.
    AtMost { must: f64, aim: f64 },
    /// At most this part of what twilight takes.
    Part { must: f64, aim: f64 },
    /// At most so much; there is no further aim.
    Limit(f64),
    /// Nothing must hold.
    Shown,
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Nanoseconds,
    Bytes,
    Instructions,
    Allocations,
    /// A part of a whole.
    Share,
    /// How many times another measurement.
    Times,
}

/// One measurement of a row.
pub struct Part {
    pub title: String,
    pub unit: Unit,
    pub target: Target,
    pub figures: Figures,
}

/// One row of the table, with one measurement or several that must all hold.
pub struct Row {
    pub key: &'static str,
    pub parts: Vec<Part>,
    /// Why nothing was measured, if so.
    pub missing: Option<String>,
}

impl Target {
    const fn must(self) -> Option<f64> {
        match self {
            Self::TimesLess { must, .. }
            | Self::AtMost { must, .. }
            | Self::Part { must, .. }
            | Self::Limit(must) => Some(must),
            Self::Shown => None,
        }
    }

    const fn aim(self) -> Option<f64> {
        match self {
            Self::TimesLess { aim, .. } | Self::AtMost { aim, .. } | Self::Part { aim, .. } => {
                Some(aim)
            }
            Self::Limit(_) | Self::Shown => None,
        }
    }

    fn print(self, number: Option<f64>, unit: Unit) -> String {
        let Some(number) = number else {
            return "–".to_owned();
        };
        match self {
            Self::TimesLess { .. } => format!("{number}×"),
            Self::AtMost { .. } | Self::Limit(_) | Self::Shown => unit.print(number),
            Self::Part { .. } => format!("≤ {number}"),
        }
    }
}

impl Unit {
    /// The number with its unit.
    pub fn print(self, value: f64) -> String {
        match self {
            Self::Nanoseconds if value >= 1e6 => format!("{:.2} ms", value / 1e6),
            Self::Nanoseconds if value >= 1e3 => format!("{:.2} µs", value / 1e3),
            Self::Nanoseconds => format!("{value:.0} ns"),
            Self::Bytes => format!("{value:.0} B"),
            Self::Instructions => format!("{value:.0}"),
            Self::Allocations => format!("{value:.3}"),
            Self::Share => format!("{:.1} %", value * 100.0),
            Self::Times => format!("{value:.2}×"),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Nanoseconds => "ns",
            Self::Bytes => "B",
            Self::Instructions => "instructions",
            Self::Allocations => "allocations",
            Self::Share => "part",
            Self::Times => "times",
        }
    }
}

impl Part {
    fn value(&self, which: Which) -> Option<f64> {
        self.figures.get(&which).map(|figure| figure.value)
    }

    /// How many times less than twilight, or the part of it, as the target is told.
    fn ratio(&self) -> Option<f64> {
        let (ours, peer) = (self.value(Which::Ours)?, self.value(Which::Twilight)?);
        Some(match self.target {
            Target::TimesLess { .. } | Target::AtMost { .. } | Target::Limit(_) | Target::Shown => {
                peer / ours
            }
            Target::Part { .. } => ours / peer,
        })
    }

    /// How far from what must hold; below one it does not.
    fn margin(&self) -> Option<f64> {
        let must = self.target.must()?;
        Some(match self.target {
            Target::TimesLess { .. } => self.ratio()? / must,
            Target::AtMost { .. } | Target::Limit(_) => must / self.value(Which::Ours)?,
            Target::Part { .. } => must / self.ratio()?,
            Target::Shown => return None,
        })
    }

    fn holds(&self) -> Option<bool> {
        self.margin().map(|margin| margin >= 1.0)
    }

    fn json(&self) -> Value {
        let of = |which: Which| self.figures.get(&which);
        json!({
            "title": self.title,
            "unit": self.unit.name(),
            "ours": self.value(Which::Ours),
            "peer": self.value(Which::Twilight),
            "ratio": self.ratio(),
            "must": self.target.must(),
            "aim": self.target.aim(),
            "holds": self.holds(),
            "twilight_simd_json": self.value(Which::TwilightSimd),
            "serenity": self.value(Which::Serenity),
            "spread": [of(Which::Ours).and_then(|f| f.spread), of(Which::Twilight).and_then(|f| f.spread)],
            "wall": [of(Which::Ours).and_then(|f| f.wall), of(Which::Twilight).and_then(|f| f.wall)],
        })
    }

    fn markdown(&self) -> String {
        let cell = |which| match self.figures.get(&which) {
            Some(figure) => self.unit.print(figure.value),
            None => "–".to_owned(),
        };
        let spread = |which| self.figures.get(&which).and_then(|figure| figure.spread);
        let spread = match (spread(Which::Ours), spread(Which::Twilight)) {
            (Some(ours), Some(peer)) => {
                format!("{:.0} % / {:.0} %", ours * 100.0, peer * 100.0)
            }
            _ => "–".to_owned(),
        };
        let ratio = self
            .ratio()
            .map_or("–".to_owned(), |ratio| format!("**{ratio:.2}**"));
        let holds = match self.holds() {
            Some(true) => "yes",
            Some(false) => "**no**",
            None if self.target.must().is_none() => "–",
            None => "not measured",
        };
        let cells = [
            self.title.clone(),
            cell(Which::Ours),
            cell(Which::Twilight),
            cell(Which::TwilightSimd),
            cell(Which::Serenity),
            ratio,
            self.target.print(self.target.must(), self.unit),
            self.target.print(self.target.aim(), self.unit),
            holds.to_owned(),
            spread,
        ];
        format!("| {} |", cells.join(" | "))
    }
}

impl Row {
    /// The part that holds least stands for the row; all parts are told if there are several.
    pub fn json(&self) -> Value {
        let least = |part: &&Part| match (part.margin(), part.target.must()) {
            (Some(margin), _) => margin,
            (None, Some(_)) => 0.0,
            (None, None) => f64::INFINITY,
        };
        let worst = |one: &&Part, other: &&Part| least(one).total_cmp(&least(other));
        let Some(worst) = self.parts.iter().min_by(worst) else {
            return json!({
                "ours": null, "peer": null, "ratio": null, "must": null, "aim": null,
                "holds": null, "missing": self.missing,
            });
        };
        let mut row = worst.json();
        if self.parts.len() > 1 {
            row["parts"] = self.parts.iter().map(Part::json).collect();
        }
        row
    }

    /// One line for each part.
    pub fn markdown(&self) -> Vec<String> {
        match &self.missing {
            Some(why) => vec![format!(
                "| {}: {why} | – | – | – | – | – | – | – | not measured | – |",
                self.key
            )],
            None => self.parts.iter().map(Part::markdown).collect(),
        }
    }
}

/// The head of the table.
pub const HEAD: &str = "\
| measure | headcount | twilight | twilight, simd-json | serenity | ratio to twilight | must | aim | holds | spread (headcount / twilight) |
|---|---:|---:|---:|---:|---:|---:|---:|---|---:|";

//! Pictures for the documents, as SVG that follows the reader's light or dark theme.
mod layers;
mod terminal;

pub use layers::layers;
pub use terminal::{terminal, way};

use std::fmt::Write as _;

/// The font, the colors of both themes, and what carries which.
const STYLE: &str = "<style>
  text { font: 13px ui-monospace, Menlo, Consolas, monospace; fill: #24292f; }
  .faint { fill: #656d76; }
  .paper { fill: #ffffff; stroke: #d0d7de; }
  .box { fill: #ddf4ff; stroke: #54aeff; }
  .dot { fill: #0969da; }
  .line { stroke: #d0d7de; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .faint { fill: #8d96a0; }
    .paper { fill: #0d1117; stroke: #30363d; }
    .box { fill: #121d2f; stroke: #1f6feb; }
    .dot { fill: #58a6ff; }
    .line { stroke: #30363d; }
  }
</style>
";

/// A picture that is being drawn.
struct Svg(String);

impl Svg {
    /// A sheet of this size, with a title for those who hear it.
    fn new(width: usize, height: usize, title: &str) -> Self {
        let mut text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" role=\"img\">\n<title>{title}</title>\n{STYLE}"
        );
        let (width, height) = (width - 1, height - 1);
        let _ = writeln!(
            text,
            "<rect class=\"paper\" x=\"0.5\" y=\"0.5\" width=\"{width}\" height=\"{height}\" \
             rx=\"6\"/>"
        );
        Self(text)
    }

    fn text(&mut self, (x, y): (usize, usize), class: &str, text: &str) {
        let escaped = text
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        let _ = writeln!(
            self.0,
            "<text class=\"{class}\" x=\"{x}\" y=\"{y}\" xml:space=\"preserve\">{escaped}</text>"
        );
    }

    fn rect(&mut self, (x, y): (usize, usize), (width, height): (usize, usize)) {
        let _ = writeln!(
            self.0,
            "<rect class=\"box\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" \
             rx=\"4\"/>"
        );
    }

    fn dot(&mut self, (x, y): (usize, usize)) {
        let _ = writeln!(
            self.0,
            "<circle class=\"dot\" cx=\"{x}\" cy=\"{y}\" r=\"4\"/>"
        );
    }

    fn line(&mut self, (x1, y1): (usize, usize), (x2, y2): (usize, usize)) {
        let _ = writeln!(
            self.0,
            "<line class=\"line\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>"
        );
    }

    fn finish(mut self) -> String {
        self.0.push_str("</svg>\n");
        self.0
    }
}

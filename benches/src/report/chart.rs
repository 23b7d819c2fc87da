//! A horizontal bar chart in two columns of panels.

use svg::Document;
use svg::node::element::{Rectangle, Text};

use crate::contender::{Contender, HYPER, OURS};
use crate::measure::statistics::real;

const INK: &str = "#24292f";
const PALE_INK: &str = "#6b7580";
const OUR_COLOUR: &str = "#c4572b";
const HYPER_COLOUR: &str = "#5d6f80";
const OTHER_COLOUR: &str = "#b4c0ca";

const MARGIN: f64 = 24.0;
const HEAD: f64 = 72.0;
const PANEL: f64 = 440.0;
/// Between the two columns.
const GAP: f64 = 32.0;
const PANEL_HEAD: f64 = 28.0;
const PANEL_FOOT: f64 = 20.0;
const BAR: f64 = 15.0;
const ROW: f64 = 21.0;
/// Width of the names.
const NAMES: f64 = 100.0;
/// Width of the figure after the longest bar.
const FIGURES: f64 = 48.0;

pub(crate) struct Chart {
    pub(crate) title: String,
    pub(crate) note: String,
    pub(crate) panels: Vec<Panel>,
}

pub(crate) struct Panel {
    pub(crate) title: String,
    pub(crate) bars: Vec<Bar>,
}

pub(crate) struct Bar {
    pub(crate) contender: Contender,
    /// Lengths of its segments; each is paler than the one before.
    pub(crate) lengths: Vec<f64>,
}

impl Chart {
    pub(crate) fn draw(&self) -> Document {
        let rows = self.panels.iter().map(|panel| panel.bars.len()).max();
        let height = PANEL_HEAD + number(rows.unwrap_or_default()) * ROW + PANEL_FOOT;
        let lines = number(self.panels.len().div_ceil(2));
        let size = (
            2.0 * (MARGIN + PANEL) + GAP,
            HEAD + lines * height + MARGIN - PANEL_FOOT,
        );
        let document = Document::new()
            .set("viewBox", (0, 0, size.0, size.1))
            .set(
                "font-family",
                "system-ui, 'Segoe UI', Helvetica, Arial, sans-serif",
            )
            .set("role", "img")
            .set("aria-label", self.title.as_str())
            // White, also on a dark page.
            .add(rectangle(0.0, 0.0, size.0, size.1, "#ffffff"))
            .add(text(&self.title, MARGIN, 34.0, 18, INK).set("font-weight", 600))
            .add(text(&self.note, MARGIN, 55.0, 13, PALE_INK));
        let panels = self.panels.iter().enumerate();
        panels.fold(document, |document, (index, panel)| {
            let x = MARGIN + number(index % 2) * (PANEL + GAP);
            let y = HEAD + number(index / 2) * height;
            panel.draw(document, x, y)
        })
    }
}

impl Panel {
    fn draw(&self, document: Document, x: f64, y: f64) -> Document {
        let longest = self.bars.iter().map(Bar::length).fold(0.0, f64::max);
        let scale = (PANEL - NAMES - FIGURES) / longest;
        let title = text(&self.title, x + NAMES, y + 16.0, 14, INK).set("font-weight", 600);
        let bars = self.bars.iter().enumerate();
        bars.fold(document.add(title), |document, (index, bar)| {
            bar.draw(document, x, y + PANEL_HEAD + number(index) * ROW, scale)
        })
    }
}

impl Bar {
    fn length(&self) -> f64 {
        self.lengths.iter().sum()
    }

    fn draw(&self, document: Document, x: f64, y: f64, scale: f64) -> Document {
        let (colour, ink, weight) = match self.contender {
            OURS => (OUR_COLOUR, INK, 600),
            HYPER => (HYPER_COLOUR, INK, 400),
            _ => (OTHER_COLOUR, PALE_INK, 400),
        };
        let baseline = y + 12.0;
        let name = text(self.contender.name, x + NAMES - 8.0, baseline, 12, ink)
            .set("text-anchor", "end")
            .set("font-weight", weight);
        let mut document = document.add(name);
        let mut end = x + NAMES;
        let mut opacity = 1.0;
        for length in &self.lengths {
            let segment = rectangle(end, y, length * scale, BAR, colour);
            document = document.add(segment.set("fill-opacity", opacity));
            end += length * scale;
            opacity *= 0.5;
        }
        let figure = format!("{:.1}", self.length());
        let figure = text(&figure, end + 6.0, baseline, 12, ink).set("font-weight", weight);
        document.add(figure)
    }
}

fn rectangle(x: f64, y: f64, width: f64, height: f64, colour: &str) -> Rectangle {
    Rectangle::new()
        .set("x", tenths(x))
        .set("y", tenths(y))
        .set("width", tenths(width))
        .set("height", tenths(height))
        .set("fill", colour)
}

fn text(content: &str, x: f64, y: f64, size: u8, colour: &str) -> Text {
    Text::new(content)
        .set("x", tenths(x))
        .set("y", tenths(y))
        .set("font-size", size)
        .set("fill", colour)
}

/// Rounds to tenths of a pixel, to keep files short.
fn tenths(coordinate: f64) -> f64 {
    (coordinate * 10.0).round() / 10.0
}

fn number(count: usize) -> f64 {
    real(count as u64)
}

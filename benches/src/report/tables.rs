//! Renders the figures as Markdown tables, for the terminal and the page.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Result;
use crate::contender::{HYPER, OURS};
use crate::databases;
use crate::measure::client::{ENDPOINTS, ITEM_OF_MANY};
use crate::measure::connection::ConnectionCost;
use crate::measure::count::{Cost, Costs};
use crate::measure::example::Example;
use crate::measure::idle::Idle;
use crate::measure::latency::Latency;
use crate::measure::size::Size;
use crate::measure::time::{Time, Times};
use crate::report::results::Part;

/// A table: the name in its markers, and the function that renders it.
pub(crate) type NamedTable = (&'static str, fn() -> Result<String>);

/// In the order of the page.
pub(crate) const TABLES: [NamedTable; 11] = [
    ("instructions", instructions),
    ("allocations", allocations),
    ("connection", connection),
    ("time", time),
    ("throughput", throughput),
    ("latency", latency),
    ("idle", idle),
    ("size", size),
    ("example", example),
    ("postgres", databases::table::postgres),
    ("sqlite", databases::table::sqlite),
];

/// User instructions per request; the ratio to bare hyper's in parentheses.
pub(crate) fn instructions() -> Result<String> {
    counted(|cost, hyper| {
        let ratio = hyper.map(|hyper| cost.instructions / hyper.instructions);
        let ratio = ratio.map_or(String::new(), |ratio| format!(" ({ratio:.2})"));
        format!("{}{ratio}", thousands(cost.instructions))
    })
}

/// Calls to the allocator per request.
pub(crate) fn allocations() -> Result<String> {
    counted(|cost, _| format!("{:.0}", cost.allocations))
}

fn counted(cell: impl Fn(&Cost, Option<&Cost>) -> String) -> Result<String> {
    let endpoints = ENDPOINTS.iter().chain([&ITEM_OF_MANY]);
    let names: Vec<&str> = endpoints.map(|endpoint| endpoint.name).collect();
    table("count", &names, |costs: &Costs, hyper: Option<&Costs>| {
        let cell = |name: &&str| {
            let hyper = hyper.and_then(|hyper| hyper.get(*name));
            costs.get(*name).map(|cost| cell(cost, hyper))
        };
        names.iter().map(cell).collect()
    })
}

/// Instructions of a connection without its request.
pub(crate) fn connection() -> Result<String> {
    let columns = ["a connection", "with 300 more routes"];
    table("connection", &columns, |figures: &ConnectionCost, _| {
        let figures = [figures.alone, figures.among_300];
        figures.map(thousands).map(Some).to_vec()
    })
}

/// Processor time in microseconds, user and kernel; the ratio to bare hyper's in parentheses.
pub(crate) fn time() -> Result<String> {
    timed(|time| {
        let Time {
            user_microseconds: user,
            kernel_microseconds: kernel,
            to_hyper,
            spread,
            ..
        } = time;
        let spread = spread * 50.0;
        format!("{user:.1} + {kernel:.1} ({to_hyper:.2} ± {spread:.0} %)")
    })
}

/// Requests per second on one processor.
pub(crate) fn throughput() -> Result<String> {
    timed(|time| thousands(time.requests_per_second))
}

fn timed(cell: impl Fn(&Time) -> String) -> Result<String> {
    let names = ENDPOINTS.map(|endpoint| endpoint.name);
    table("time", &names, |times: &Times, _| {
        let cell = |name: &&str| times.get(*name).map(&cell);
        names.iter().map(cell).collect()
    })
}

/// Memory of the process and of an idle connection.
pub(crate) fn idle() -> Result<String> {
    let columns = ["bytes per idle connection", "KiB of the process"];
    table("idle", &columns, |figures: &Idle, _| {
        let figures = [figures.bytes_per_connection, figures.kilobytes];
        figures.map(thousands).map(Some).to_vec()
    })
}

/// Compile time and program size.
pub(crate) fn size() -> Result<String> {
    let columns = ["KiB, stripped", "crates", "CPU seconds", "seconds"];
    table("size", &columns, |figures: &Size, _| {
        vec![
            Some(thousands(figures.kilobytes)),
            Some(figures.crates.to_string()),
            Some(format!("{:.0}", figures.processor_seconds)),
            Some(format!("{:.0}", figures.wall_seconds)),
        ]
    })
}

/// Latency at a fixed rate.
pub(crate) fn latency() -> Result<String> {
    let columns = ["p50, µs", "p99, µs", "spread of p99"];
    table("latency", &columns, |figures: &Latency, _| {
        vec![
            Some(thousands(figures.p50_microseconds)),
            Some(thousands(figures.p99_microseconds)),
            Some(format!("{:.0} %", figures.spread * 100.0)),
        ]
    })
}

/// Compile time of our example.
pub(crate) fn example() -> Result<String> {
    let columns = [
        "cold, CPU seconds",
        "cold, seconds",
        "warm, CPU seconds",
        "warm, seconds",
    ];
    table("example", &columns, |figures: &Example, _| {
        let Example {
            cold_processor,
            cold_wall,
            warm_processor,
            warm_wall,
        } = figures;
        let figures = [cold_processor, cold_wall, warm_processor, warm_wall];
        figures.map(|figure| Some(format!("{figure:.1}"))).to_vec()
    })
}

/// A row for each measured contender; `cells` gets its figures and those of bare hyper.
fn table<F: Serialize + DeserializeOwned>(
    part: &str,
    columns: &[&str],
    cells: impl Fn(&F, Option<&F>) -> Vec<Option<String>>,
) -> Result<String> {
    let Some(part) = Part::<F>::read(part)? else {
        return Ok(format!("Not measured yet: `{part}`."));
    };
    let hyper = part.contenders.get(HYPER.name);
    let hyper = hyper.map(|entry| &entry.figures);
    let mut table = Table::new(columns);
    for (contender, entry) in part.rows() {
        let cells = cells(&entry.figures, hyper);
        table.row(contender.name, &entry.version, cells);
    }
    Ok(table.text())
}

/// A Markdown table: names left-aligned, figures right-aligned.
struct Table {
    lines: Vec<String>,
}

impl Table {
    fn new(columns: &[&str]) -> Self {
        let head = format!("| | {} |", columns.join(" | "));
        let rule = format!("|---|{}", "---:|".repeat(columns.len()));
        Self {
            lines: vec![head, rule],
        }
    }

    fn row(&mut self, name: &str, version: &str, cells: Vec<Option<String>>) {
        let cells = cells.into_iter().map(|cell| cell.unwrap_or("-".into()));
        let cells: Vec<String> = cells.collect();
        // Readers do not compare patch versions.
        let version: Vec<&str> = version.split('.').take(2).collect();
        let name = format!("{name} {}", version.join("."));
        let name = if name.starts_with(OURS.name) {
            format!("**{name}**")
        } else {
            name
        };
        self.lines
            .push(format!("| {name} | {} |", cells.join(" | ")));
    }

    fn text(&self) -> String {
        self.lines.join("\n")
    }
}

/// `12,345`
fn thousands(figure: f64) -> String {
    let digits = format!("{figure:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_figures_are_grouped() {
        assert_eq!(thousands(999.0), "999");
        assert_eq!(thousands(1_234_567.4), "1,234,567");
    }
}

//! The figures as tables of Markdown, the same for the terminal and for the page.

use crate::Result;
use crate::contender::{HYPER, OURS};
use crate::measure::count::{Cost, Costs, ITEM_OF_MANY};
use crate::measure::load::ENDPOINTS;
use crate::report::results::Part;

/// Where a part has not been measured yet.
const NOTHING: &str = "Not measured yet.";

/// User instructions per request, and in parentheses to bare hyper's.
pub(crate) fn instructions() -> Result<String> {
    counted(|cost, hyper| {
        let ratio = hyper.map(|hyper| cost.instructions / hyper.instructions);
        let ratio = ratio.map_or(String::new(), |ratio| format!(" ({ratio:.2})"));
        format!("{}{ratio}", thousands(cost.instructions))
    })
}

/// Calls to the allocator per request.
pub(crate) fn allocations() -> Result<String> {
    counted(|cost, _| format!("{:.1}", cost.allocations))
}

fn counted(cell: impl Fn(&Cost, Option<&Cost>) -> String) -> Result<String> {
    let Some(part) = Part::<Costs>::read("count")? else {
        return Ok(NOTHING.to_owned());
    };
    let names: Vec<&str> = ENDPOINTS
        .iter()
        .chain([&ITEM_OF_MANY])
        .map(|endpoint| endpoint.name)
        .collect();
    let mut table = Table::new(&names);
    let hyper = part.contenders.get(HYPER.name);
    for (contender, taken) in part.rows() {
        let cells = names.iter().map(|name| {
            let cost = taken.figures.get(*name)?;
            let hyper = hyper.and_then(|hyper| hyper.figures.get(*name));
            Some(cell(cost, hyper))
        });
        table.row(contender.name, &taken.version, cells);
    }
    Ok(table.text())
}

/// A name at the left, figures at the right.
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

    fn row(&mut self, name: &str, version: &str, cells: impl Iterator<Item = Option<String>>) {
        let cells: Vec<String> = cells.map(|cell| cell.unwrap_or("-".into())).collect();
        // What changes in the third place is not what a reader compares.
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

//! Writes the tables into `docs/performance.md`, between their markers.

use std::fs;

use crate::Result;
use crate::measure::build::workspace;
use crate::report::tables::TABLES;

const END: &str = "<!-- end -->";

/// # Errors
/// If the marker of a table is missing.
pub(crate) fn write() -> Result<()> {
    let path = workspace().join("docs/performance.md");
    let mut page = fs::read_to_string(&path)?;
    for (name, table) in TABLES {
        page = replace_table(&page, name, &table()?)
            .ok_or_else(|| format!("{} has no marker of the table {name}", path.display()))?;
    }
    Ok(fs::write(path, page)?)
}

fn replace_table(page: &str, name: &str, table: &str) -> Option<String> {
    let marker = format!("<!-- table: {name} -->");
    let (before, rest) = page.split_once(&marker)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{marker}\n{table}\n{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_replaces_the_old_one() {
        let page = "a\n<!-- table: x -->\nold\n<!-- end -->\nb";
        let expected = "a\n<!-- table: x -->\nnew\n<!-- end -->\nb";
        assert_eq!(replace_table(page, "x", "new").unwrap(), expected);
        assert_eq!(replace_table(page, "y", "new"), None);
    }
}

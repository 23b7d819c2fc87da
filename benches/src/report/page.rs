//! The tables in `docs/performance.md`, each between its markers, so that page and figures never
//! differ.

use std::fs;

use crate::Result;
use crate::measure::build::workspace;
use crate::report::tables::TABLES;

const END: &str = "<!-- end -->";

/// # Errors
/// Where a table has no place.
pub(crate) fn write() -> Result<()> {
    let path = workspace().join("docs/performance.md");
    let mut page = fs::read_to_string(&path)?;
    for (name, table) in TABLES {
        page = replaced(&page, name, &table()?)
            .ok_or_else(|| format!("{} has no place for the table {name}", path.display()))?;
    }
    Ok(fs::write(path, page)?)
}

fn replaced(page: &str, name: &str, table: &str) -> Option<String> {
    let marker = format!("<!-- table: {name} -->");
    let (before, rest) = page.split_once(&marker)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{marker}\n{table}\n{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_takes_the_place_of_the_one_before() {
        let page = "a\n<!-- table: x -->\nold\n<!-- end -->\nb";
        let expected = "a\n<!-- table: x -->\nnew\n<!-- end -->\nb";
        assert_eq!(replaced(page, "x", "new").unwrap(), expected);
        assert_eq!(replaced(page, "y", "new"), None);
    }
}

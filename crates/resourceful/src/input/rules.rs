//! garde's findings as faults.

use garde::Report;
use serde::Deserialize;
use serde_json::Value;

use super::fault::{Fault, MAX_FAULTS, Path, Step};
use super::shape::Shape;

/// What the rules found, in the client's names.
pub(super) fn broken_rules(report: &Report, shape: &Shape) -> Vec<Fault> {
    let fault = |(path, error): &(garde::Path, garde::Error)| {
        Fault::new(rule_path(path, shape), error.message())
    };
    report.iter().take(MAX_FAULTS).map(fault).collect()
}

/// garde's path in the names that the client uses.
///
/// garde knows a field by its Rust name, the client by the name that serde was given; the
/// schema has the latter, spelled in another case at most (`#[serde(rename_all)]`). A field
/// with a `#[serde(rename)]` of its own says so to garde too: `#[garde(rename = "..")]`.
fn rule_path(path: &garde::Path, shape: &Shape) -> Path {
    // Its serialised form, `[["key", "title"], ["index", "0"]]`, is what garde promises.
    let steps: Vec<(String, String)> = serde_json::to_value(path)
        .and_then(Vec::deserialize)
        .unwrap_or_default();
    let mut known = Path::new();
    for (kind, text) in steps {
        match kind.as_str() {
            "index" => known.push(Step::Element(text.parse().unwrap_or_default())),
            "key" => {
                let names = shape.at(&known).and_then(|schema| schema.get("properties"));
                let names = names.and_then(Value::as_object);
                let renamed = names.filter(|names| !names.contains_key(&text));
                let renamed = renamed
                    .and_then(|names| names.keys().find(|name| folded(name) == folded(&text)));
                known.push(Step::Member(renamed.cloned().unwrap_or(text)));
            }
            _ => {}
        }
    }
    known
}

/// `postCode`, `post-code` and `PostCode` are all `post_code`.
fn folded(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

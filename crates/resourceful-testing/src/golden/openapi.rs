//! [`assert_openapi`]: compares an application's document with a golden file.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use resourceful::App;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::file::{GoldenFile, HOW_TO_ACCEPT};
use crate::compat::{ApiChange, Impact, changes};

/// Asserts that the OpenAPI document of an application is the one in a file.
///
/// Keep the file under version control, so that a review shows each change of the API. `path` is
/// relative to the directory of the crate's `Cargo.toml`; `UPDATE=1 cargo test` writes the file.
///
/// # Panics
/// If the application cannot be built, the file is missing, or the API differs. The message lists all
/// changes, sorted:
///
/// * *breaking*: a correct client may fail now. The server accepts less (a member that is now
///   required, a removed parameter, a lower maximum), or returns more or something else (a removed or
///   now optional member, a new value of an enum, another status). Changes of an unknown impact are
///   breaking, too.
/// * *additive*: existing clients work as before (a new operation, an optional parameter, a new
///   member of a response, a new error).
/// * *documentation*: texts, titles, examples, tags.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful_testing::assert_openapi;
///
/// # fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("openapi.json");
/// let app = App::new();
/// # std::fs::write(&path, app.openapi()?.as_value().to_string())?;
/// assert_openapi(&path, &app); // in your test: "openapi.json"
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn assert_openapi(path: impl AsRef<Path>, app: &App) {
    let document = app.openapi().unwrap_or_else(|errors| panic!("{errors}"));
    GoldenFile::new(path.as_ref()).assert(&pretty(document.as_value()), compare);
}

fn compare(file: &GoldenFile, golden: &str, document: &str) -> Result<(), String> {
    let golden: Value = serde_json::from_str(golden).map_err(|error| {
        format!("{file} is not JSON ({error}): write it again by `UPDATE=1 cargo test`")
    })?;
    // From text, like the file: a float may change its last digit.
    let document = serde_json::from_str(document).expect("`pretty` writes JSON");
    if golden == document {
        return Ok(());
    }
    Err(report(file, &changes(&golden, &document)))
}

fn report(file: &GoldenFile, changes: &[ApiChange]) -> String {
    let mut text = format!("the API differs from {file}\n");
    if changes.is_empty() {
        text.push_str("\nthe documents are equivalent but not equal (a schema's name, an order)\n");
    }
    for (impact, title) in [
        (Impact::Breaking, "breaking"),
        (Impact::Additive, "additive"),
        (Impact::Documentation, "documentation"),
    ] {
        let lines: Vec<_> = changes
            .iter()
            .filter(|change| change.impact == impact)
            .collect();
        if lines.is_empty() {
            continue;
        }
        let _ = write!(text, "\n{title} ({}):\n", lines.len());
        for line in lines {
            let _ = writeln!(text, "  {line}");
        }
    }
    text.push_str(HOW_TO_ACCEPT);
    text
}

/// Serializes the document with sorted keys: the order of `serde_json` depends on its features.
fn pretty(document: &Value) -> String {
    let mut text =
        serde_json::to_string_pretty(&Sorted(document)).expect("a JSON value serializes");
    text.push('\n');
    text
}

struct Sorted<'a>(&'a Value);

impl Serialize for Sorted<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(members) => {
                let sorted: BTreeMap<_, _> = members.iter().collect();
                serializer.collect_map(sorted.into_iter().map(|(key, value)| (key, Sorted(value))))
            }
            Value::Array(items) => serializer.collect_seq(items.iter().map(Sorted)),
            other => other.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;

    fn blog(maximum: u64) -> Value {
        json!({"openapi": "3.1.0", "paths": {"/posts/": {"get": {
            "operationId": "posts.list",
            "summary": if maximum == 100 { "Posts." } else { "All posts." },
            "parameters": [{"name": "limit", "in": "query", "schema": {"maximum": maximum}}],
        }}}})
    }

    fn write(path: &Path, document: &Value) {
        GoldenFile::new(path).write(&pretty(document)).unwrap();
    }

    fn assert_document(path: &Path, document: &Value) -> Result<(), String> {
        let file = GoldenFile::new(path);
        compare(&file, &file.read()?, &pretty(document))
    }

    #[test]
    fn a_written_document_is_equal() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("openapi.json");
        write(&path, &blog(100));
        assert_document(&path, &blog(100)).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.ends_with("}\n"));
        assert!(text.find("openapi") < text.find("paths"));
        // Line endings do not matter.
        fs::write(&path, text.replace('\n', "\r\n")).unwrap();
        assert_document(&path, &blog(100)).unwrap();
    }

    #[test]
    fn a_change_is_reported_with_the_command_to_accept_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("openapi.json");
        write(&path, &blog(100));
        let report = assert_document(&path, &blog(50)).unwrap_err();
        let (first, rest) = report.split_once('\n').unwrap();
        assert!(first.starts_with("the API differs from ") && first.contains("openapi.json"));
        assert_eq!(
            rest,
            "\nbreaking (1):\n  \
             GET /posts/ (posts.list): parameter `limit`: maximum was 100, is 50\n\
             \ndocumentation (1):\n  \
             GET /posts/ (posts.list): summary was \"Posts.\", is \"All posts.\"\n\
             \nto accept the changes, run `UPDATE=1 cargo test` and commit the file"
        );
        write(&path, &blog(50));
        assert_document(&path, &blog(50)).unwrap();
    }

    #[test]
    fn an_equivalent_document_is_reported_too() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("openapi.json");
        write(&path, &json!({"servers": [{"url": "/"}, {"url": "/v1"}]}));
        let reordered = json!({"servers": [{"url": "/v1"}, {"url": "/"}]});
        let report = assert_document(&path, &reordered).unwrap_err();
        assert!(report.contains("equivalent but not equal"), "{report}");
    }

    #[test]
    fn a_broken_file_is_reported() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("openapi.json");
        fs::write(&path, "<<<<<<< HEAD\n").unwrap();
        let report = assert_document(&path, &blog(100)).unwrap_err();
        assert!(report.contains("is not JSON"), "{report}");
    }

    /// The directory is missing, so that it fails under `UPDATE=1`, too.
    #[test]
    #[should_panic(expected = "openapi.json")]
    fn the_assertion_panics() {
        let directory = tempfile::tempdir().unwrap();
        assert_openapi(directory.path().join("golden/openapi.json"), &App::new());
    }
}

//! [`assert_openapi`]: the API that was agreed upon is a file, and this is still it.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::compat::{Change, Kind, changes};
use resourceful::App;

/// Asserts that the OpenAPI document of an application is the one in a file.
///
/// The file is kept with the code, so that a change of the API is seen in review. `path` is
/// relative to the directory of the crate's `Cargo.toml`; `UPDATE=1 cargo test` writes the file.
///
/// # Panics
/// When the application cannot be built, the file is not there, or the API is another. Then every change is told, sorted:
///
/// * *breaking*: a client that was right may now be wrong. The server takes less (a member that is
///   now required, a parameter that is gone, a lower maximum) or answers more or something else (a
///   member that is gone or may be missing, a new value of an enum, another status). What cannot be
///   judged is here, too.
/// * *additive*: clients go on as they are (a new operation, an optional parameter, a new member of
///   an answer, an error that can be answered now).
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
/// assert_openapi(&path, &app); // in a test of yours: "openapi.json"
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn assert_openapi(path: impl AsRef<Path>, app: &App) {
    let path = in_crate(path.as_ref());
    let document = app.openapi().unwrap_or_else(|errors| panic!("{errors}"));
    let document = document.as_value();
    let outcome = if wants_update(env::var_os("UPDATE").as_deref()) {
        write(&path, document)
    } else {
        assert_document(&path, document)
    };
    if let Err(report) = outcome {
        panic!("{report}");
    }
}

/// Cargo runs tests in their crate's directory, but a test may have left it.
fn in_crate(path: &Path) -> PathBuf {
    match env::var_os("CARGO_MANIFEST_DIR") {
        Some(directory) => Path::new(&directory).join(path),
        None => path.to_owned(),
    }
}

fn wants_update(variable: Option<&std::ffi::OsStr>) -> bool {
    variable.is_some_and(|value| !value.is_empty() && value != "0")
}

fn write(path: &Path, document: &Value) -> Result<(), String> {
    let text = pretty(document);
    fs::write(path, text).map_err(|error| format!("{} cannot be written: {error}", path.display()))
}

fn assert_document(path: &Path, document: &Value) -> Result<(), String> {
    let name = path.display();
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(format!(
                "{name} is not there yet: `UPDATE=1 cargo test` writes it, and it belongs into \
                 version control"
            ));
        }
        Err(error) => return Err(format!("{name} cannot be read: {error}")),
    };
    let agreed: Value = serde_json::from_str(&text).map_err(|error| {
        format!("{name} is not JSON ({error}); `UPDATE=1 cargo test` writes it anew")
    })?;
    // Once through text, as the file was: a float may come back as its neighbour.
    let document = serde_json::from_str(&pretty(document)).expect("it was written as JSON");
    if agreed == document {
        return Ok(());
    }
    Err(report(path, &changes(&agreed, &document)))
}

fn report(path: &Path, changes: &[Change]) -> String {
    let mut text = format!("the API is not the one in {} any more\n", path.display());
    if changes.is_empty() {
        text.push_str(
            "\nit means the same and is written differently (a schema's name, an order)\n",
        );
    }
    for (kind, title) in [
        (Kind::Breaking, "breaking"),
        (Kind::Additive, "additive"),
        (Kind::Documentation, "documentation"),
    ] {
        let lines: Vec<_> = changes
            .iter()
            .filter(|change| change.kind == kind)
            .collect();
        if lines.is_empty() {
            continue;
        }
        let _ = write!(text, "\n{title} ({}):\n", lines.len());
        for line in lines {
            let _ = writeln!(text, "  {line}");
        }
    }
    text.push_str(
        "\nif that is what you want, accept it: `UPDATE=1 cargo test`, and commit the file",
    );
    text
}

/// The document with its keys sorted, whatever order `serde_json` keeps in this build.
fn pretty(document: &Value) -> String {
    let mut text = serde_json::to_string_pretty(&Sorted(document))
        .expect("a value has text keys and no floats that JSON lacks");
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
    use serde_json::json;
    use std::ffi::OsStr;

    use super::*;

    fn blog(maximum: u64) -> Value {
        json!({"openapi": "3.1.0", "paths": {"/posts/": {"get": {
            "operationId": "posts.list",
            "summary": if maximum == 100 { "Posts." } else { "All posts." },
            "parameters": [{"name": "limit", "in": "query", "schema": {"maximum": maximum}}],
        }}}})
    }

    #[test]
    fn what_was_written_is_the_same() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("openapi.json");
        write(&path, &blog(100)).unwrap();
        assert_document(&path, &blog(100)).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.ends_with("}\n"));
        assert!(text.find("openapi") < text.find("paths"));
        // Another order and other line ends are no other document.
        fs::write(&path, text.replace('\n', "\r\n")).unwrap();
        assert_document(&path, &blog(100)).unwrap();
    }

    #[test]
    fn a_change_is_told_and_how_to_accept_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("openapi.json");
        write(&path, &blog(100)).unwrap();
        let report = assert_document(&path, &blog(50)).unwrap_err();
        let (first, rest) = report.split_once('\n').unwrap();
        assert!(first.starts_with("the API is not the one in ") && first.contains("openapi.json"));
        assert_eq!(
            rest,
            "\nbreaking (1):\n  \
             GET /posts/ (posts.list): parameter `limit`: maximum was 100, is 50\n\
             \ndocumentation (1):\n  \
             GET /posts/ (posts.list): summary was \"Posts.\", is \"All posts.\"\n\
             \nif that is what you want, accept it: `UPDATE=1 cargo test`, and commit the file"
        );
        write(&path, &blog(50)).unwrap();
        assert_document(&path, &blog(50)).unwrap();
    }

    #[test]
    fn the_same_in_other_words_is_told_too() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("openapi.json");
        write(&path, &json!({"servers": [{"url": "/"}, {"url": "/v1"}]})).unwrap();
        let turned = json!({"servers": [{"url": "/v1"}, {"url": "/"}]});
        let report = assert_document(&path, &turned).unwrap_err();
        assert!(report.contains("it means the same"), "{report}");
    }

    #[test]
    fn a_file_that_is_missing_is_not_made_and_one_that_is_broken_is_said_to_be() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("openapi.json");
        let report = assert_document(&path, &blog(100)).unwrap_err();
        assert!(report.contains("is not there yet"), "{report}");
        assert!(report.contains("UPDATE=1 cargo test"), "{report}");
        assert!(!path.exists());
        fs::write(&path, "<<<<<<< HEAD\n").unwrap();
        let report = assert_document(&path, &blog(100)).unwrap_err();
        assert!(report.contains("is not JSON"), "{report}");
        let nowhere = directory.path().join("golden").join("openapi.json");
        assert!(
            write(&nowhere, &blog(100))
                .unwrap_err()
                .contains("cannot be written")
        );
    }

    #[test]
    fn update_is_meant_when_it_is_said() {
        for (value, meant) in [
            (None, false),
            (Some(""), false),
            (Some("0"), false),
            (Some("1"), true),
            (Some("yes"), true),
        ] {
            assert_eq!(wants_update(value.map(OsStr::new)), meant, "{value:?}");
        }
    }

    #[test]
    fn a_path_is_the_crates() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert_eq!(
            in_crate(Path::new("openapi.json")),
            directory.join("openapi.json")
        );
    }

    /// In a directory that is not there, so that it fails under `UPDATE=1`, too.
    #[test]
    #[should_panic(expected = "openapi.json")]
    fn the_assertion_panics() {
        let directory = tempfile::tempdir().unwrap();
        assert_openapi(directory.path().join("golden/openapi.json"), &App::new());
    }
}

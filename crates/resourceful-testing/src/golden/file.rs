//! [`GoldenFile`]: reads the expected text, or writes it under `UPDATE=1`.

use std::env;
use std::ffi::OsStr;
use std::fmt::{self, Display};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The last paragraph of each report of a difference.
pub(super) const HOW_TO_ACCEPT: &str =
    "\nto accept the changes, run `UPDATE=1 cargo test` and commit the file";

pub(super) struct GoldenFile(PathBuf);

impl GoldenFile {
    /// Resolves the path in the crate's directory: a test may have changed the current directory.
    pub(super) fn new(path: &Path) -> Self {
        match env::var_os("CARGO_MANIFEST_DIR") {
            Some(directory) => Self(Path::new(&directory).join(path)),
            None => Self(path.to_owned()),
        }
    }

    /// Compares the file with `text`, or writes it if the user asks for that.
    ///
    /// # Panics
    /// If the file is missing, cannot be read or written, or `compare` returns a report.
    #[track_caller]
    pub(super) fn assert(
        &self,
        text: &str,
        compare: impl FnOnce(&Self, &str, &str) -> Result<(), String>,
    ) {
        let result = if wants_update(env::var_os("UPDATE").as_deref()) {
            self.write(text)
        } else {
            self.read().and_then(|golden| compare(self, &golden, text))
        };
        if let Err(report) = result {
            panic!("{report}");
        }
    }

    /// # Errors
    /// A report if the file is missing or cannot be read.
    pub(super) fn read(&self) -> Result<String, String> {
        fs::read_to_string(&self.0).map_err(|error| match error.kind() {
            ErrorKind::NotFound => format!(
                "{self} does not exist: write it by `UPDATE=1 cargo test`, and put it under version \
                 control"
            ),
            _ => format!("{self} cannot be read: {error}"),
        })
    }

    /// # Errors
    /// A report if the file cannot be written.
    pub(super) fn write(&self, text: &str) -> Result<(), String> {
        fs::write(&self.0, text).map_err(|error| format!("{self} cannot be written: {error}"))
    }
}

impl Display for GoldenFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

fn wants_update(variable: Option<&OsStr>) -> bool {
    variable.is_some_and(|value| !value.is_empty() && value != "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_is_not_written() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("golden.txt");
        let report = GoldenFile::new(&path).read().unwrap_err();
        assert!(report.contains("does not exist"), "{report}");
        assert!(report.contains("UPDATE=1 cargo test"), "{report}");
        assert!(!path.exists());
        let missing = GoldenFile::new(&directory.path().join("golden").join("golden.txt"));
        let report = missing.write("text").unwrap_err();
        assert!(report.contains("cannot be written"), "{report}");
    }

    #[test]
    fn update_is_enabled_by_any_other_value() {
        for (value, expected) in [
            (None, false),
            (Some(""), false),
            (Some("0"), false),
            (Some("1"), true),
            (Some("yes"), true),
        ] {
            assert_eq!(wants_update(value.map(OsStr::new)), expected, "{value:?}");
        }
    }

    #[test]
    fn a_path_is_relative_to_the_crate() {
        let directory = env::var_os("CARGO_MANIFEST_DIR").unwrap();
        let file = GoldenFile::new(Path::new("golden.txt"));
        assert_eq!(file.0, Path::new(&directory).join("golden.txt"));
    }
}

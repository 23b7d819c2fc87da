//! [`assert_access_rules`]: compares who may call each route with a golden file.

use std::fmt::{Display, Write as _};
use std::path::Path;

use resourceful::App;

use super::file::{GoldenFile, HOW_TO_ACCEPT};

/// Asserts that the access rules of an application are those in a file.
///
/// The file has one line for each route: its method and path, its access rule and its subject, such as
/// `DELETE /notes/{id}: SignedIn<ApiKeys>, OwnNote` ([`App::access_rules`]). Keep it under version
/// control beside the document of [`assert_openapi`](crate::assert_openapi): a review then shows each
/// change of who may do what, also one that the document does not have, such as another subject.
/// `path` is relative to the directory of the crate's `Cargo.toml`; `UPDATE=1 cargo test` writes the
/// file.
///
/// # Panics
/// If the file is missing or the rules differ. The message lists the removed, added and changed routes.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful_testing::assert_access_rules;
///
/// # fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("access.txt");
/// #[endpoint]
/// async fn hello() -> Result<&'static str> { Ok("hello") }
///
/// let app = App::new().get("/hello", public(hello));
/// # std::fs::write(&path, "GET /hello: Public\n")?;
/// assert_access_rules(&path, &app); // in your test: "access.txt"
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn assert_access_rules(path: impl AsRef<Path>, app: &App) {
    GoldenFile::new(path.as_ref()).assert(&app.access_rules().to_string(), compare);
}

fn compare(file: &GoldenFile, golden: &str, rules: &str) -> Result<(), String> {
    let (golden, rules): (Vec<_>, Vec<_>) = (golden.lines().collect(), rules.lines().collect());
    if golden == rules {
        return Ok(());
    }
    Err(report(file, &golden, &rules))
}

fn report(file: &GoldenFile, golden: &[&str], rules: &[&str]) -> String {
    let mut removed: Vec<_> = golden.iter().filter(|line| !rules.contains(line)).collect();
    let mut added: Vec<_> = rules.iter().filter(|line| !golden.contains(line)).collect();
    let mut changed = Vec::new();
    removed.retain(|before| {
        let Some((route, was)) = before.split_once(": ") else {
            return true;
        };
        let is_same = |line: &&&str| {
            line.split_once(": ")
                .is_some_and(|(other, _)| other == route)
        };
        let Some(position) = added.iter().position(is_same) else {
            return true;
        };
        let is = &added.remove(position)[route.len() + 2..];
        changed.push(format!("{route}: was `{was}`, is `{is}`"));
        false
    });
    let mut text = format!("the access rules differ from {file}\n");
    if removed.is_empty() && added.is_empty() && changed.is_empty() {
        text.push_str("\nthe lines are the same, but not their order\n");
    }
    write_lines(&mut text, "removed", &removed);
    write_lines(&mut text, "added", &added);
    write_lines(&mut text, "changed", &changed);
    text.push_str(HOW_TO_ACCEPT);
    text
}

fn write_lines(text: &mut String, title: &str, lines: &[impl Display]) {
    if lines.is_empty() {
        return;
    }
    let _ = write!(text, "\n{title} ({}):\n", lines.len());
    for line in lines {
        let _ = writeln!(text, "  {line}");
    }
}

#[cfg(test)]
mod tests {
    use resourceful::prelude::*;

    use super::*;

    #[endpoint]
    async fn hello() -> Result<&'static str> {
        Ok("hello")
    }

    fn compare_to(golden: &str, rules: &str) -> Result<(), String> {
        compare(
            &GoldenFile::new(Path::new("/tmp/access.txt")),
            golden,
            rules,
        )
    }

    #[test]
    fn each_removed_added_and_changed_route_is_reported() {
        let golden = "GET /a: Public\n\
                      DELETE /b/{id}: SignedIn<Keys>, OwnNote\n\
                      GET /b/{id}: SignedIn<Keys>, Note\n\
                      GET /c: Public\n";
        let rules = "GET /a: Public\n\
                     DELETE /b/{id}: SignedIn<Keys>, Note\n\
                     GET /b/{id}: Public, i64\n\
                     GET /d: Public\n";
        assert_eq!(
            compare_to(golden, rules).unwrap_err(),
            "the access rules differ from /tmp/access.txt\n\
             \nremoved (1):\n  GET /c: Public\n\
             \nadded (1):\n  GET /d: Public\n\
             \nchanged (2):\n  \
             DELETE /b/{id}: was `SignedIn<Keys>, OwnNote`, is `SignedIn<Keys>, Note`\n  \
             GET /b/{id}: was `SignedIn<Keys>, Note`, is `Public, i64`\n\
             \nto accept the changes, run `UPDATE=1 cargo test` and commit the file"
        );
    }

    #[test]
    fn line_endings_do_not_matter() {
        compare_to("GET /a: Public\r\n", "GET /a: Public\n").unwrap();
    }

    #[test]
    fn another_order_is_reported() {
        let report = compare_to("GET /b: X\nGET /a: X\n", "GET /a: X\nGET /b: X\n").unwrap_err();
        assert!(report.contains("not their order"), "{report}");
    }

    #[test]
    fn the_rules_are_those_of_the_application() {
        let app = App::new().get("/hello", public(hello));
        let rules = app.access_rules().to_string();
        compare_to("GET /hello: Public\n", &rules).unwrap();
        let report = compare_to("GET /hello: SignedIn<Keys>\n", &rules).unwrap_err();
        assert!(
            report.contains("was `SignedIn<Keys>`, is `Public`"),
            "{report}"
        );
    }

    /// The directory is missing, so that it fails under `UPDATE=1`, too.
    #[test]
    #[should_panic(expected = "access.txt")]
    fn the_assertion_panics() {
        let directory = tempfile::tempdir().unwrap();
        assert_access_rules(directory.path().join("golden/access.txt"), &App::new());
    }
}

//! Clients in other languages, generated from `openapi.json`: the programs that the guide shows are
//! compiled, and talk to the blog.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use resourceful_test_parts::set_by_test_script;
use tempfile::TempDir;

const PACKAGE: &str = env!("CARGO_MANIFEST_DIR");

// As in the guide.
const TO_TYPESCRIPT: &str =
    "openapi-typescript openapi.json --default-non-nullable=false --output blog.d.ts";
const TO_PYTHON: &str =
    "openapi-python-client generate --path openapi.json --meta none --output-path blog_client";

#[test]
fn a_typescript_client_is_generated_and_works() {
    let project = Project::new("typescript", "node_modules/.bin");
    fs::copy(
        format!("{PACKAGE}/tests/clients/package.json"),
        project.path("package.json"),
    )
    .unwrap();
    symlink(tools().join("node_modules"), project.path("node_modules")).unwrap();
    project.run_well(TO_TYPESCRIPT);
    let (_, errors) = project.run("tsc --project .");
    only_the_misspelt_field(&errors, "wrong_field.ts(");

    let blog = crate::process::start(project.directory.path());
    let said = project.run_well(&format!("node posts.js http://{}", blog.address));
    as_expected(&said);
}

#[test]
fn a_python_client_is_generated_and_works() {
    let project = Project::new("python", "python/bin");
    project.run_well(&format!("{TO_PYTHON} --fail-on-warning"));
    // What is wrong with `client.py`, which is the same for every document, is not ours to mend.
    let (_, errors) = project.run(
        "mypy --strict --follow-imports=silent --no-error-summary --hide-error-context \
         -p blog_client.api -p blog_client.models -m posts -m wrong_field",
    );
    only_the_misspelt_field(&errors, "wrong_field.py:");

    let blog = crate::process::start(project.directory.path());
    let said = project.run_well(&format!("python posts.py http://{}", blog.address));
    as_expected(&said);
}

#[test]
fn the_guide_shows_these_programs() {
    let guide = fs::read_to_string(format!("{PACKAGE}/../../docs/guide/clients.md")).unwrap();
    for part in [
        TO_TYPESCRIPT,
        include_str!("../clients/typescript/posts.ts"),
        TO_PYTHON,
        include_str!("../clients/python/posts.py"),
    ] {
        assert!(guide.contains(part), "{part}");
    }
}

/// One program has a field that the blog has not, and nothing else is wrong.
fn only_the_misspelt_field(errors: &str, place: &str) {
    let [error] = errors.lines().collect::<Vec<_>>()[..] else {
        panic!("{errors}");
    };
    assert!(
        error.starts_with(place) && error.contains("titel"),
        "{error}"
    );
}

/// A post without a title was refused, another one made, published and listed.
fn as_expected(said: &str) {
    assert!(
        said.starts_with("#/title must not be blank\nHello hello\n"),
        "{said}"
    );
}

/// A directory with the programs of one language, and the blog's document.
struct Project {
    directory: TempDir,
    /// Where programs are looked for.
    search: OsString,
}

impl Project {
    fn new(language: &str, programs: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut search = tools().join(programs).into_os_string();
        search.push(":");
        search.push(std::env::var_os("PATH").unwrap_or_default());
        let project = Self { directory, search };
        let kept = format!("{PACKAGE}/tests/clients/{language}");
        for file in fs::read_dir(kept).unwrap().map(Result::unwrap) {
            fs::copy(file.path(), project.path(file.file_name())).unwrap();
        }
        fs::copy(
            format!("{PACKAGE}/openapi.json"),
            project.path("openapi.json"),
        )
        .unwrap();
        project
    }

    fn path(&self, file: impl AsRef<Path>) -> PathBuf {
        self.directory.path().join(file)
    }

    /// Whether it ended well, and what it printed.
    fn run(&self, line: &str) -> (bool, String) {
        // `env` looks for the program.
        let output = Command::new("env")
            .args(line.split_whitespace())
            .env("PATH", &self.search)
            .env("NO_PROXY", "127.0.0.1")
            .current_dir(self.directory.path())
            .output()
            .unwrap();
        let printed = [output.stdout, output.stderr].concat();
        let printed = String::from_utf8_lossy(&printed).into_owned();
        (output.status.success(), printed)
    }

    fn run_well(&self, line: &str) -> String {
        let (ended_well, printed) = self.run(line);
        assert!(ended_well, "{line}: {printed}");
        printed
    }
}

/// The generators, the compilers and what the programs import.
fn tools() -> PathBuf {
    set_by_test_script("TEST_CLIENT_TOOLS").into()
}

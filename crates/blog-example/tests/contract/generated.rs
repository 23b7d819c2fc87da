//! Clients in other languages, generated from `openapi.json`. The programs in the guide are compiled and
//! run against the blog.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use resourceful_test_parts::set_by_test_script;
use tempfile::TempDir;

// As in the guide.
const TO_TYPESCRIPT: &str =
    "openapi-typescript openapi.json --default-non-nullable=false --output blog.d.ts";
const TO_PYTHON: &str =
    "openapi-python-client generate --path openapi.json --meta none --output-path blog_client";

#[test]
fn a_typescript_client_is_generated_and_works() {
    let project = Project::new("typescript", "node_modules/.bin");
    fs::copy("tests/clients/package.json", project.path("package.json")).unwrap();
    symlink(tools().join("node_modules"), project.path("node_modules")).unwrap();
    project.run_well(TO_TYPESCRIPT);
    let (_, errors) = project.run("tsc --project .");
    assert_only_the_misspelt_field(&errors, "wrong_field.ts(");

    let blog = crate::process::start(project.directory.path());
    let output = project.run_well(&format!("node posts.js http://{}", blog.address));
    assert_output(&output);
}

#[test]
fn a_python_client_is_generated_and_works() {
    let project = Project::new("python", "python/bin");
    project.run_well(&format!("{TO_PYTHON} --fail-on-warning"));
    // Ignores errors in `client.py`, which the generator writes equally for every document.
    let (_, errors) = project.run(
        "mypy --strict --follow-imports=silent --no-error-summary --hide-error-context \
         -p blog_client.api -p blog_client.models -m posts -m wrong_field",
    );
    assert_only_the_misspelt_field(&errors, "wrong_field.py:");

    let blog = crate::process::start(project.directory.path());
    let output = project.run_well(&format!("python posts.py http://{}", blog.address));
    assert_output(&output);
}

#[test]
fn the_guide_shows_these_programs() {
    let guide = fs::read_to_string("../../docs/guide/clients.md").unwrap();
    for part in [
        TO_TYPESCRIPT,
        include_str!("../clients/typescript/posts.ts"),
        TO_PYTHON,
        include_str!("../clients/python/posts.py"),
    ] {
        assert!(guide.contains(part), "{part}");
    }
}

/// Asserts that the misspelt field in one program is the only error.
fn assert_only_the_misspelt_field(errors: &str, location: &str) {
    let [error] = errors.lines().collect::<Vec<_>>()[..] else {
        panic!("{errors}");
    };
    assert!(
        error.starts_with(location) && error.contains("titel"),
        "{error}"
    );
}

/// Asserts that a post without a title was rejected, and that another one was created, published and
/// listed.
fn assert_output(output: &str) {
    assert!(
        output.starts_with("#/title must not be blank\nHello hello\n"),
        "{output}"
    );
}

/// A directory with the programs of one language, and the blog's document.
struct Project {
    directory: TempDir,
    /// The `PATH` of programs.
    path: OsString,
}

impl Project {
    fn new(language: &str, bin: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut path = tools().join(bin).into_os_string();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let project = Self { directory, path };
        let programs = format!("tests/clients/{language}");
        for file in fs::read_dir(programs).unwrap().map(Result::unwrap) {
            fs::copy(file.path(), project.path(file.file_name())).unwrap();
        }
        fs::copy("openapi.json", project.path("openapi.json")).unwrap();
        project
    }

    fn path(&self, file: impl AsRef<Path>) -> PathBuf {
        self.directory.path().join(file)
    }

    /// Runs a command. Returns whether it succeeded, and its output.
    fn run(&self, line: &str) -> (bool, String) {
        // `env` searches `PATH` for the program.
        let output = Command::new("env")
            .args(line.split_whitespace())
            .env("PATH", &self.path)
            .env("NO_PROXY", "127.0.0.1")
            .current_dir(self.directory.path())
            .output()
            .unwrap();
        let printed = [output.stdout, output.stderr].concat();
        let printed = String::from_utf8_lossy(&printed).into_owned();
        (output.status.success(), printed)
    }

    fn run_well(&self, line: &str) -> String {
        let (succeeded, printed) = self.run(line);
        assert!(succeeded, "{line}: {printed}");
        printed
    }
}

/// Directory of the generators, the compilers and the imported packages.
fn tools() -> PathBuf {
    set_by_test_script("TEST_CLIENT_TOOLS").into()
}

//! Each published crate holds its licences, its README and its source, and nothing else.

use std::fs;

use serde_json::Value;

use crate::{metadata, root, run, strings};

const LICENCES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];

/// Cargo writes these itself.
const OF_CARGO: [&str; 4] = [
    ".cargo_vcs_info.json",
    "Cargo.lock",
    "Cargo.toml",
    "Cargo.toml.orig",
];

fn members() -> Vec<Value> {
    let mut metadata = metadata(&["--no-deps"]);
    let Value::Array(members) = metadata["packages"].take() else {
        panic!("cargo metadata lists packages")
    };
    members
}

fn is_published(package: &Value) -> bool {
    package["publish"].is_null()
}

#[test]
fn the_crates_of_the_library_are_published_and_no_other() {
    for package in members() {
        let name = package["name"].as_str().unwrap();
        let manifest = package["manifest_path"].as_str().unwrap();
        let of_library = manifest.contains("/crates/resourceful");
        assert_eq!(is_published(&package), of_library, "{name}");
    }
    // It is no member of the workspace.
    let fuzz = fs::read_to_string(root().join("fuzz/Cargo.toml")).unwrap();
    assert!(fuzz.contains("\npublish = false\n"));
}

#[test]
fn a_published_crate_holds_its_licences_its_readme_and_its_source() {
    for package in members().iter().filter(|package| is_published(package)) {
        let name = package["name"].as_str().unwrap();
        let args = [
            "package",
            "--list",
            "--offline",
            "--allow-dirty",
            "-p",
            name,
        ];
        let listed = run(env!("CARGO"), &args);
        let listed = listed.lines().collect::<Vec<_>>();
        for file in LICENCES.iter().chain(&["README.md", "src/lib.rs"]) {
            assert!(listed.contains(file), "{name} has no {file}");
        }
        for file in listed {
            let expected = file.starts_with("src/")
                // Rows that the unit tests of `resourceful-testing` read.
                || file.starts_with("tests/data/")
                || file == "README.md"
                || LICENCES.contains(&file)
                || OF_CARGO.contains(&file);
            assert!(expected, "{name} has {file}");
        }
        // Where links cannot be checked out, the file holds the name of its target.
        let directory = root().join("crates").join(name);
        for licence in LICENCES {
            let of_root = fs::read(root().join(licence)).unwrap();
            assert!(fs::read(directory.join(licence)).unwrap() == of_root);
        }
    }
}

#[test]
fn a_published_crate_describes_itself() {
    for package in members().iter().filter(|package| is_published(package)) {
        let name = package["name"].as_str().unwrap();
        assert!(package["description"].is_string(), "{name}: description");
        let documentation = format!("https://docs.rs/{name}");
        assert_eq!(package["documentation"], documentation, "{name}");
        // crates.io takes at most five of either.
        for words in ["keywords", "categories"] {
            let count = strings(&package[words]).len();
            assert!((1..=5).contains(&count), "{name}: {count} {words}");
        }
        let docs = &package["metadata"]["docs"]["rs"];
        assert_eq!(docs["all-features"], true, "{name}");
        assert_eq!(
            strings(&docs["rustdoc-args"]),
            ["--cfg", "docsrs"],
            "{name}"
        );
    }
}

//! The dependencies: their licences, where they come from, and the Rust that they need.

use std::collections::{BTreeSet, HashMap};
use std::fs;

use serde_json::Value;

use crate::{metadata, root, run};

/// All crates that are built on this machine; for other systems cargo would download more.
fn of_this_machine() -> Value {
    let version = run("rustc", &["-vV"]);
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    metadata(&["--all-features", "--filter-platform", host.unwrap()])
}

#[test]
fn dependencies_have_licences_that_deny_toml_allows() {
    let deny = fs::read_to_string(root().join("deny.toml")).unwrap();
    let (_, allowed) = deny.split_once("\nallow = [").unwrap();
    let (allowed, _) = allowed.split_once(']').unwrap();
    let allowed = allowed.split('"').skip(1).step_by(2).collect::<Vec<_>>();
    assert!(allowed.contains(&"MIT"));

    let metadata = of_this_machine();
    for package in metadata["packages"].as_array().unwrap() {
        if package["source"].is_null() {
            continue;
        }
        let (name, licence) = (&package["name"], package["license"].as_str());
        let licence = licence.unwrap_or_else(|| panic!("{name} names no licence"));
        assert!(is_allowed(licence, &allowed), "{name}: {licence}");
    }
}

#[test]
fn dependencies_come_from_the_registry() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let sources = lock.lines().filter(|line| line.starts_with("source = "));
    let sources = sources.collect::<BTreeSet<_>>();
    let registry = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
    assert_eq!(sources, BTreeSet::from([registry]));
}

/// `SeaORM` needs a newer Rust, and says so in the feature's documentation.
#[test]
fn published_crates_need_no_newer_rust_than_they_say() {
    let metadata = of_this_machine();
    let packages = metadata["packages"].as_array().unwrap().iter();
    let packages = packages.map(|package| (&package["id"], package));
    let packages = packages.collect::<HashMap<_, _>>();
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap().iter();
    let nodes = nodes
        .map(|node| (&node["id"], node))
        .collect::<HashMap<_, _>>();

    let published = packages
        .values()
        .filter(|package| package["publish"].is_null());
    let published = published.filter(|package| package["source"].is_null());
    for published in published {
        let ours = rust_version(published).unwrap();
        let mut seen = BTreeSet::new();
        let mut waiting = vec![&published["id"]];
        while let Some(id) = waiting.pop() {
            let package = packages[id];
            // A feature of another crate.
            let is_database =
                ["sea-orm", "resourceful-db"].contains(&package["name"].as_str().unwrap());
            let is_other = id != &published["id"];
            if is_database && is_other || !seen.insert(id.as_str()) {
                continue;
            }
            let name = &package["name"];
            let theirs = rust_version(package).unwrap_or(ours);
            assert!(theirs <= ours, "{}: {name} {theirs:?}", published["name"]);
            for dependency in nodes[id]["deps"].as_array().unwrap() {
                let kinds = dependency["dep_kinds"].as_array().unwrap();
                if kinds.iter().any(|kind| kind["kind"] != "dev") {
                    waiting.push(&dependency["pkg"]);
                }
            }
        }
        assert!(seen.len() > 4, "{}: {seen:?}", published["name"]);
    }
}

/// Major and minor.
fn rust_version(package: &Value) -> Option<(u32, u32)> {
    let mut parts = package["rust_version"].as_str()?.split('.');
    let mut number = || parts.next().unwrap_or("0").parse().unwrap();
    Some((number(), number()))
}

/// Is this expression (SPDX, annex D) true where the `allowed` licences are? `AND` binds tighter.
fn is_allowed(expression: &str, allowed: &[&str]) -> bool {
    // Older crates write `MIT/Apache-2.0`.
    let expression = expression.replace('/', " OR ");
    let expression = expression.replace('(', " ( ").replace(')', " ) ");
    // An exception makes a licence only freer.
    let expression = expression.replace(" WITH ", "+WITH+");
    let mut words = expression.split_whitespace().peekable();
    any(&mut words, allowed)
}

type Words<'w> = std::iter::Peekable<std::str::SplitWhitespace<'w>>;

fn any(words: &mut Words<'_>, allowed: &[&str]) -> bool {
    let mut holds = all(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        holds |= all(words, allowed);
    }
    holds
}

fn all(words: &mut Words<'_>, allowed: &[&str]) -> bool {
    let mut holds = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        holds &= one(words, allowed);
    }
    holds
}

fn one(words: &mut Words<'_>, allowed: &[&str]) -> bool {
    if words.next_if_eq(&"(").is_some() {
        let holds = any(words, allowed);
        assert_eq!(words.next(), Some(")"));
        return holds;
    }
    let word = words.next().unwrap();
    allowed.contains(&word.split('+').next().unwrap())
}

#[test]
fn an_expression_is_allowed_where_its_licences_are() {
    let allowed = ["MIT", "Apache-2.0", "ISC"];
    for good in [
        "MIT",
        "GPL-3.0 OR MIT",
        "Apache-2.0/MIT",
        "(GPL-3.0 OR ISC) AND MIT",
        "ISC AND (Apache-2.0 OR ISC)",
        "Apache-2.0 WITH LLVM-exception OR GPL-3.0",
        "MIT OR GPL-3.0 AND ISC",
    ] {
        assert!(is_allowed(good, &allowed), "{good}");
    }
    for bad in [
        "GPL-3.0",
        "MIT AND GPL-3.0",
        "(MIT OR ISC) AND OpenSSL",
        "GPL-3.0 WITH GCC-exception-2.0",
        "ISC AND GPL-3.0 OR GPL-2.0",
    ] {
        assert!(!is_allowed(bad, &allowed), "{bad}");
    }
}

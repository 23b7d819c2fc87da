//! Tests of the project itself: what the published crates hold, what they depend on, and `./test`.

// A test that unwraps says all it has to say by failing.
#![allow(clippy::unwrap_used)]

mod dependencies;
mod links;
mod packages;
mod setup;

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

/// The root of the repository. Tests run in the folder of their package.
fn root() -> PathBuf {
    PathBuf::from("..")
}

fn run(program: &str, args: &[&str]) -> String {
    let mut command = Command::new(program);
    let output = command.args(args).current_dir(root()).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {args:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn metadata(args: &[&str]) -> Value {
    let args = [&["metadata", "--locked", "--format-version=1"], args].concat();
    serde_json::from_str(&run(env!("CARGO"), &args)).unwrap()
}

fn strings(value: &Value) -> Vec<&str> {
    let values = value.as_array().into_iter().flatten();
    values.filter_map(Value::as_str).collect()
}

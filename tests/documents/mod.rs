mod callers;
mod conditional;
mod conformance;
mod contracts;
mod idempotency;
mod notes;
mod own_rules;
mod posts;
mod rooms;
mod two_writers;
mod types;
mod wide;

use resourceful_testing::{Conformance, Finding};

/// The findings as `operation [check]`, without repetitions.
fn names(findings: &[Finding]) -> Vec<String> {
    let mut names: Vec<_> = findings
        .iter()
        .map(|finding| format!("{} [{}]", finding.operation(), finding.check()))
        .collect();
    names.dedup();
    names
}

async fn assert_found(conformance: Conformance, expected: &[&str]) {
    let findings = conformance.findings().await;
    let texts: Vec<_> = findings.iter().map(ToString::to_string).collect();
    assert_eq!(names(&findings), expected, "{}", texts.join("\n"));
}

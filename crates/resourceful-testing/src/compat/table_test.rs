//! Runs the table of changes in `tests/data/compat_changes.json`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::changes;

/// Missing data is a compile error. The published package contains it, so its tests run, too.
const TABLE: &str = include_str!("../../tests/data/compat_changes.json");

/// Number of rows in the table, so that a lost row is noticed.
const ROWS: usize = 113;

/// Two versions of a part of a document, and the expected changes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    /// The part that differs: see [`wrap`].
    at: String,
    old: Value,
    new: Value,
    changes: Vec<String>,
}

#[test]
fn every_row_reports_its_changes() {
    let table: BTreeMap<String, Vec<Row>> = serde_json::from_str(TABLE).unwrap();
    assert_eq!(table.values().map(Vec::len).sum::<usize>(), ROWS);
    let mut failures = Vec::new();
    for (name, rows) in &table {
        for (index, row) in rows.iter().enumerate() {
            let lines = lines(&wrap(&row.at, &row.old), &wrap(&row.at, &row.new));
            let expected: Vec<_> = row.changes.iter().map(|line| line.to_lowercase()).collect();
            if lines != expected {
                failures.push(format!(
                    "{name}[{index}]: {lines:#?} instead of {expected:#?}"
                ));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Changes as lines, without the name of the operation that [`wrap`] uses.
fn lines(old: &Value, new: &Value) -> Vec<String> {
    let changes = changes(old, new);
    let line = changes.iter().map(|change| {
        let subject = match change.subject.as_str() {
            "POST /posts/" => String::new(),
            subject => format!("{subject}: "),
        };
        format!("{:?}: {subject}{}", change.impact, change.text).to_lowercase()
    });
    line.collect()
}

/// Wraps a part in the rest of a document.
fn wrap(at: &str, part: &Value) -> Value {
    match at {
        "document" => part.clone(),
        "operation" => json!({
            "paths": {"/posts/": {"post": part}},
            "components": {
                "schemas": {"User": {"type": "object", "required": ["name"], "properties": {
                    "name": {"type": "string"}, "friend": {"$ref": "#/components/schemas/User"}}}},
                "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            },
        }),
        "request_body" => wrap(
            "operation",
            &json!({"requestBody": {"required": true, "content": {"application/json": {"schema": part}}}}),
        ),
        "response_body" => wrap(
            "responses",
            &json!({"200": {"content": {"application/json": {"schema": part}}}}),
        ),
        "request_member" => wrap("request_body", &json!({"properties": {"x": part}})),
        "response_member" => wrap("response_body", &json!({"properties": {"x": part}})),
        "parameter" => wrap(
            "operation",
            &json!({"parameters": [{"name": "limit", "in": "query", "schema": part}]}),
        ),
        "responses" => wrap("operation", &json!({"responses": part})),
        "security" => wrap("operation", &json!({"security": part})),
        _ => panic!("unknown part `{at}`"),
    }
}

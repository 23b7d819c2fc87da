//! Every mutation of a document is reported, and equal documents have no changes.

use serde_json::{Map, Value, json};

use super::changes;

fn blog() -> Value {
    serde_json::from_str(include_str!("../../tests/data/compat_blog.json")).unwrap()
}

/// JSON Pointers to all values inside, without the first slash.
fn pointers(value: &Value) -> Vec<String> {
    let children: Vec<_> = match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.replace('~', "~0").replace('/', "~1"), value))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(i, v)| (i.to_string(), v))
            .collect(),
        _ => Vec::new(),
    };
    let inside = children.into_iter().flat_map(|(name, child)| {
        let deeper = pointers(child)
            .into_iter()
            .map(move |rest| format!("/{rest}"));
        std::iter::once(String::new())
            .chain(deeper)
            .map(move |rest| format!("{name}{rest}"))
    });
    inside.collect()
}

fn other(leaf: &Value) -> Option<Value> {
    match leaf {
        Value::String(text) => Some(json!(format!("{text}x"))),
        Value::Number(number) => Some(number.as_i64().map_or_else(|| json!(7.5), |n| json!(n + 1))),
        Value::Bool(yes) => Some(json!(!yes)),
        Value::Null => Some(json!(1)),
        Value::Array(items) => items.is_empty().then(|| json!(["x"])),
        Value::Object(members) => members.is_empty().then(|| json!({"x": 1})),
    }
}

fn without(document: &Value, pointer: &str) -> Value {
    let mut document = document.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let name = name.replace("~1", "/").replace("~0", "~");
    match document.pointer_mut(parent).unwrap() {
        Value::Object(members) => drop(members.remove(&name)),
        Value::Array(items) => drop(items.remove(name.parse().unwrap())),
        _ => unreachable!("only objects and arrays have children"),
    }
    document
}

/// Whether removing the value does not change the meaning.
fn is_redundant(document: &Value, pointer: &str) -> bool {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let (value, siblings) = (
        document.pointer(pointer).unwrap(),
        document.pointer(parent).unwrap(),
    );
    let implied_by = |name: &str| siblings.get(name).is_some_and(|value| !value.is_object());
    value.is_null()
        || (name == "required" && value == false)
        || (name == "type" && (implied_by("const") || implied_by("enum") || implied_by("$ref")))
}

#[test]
fn equal_documents_have_no_changes() {
    let (first, other) = (blog(), blog());
    assert_eq!(changes(&first, &first), []);
    assert_eq!(changes(&first, &other), []);
}

#[test]
fn every_changed_leaf_is_reported() {
    let old = blog();
    let mut reported = 0;
    for pointer in pointers(&old).iter().map(|pointer| format!("/{pointer}")) {
        let Some(value) = other(old.pointer(&pointer).unwrap()) else {
            continue;
        };
        let mut new = old.clone();
        *new.pointer_mut(&pointer).unwrap() = value;
        assert!(!changes(&old, &new).is_empty(), "{pointer} changed");
        assert!(!changes(&new, &old).is_empty(), "{pointer} changed back");
        reported += 1;
    }
    assert!(reported > 250, "{reported}");
}

#[test]
fn every_added_or_removed_value_is_reported() {
    let full = blog();
    let mut silent = Vec::new();
    for pointer in pointers(&full).iter().map(|pointer| format!("/{pointer}")) {
        if is_redundant(&full, &pointer) {
            continue;
        }
        let less = without(&full, &pointer);
        if changes(&full, &less).is_empty() || changes(&less, &full).is_empty() {
            silent.push(pointer);
        }
    }
    assert_eq!(silent, [""; 0]);
}

#[test]
fn a_renamed_schema_is_no_change() {
    for name in [
        "User", "Status", "Card", "Payment", "Problem", "Comment", "Post",
    ] {
        let old = blog();
        let (from, to) = (
            format!("/schemas/{name}\""),
            format!("/schemas/The{name}\""),
        );
        let mut new: Value = serde_json::from_str(
            &include_str!("../../tests/data/compat_blog.json").replace(&from, &to),
        )
        .unwrap();
        let schemas = new["components"]["schemas"].as_object_mut().unwrap();
        let schema = schemas.remove(name).unwrap();
        schemas.insert(format!("The{name}"), schema);
        assert_eq!(changes(&old, &new), [], "{name}");
    }
}

#[test]
fn an_inlined_schema_is_no_change() {
    let old = blog();
    let mut new = blog();
    let schemas = new["components"]["schemas"].as_object_mut().unwrap();
    let title = schemas.remove("Title").unwrap();
    let mut inline: Map<_, _> = title.as_object().unwrap().clone();
    inline.insert("description".to_owned(), json!("The headline."));
    schemas["NewPost"]["properties"]["title"] = Value::Object(inline);
    new["paths"]["/api/posts/{id}/"]["patch"]["requestBody"]["content"]["application/json"]["schema"]
        ["properties"]["title"]["anyOf"][0] = title;
    assert_eq!(changes(&old, &new), []);
}

#[test]
fn recursive_schemas_are_compared_in_time() {
    // Each schema refers to all others.
    let graph = |last: &str| {
        let names: Vec<_> = (0..30).map(|n| format!("S{n}")).collect();
        let refer = |name: &String| json!({"$ref": format!("#/components/schemas/{name}")});
        let members: Map<_, _> = names.iter().map(|n| (n.clone(), refer(n))).collect();
        let mut schemas: Map<_, _> = names
            .iter()
            .map(|name| (name.clone(), json!({"properties": members, "anyOf": [refer(&names[0]), refer(&names[7]), {"type": "string"}]})))
            .collect();
        schemas["S29"] = json!({"properties": {"deep": {"properties": members}}, "format": last});
        json!({
            "paths": {"/": {"get": {"responses": {"200": {"content": {"application/json": {
                "schema": {"$ref": "#/components/schemas/S0"}}}}}}}},
            "components": {"schemas": schemas},
        })
    };
    assert_eq!(changes(&graph("one"), &graph("one")), []);
    let reported = changes(&graph("one"), &graph("two"));
    assert_eq!(reported.len(), 1, "{reported:?}");

    let turns = |first: Value, second: Value| {
        let first = json!({"properties": {"x": first}});
        let second = json!({"properties": {"x": second}});
        json!({
            "paths": {"/": {"get": {"responses": {"200": {"content": {"application/json": {
                "schema": {"$ref": "#/components/schemas/A"}}}}}}}},
            "components": {"schemas": {"A": first, "B": second}},
        })
    };
    let a = json!({"$ref": "#/components/schemas/A"});
    let b = json!({"$ref": "#/components/schemas/B"});
    let rolled = turns(a.clone(), b.clone());
    let unrolled = turns(
        json!({"properties": {"x": b}}),
        json!({"properties": {"x": a}}),
    );
    assert_eq!(changes(&rolled, &unrolled).len(), 1); // B is used now
}

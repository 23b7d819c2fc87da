//! Whatever is changed in a document is told, and nothing where nothing was changed.

use serde_json::{Map, Value, json};

use super::changes;

fn blog() -> Value {
    serde_json::from_str(include_str!("blog.json")).unwrap()
}

/// Every step to everything inside.
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
        _ => unreachable!("only these have something inside"),
    }
    document
}

/// Is the same said without it?
fn is_idle(document: &Value, pointer: &str) -> bool {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let (value, beside) = (
        document.pointer(pointer).unwrap(),
        document.pointer(parent).unwrap(),
    );
    let said_by = |name: &str| beside.get(name).is_some_and(|value| !value.is_object());
    value.is_null()
        || (name == "required" && value == false)
        || (name == "type" && (said_by("const") || said_by("enum") || said_by("$ref")))
}

#[test]
fn a_document_is_like_itself() {
    let (one, other) = (blog(), blog());
    assert_eq!(changes(&one, &one), []);
    assert_eq!(changes(&one, &other), []);
}

#[test]
fn every_leaf_that_changes_is_told() {
    let old = blog();
    let mut told = 0;
    for pointer in pointers(&old).iter().map(|pointer| format!("/{pointer}")) {
        let Some(value) = other(old.pointer(&pointer).unwrap()) else {
            continue;
        };
        let mut new = old.clone();
        *new.pointer_mut(&pointer).unwrap() = value;
        assert!(!changes(&old, &new).is_empty(), "{pointer} changed");
        assert!(!changes(&new, &old).is_empty(), "{pointer} changed back");
        told += 1;
    }
    assert!(told > 250, "{told}");
}

#[test]
fn everything_that_goes_or_comes_is_told() {
    let full = blog();
    let mut silent = Vec::new();
    for pointer in pointers(&full).iter().map(|pointer| format!("/{pointer}")) {
        if is_idle(&full, &pointer) {
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
fn a_schema_by_another_name_is_the_same() {
    for name in [
        "User", "Status", "Card", "Payment", "Problem", "Comment", "Post",
    ] {
        let old = blog();
        let (from, to) = (
            format!("/schemas/{name}\""),
            format!("/schemas/The{name}\""),
        );
        let mut new: Value =
            serde_json::from_str(&include_str!("blog.json").replace(&from, &to)).unwrap();
        let schemas = new["components"]["schemas"].as_object_mut().unwrap();
        let schema = schemas.remove(name).unwrap();
        schemas.insert(format!("The{name}"), schema);
        assert_eq!(changes(&old, &new), [], "{name}");
    }
}

#[test]
fn a_schema_without_a_name_is_the_same() {
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
fn schemas_that_never_end_are_compared_in_time() {
    // Each refers to all, one of them twice as deep on the other side.
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
    let told = changes(&graph("one"), &graph("two"));
    assert_eq!(told.len(), 1, "{told:?}");

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
    assert_eq!(changes(&rolled, &unrolled).len(), 1); // that B is used
}

//! What is said of each kind of change.

use serde_json::{Value, json};

use super::changes;

type Around = fn(&Value) -> Value;
type Row = (Around, Value, Value, &'static [&'static str]);

fn document(post: &Value) -> Value {
    json!({
        "paths": {"/posts/": {"post": post}},
        "components": {
            "schemas": {"User": {"type": "object", "required": ["name"], "properties": {
                "name": {"type": "string"}, "friend": {"$ref": "#/components/schemas/User"}}}},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    })
}

/// The whole document.
fn whole(document: &Value) -> Value {
    document.clone()
}

/// An operation.
fn post(operation: &Value) -> Value {
    document(operation)
}

/// The schema of a body.
fn body(schema: &Value) -> Value {
    post(
        &json!({"requestBody": {"required": true, "content": {"application/json": {"schema": schema}}}}),
    )
}

/// The schema of an answer.
fn answer(schema: &Value) -> Value {
    post(&json!({"responses": {"200": {"content": {"application/json": {"schema": schema}}}}}))
}

/// The member `x` of a body.
fn sent(schema: &Value) -> Value {
    body(&json!({"properties": {"x": schema}}))
}

/// The member `x` of an answer.
fn answered(schema: &Value) -> Value {
    answer(&json!({"properties": {"x": schema}}))
}

/// The query parameter `limit`.
fn limit(schema: &Value) -> Value {
    post(&json!({"parameters": [{"name": "limit", "in": "query", "schema": schema}]}))
}

/// All answers.
fn answers(responses: &Value) -> Value {
    post(&json!({"responses": responses}))
}

/// What is needed.
fn needs(security: &Value) -> Value {
    post(&json!({"security": security}))
}

fn check(rows: Vec<Row>) {
    for (around, old, new, expected) in rows {
        let told = changes(&around(&old), &around(&new));
        let lines: Vec<_> = told
            .iter()
            .map(|change| {
                let place = match change.place.as_str() {
                    "POST /posts/" => String::new(),
                    place => format!("{place}: "),
                };
                format!("{:?}: {place}{}", change.kind, change.text).to_lowercase()
            })
            .collect();
        let expected: Vec<_> = expected.iter().map(|line| line.to_lowercase()).collect();
        assert_eq!(lines, expected, "\n{old}\n{new}");
    }
}

#[test]
fn members_come_and_go() {
    let one = || json!({"properties": {"a": {}}});
    let two = || json!({"properties": {"a": {}, "b": {}}});
    let must = || json!({"properties": {"a": {}, "b": {}}, "required": ["b"]});
    check(vec![
        (body, one(), two(), &["additive: `b` in the body is new"]),
        (
            body,
            one(),
            must(),
            &["breaking: `b` in the body is new and required"],
        ),
        (
            body,
            two(),
            must(),
            &["breaking: `b` in the body is now required"],
        ),
        (
            body,
            must(),
            two(),
            &["additive: `b` in the body is no longer required"],
        ),
        (body, two(), one(), &["breaking: `b` in the body is gone"]),
        (body, must(), one(), &["breaking: `b` in the body is gone"]),
        (answer, one(), two(), &["additive: answer 200: `b` is new"]),
        (answer, one(), must(), &["additive: answer 200: `b` is new"]),
        (
            answer,
            two(),
            must(),
            &["additive: answer 200: `b` is always there now"],
        ),
        (
            answer,
            must(),
            two(),
            &["breaking: answer 200: `b` can be missing now"],
        ),
        (
            answer,
            must(),
            one(),
            &["breaking: answer 200: `b` is gone"],
        ),
        (
            body,
            json!({}),
            json!({"required": ["b"]}),
            &["breaking: `b` in the body is now required"],
        ),
    ]);
}

#[test]
fn types_narrow_and_widen() {
    check(vec![
        (
            sent,
            json!({"type": "integer"}),
            json!({"type": "string"}),
            &["breaking: `x` in the body was integer, is string"],
        ),
        (
            sent,
            json!({"type": "integer"}),
            json!({"type": "number"}),
            &["additive: `x` in the body was integer, is number"],
        ),
        (
            sent,
            json!({"type": "number"}),
            json!({"type": "integer"}),
            &["breaking: `x` in the body was number, is integer"],
        ),
        (
            sent,
            json!({}),
            json!({"type": "string"}),
            &["breaking: `x` in the body was anything, is string"],
        ),
        (
            sent,
            json!({"type": "string"}),
            json!({"type": ["string", "null"]}),
            &["additive: `x` in the body can be null now"],
        ),
        (
            sent,
            json!({"type": ["string", "integer"]}),
            json!({"type": "string"}),
            &["breaking: `x` in the body was integer or string, is string"],
        ),
        (
            answered,
            json!({"type": "integer"}),
            json!({"type": "string"}),
            &["breaking: answer 200: `x` was integer, is string"],
        ),
        (
            answered,
            json!({"type": "integer"}),
            json!({"type": "number"}),
            &["breaking: answer 200: `x` was integer, is number"],
        ),
        (
            answered,
            json!({"type": "number"}),
            json!({"type": "integer"}),
            &["additive: answer 200: `x` was number, is integer"],
        ),
        (
            answered,
            json!({"type": "string"}),
            json!({"type": ["string", "null"]}),
            &["breaking: answer 200: `x` can be null now"],
        ),
        (
            answered,
            json!({"$ref": "#/components/schemas/User"}),
            json!({"anyOf": [{"$ref": "#/components/schemas/User"}, {"type": "null"}]}),
            &["breaking: answer 200: `x` can be null now"],
        ),
        (
            answer,
            json!({"type": "object"}),
            json!({"type": "array"}),
            &["breaking: answer 200 was object, is array"],
        ),
        (
            limit,
            json!({"type": "integer"}),
            json!({"type": "string"}),
            &["breaking: parameter `limit` was integer, is string"],
        ),
    ]);
}

#[test]
fn values_narrow_and_widen() {
    let two = || json!({"type": "string", "enum": ["a", "b"]});
    let three = || json!({"type": "string", "enum": ["a", "b", "c"]});
    let told = || json!({"oneOf": [{"const": "a", "description": "first"}, {"const": "b"}]});
    check(vec![
        (
            sent,
            two(),
            three(),
            &[r#"additive: value "c" of `x` in the body is new"#],
        ),
        (
            sent,
            three(),
            two(),
            &[r#"breaking: value "c" of `x` in the body is gone"#],
        ),
        (
            answered,
            two(),
            three(),
            &[r#"breaking: answer 200: value "c" of `x` is new"#],
        ),
        (
            answered,
            three(),
            two(),
            &[r#"additive: answer 200: value "c" of `x` is gone"#],
        ),
        (
            sent,
            json!({"type": "string"}),
            two(),
            &[r#"breaking: `x` in the body is one of "a", "b" now"#],
        ),
        (
            answered,
            two(),
            json!({"type": "string"}),
            &[r#"breaking: answer 200: `x` is not limited to "a", "b" any more"#],
        ),
        (
            sent,
            two(),
            told(),
            &[r#"documentation: description of `x` in the body is "first" now"#],
        ),
    ]);
}

#[test]
fn limits_narrow_and_widen() {
    check(vec![
        (
            limit,
            json!({"maximum": 100}),
            json!({"maximum": 50}),
            &["breaking: parameter `limit`: maximum was 100, is 50"],
        ),
        (
            limit,
            json!({"maximum": 50}),
            json!({"maximum": 100}),
            &["additive: parameter `limit`: maximum was 50, is 100"],
        ),
        (
            limit,
            json!({}),
            json!({"minimum": 1}),
            &["breaking: parameter `limit`: minimum is 1 now"],
        ),
        (
            sent,
            json!({"maxLength": 9}),
            json!({}),
            &["additive: maxLength of `x` in the body was 9, is gone"],
        ),
        (
            answered,
            json!({"maximum": 100}),
            json!({"maximum": 50}),
            &["additive: answer 200: maximum of `x` was 100, is 50"],
        ),
        (
            answered,
            json!({"minLength": 1}),
            json!({}),
            &["breaking: answer 200: minLength of `x` was 1, is gone"],
        ),
        (
            sent,
            json!({}),
            json!({"pattern": "^a"}),
            &[r#"breaking: pattern of `x` in the body is "^a" now"#],
        ),
        (
            sent,
            json!({"pattern": "^a"}),
            json!({}),
            &[r#"additive: pattern of `x` in the body was "^a", is gone"#],
        ),
        (
            answered,
            json!({"pattern": "^a"}),
            json!({"pattern": "^b"}),
            &[r#"breaking: answer 200: pattern of `x` was "^a", is "^b""#],
        ),
        (
            sent,
            json!({"format": "int64"}),
            json!({}),
            &[r#"breaking: format of `x` in the body was "int64", is gone"#],
        ),
        (
            answered,
            json!({}),
            json!({"format": "int32"}),
            &[r#"breaking: answer 200: format of `x` is "int32" now"#],
        ),
        (
            sent,
            json!({"uniqueItems": true}),
            json!({}),
            &["additive: uniqueItems of `x` in the body was true, is gone"],
        ),
        (
            sent,
            json!({"default": 1}),
            json!({"default": 2}),
            &["breaking: default of `x` in the body was 1, is 2"],
        ),
        (
            sent,
            json!({}),
            json!({"default": 2}),
            &["additive: default of `x` in the body is 2 now"],
        ),
        (
            answered,
            json!({"default": 1}),
            json!({}),
            &["documentation: answer 200: default of `x` was 1, is gone"],
        ),
        (
            post,
            json!({"requestBody": {"x-max-bytes": 20}}),
            json!({"requestBody": {"x-max-bytes": 10}}),
            &["breaking: the body: x-max-bytes was 20, is 10"],
        ),
    ]);
}

#[test]
fn what_lies_inside_is_named() {
    let friends =
        |kind: &str| json!({"type": "array", "items": {"properties": {"age": {"type": kind}}}});
    let map = |kind: &str| json!({"additionalProperties": {"type": kind}});
    check(vec![
        (
            answered,
            friends("integer"),
            friends("string"),
            &["breaking: answer 200: `x[].age` was integer, is string"],
        ),
        (
            body,
            map("integer"),
            map("number"),
            &["additive: `*` in the body was integer, is number"],
        ),
        (
            body,
            json!({}),
            json!({"additionalProperties": false}),
            &["breaking: the body has no other members now"],
        ),
        (
            answered,
            json!({"additionalProperties": false}),
            json!({}),
            &["breaking: answer 200: `x` can have other members now"],
        ),
        (
            answered,
            json!({"prefixItems": [{"type": "string"}]}),
            json!({"prefixItems": [{"type": "null"}]}),
            &["breaking: answer 200: `x(position 0)` was string, is null"],
        ),
        (
            sent,
            json!({"prefixItems": [{}]}),
            json!({"prefixItems": [{}, {}]}),
            &["breaking: `x` in the body had 1 positions, has 2"],
        ),
        (
            sent,
            json!({"x-a": 1}),
            json!({"x-a": 2}),
            &[
                "breaking: x-a of `x` in the body was 1, is 2 (#/paths/~1posts~1/post/requestBody/content/application~1json/schema/properties/x/x-a)",
            ],
        ),
    ]);
}

#[test]
fn variants_come_and_go() {
    let string = || json!({"type": "string"});
    let either = || json!({"anyOf": [{"type": "string"}, {"type": "integer"}]});
    let tagged = |name: &str, more: &str| {
        json!({"oneOf": [
        {"properties": {"kind": {"const": "card"}, more: {}}},
        {"properties": {"kind": {"const": name}}}]})
    };
    check(vec![
        (
            sent,
            string(),
            either(),
            &["additive: `x` in the body can be integer now"],
        ),
        (
            sent,
            either(),
            string(),
            &["breaking: `x` in the body cannot be integer any more"],
        ),
        (
            answered,
            string(),
            either(),
            &["breaking: answer 200: `x` can be integer now"],
        ),
        (
            answered,
            either(),
            string(),
            &["additive: answer 200: `x` cannot be integer any more"],
        ),
        (
            sent,
            tagged("cash", "number"),
            tagged("cash", "code"),
            &[
                r#"breaking: `x(kind: "card").number` in the body is gone"#,
                r#"additive: `x(kind: "card").code` in the body is new"#,
            ],
        ),
        (
            sent,
            tagged("cash", "number"),
            tagged("gold", "number"),
            &[
                r#"breaking: `x` in the body cannot be kind: "cash" any more"#,
                r#"additive: `x` in the body can be kind: "gold" now"#,
            ],
        ),
    ]);
}

#[test]
fn variants_beside_members() {
    let plain = |name: &str| json!({"properties": {name: {}}});
    let flattened = |name: &str| {
        json!({"properties": {name: {}}, "oneOf": [
            {"type": "object", "properties": {"b": {}}}, {"type": "object", "properties": {"c": {}}}]})
    };
    check(vec![
        (
            answer,
            flattened("a"),
            plain("z"),
            &[
                "breaking: answer 200 is not one of {b} / {c} any more",
                "breaking: answer 200: `a` is gone",
                "additive: answer 200: `z` is new",
            ],
        ),
        (
            answer,
            plain("a"),
            flattened("a"),
            &["additive: answer 200 is one of {b} / {c} now"],
        ),
        (
            body,
            plain("a"),
            flattened("a"),
            &["breaking: the body is one of {b} / {c} now"],
        ),
        (
            body,
            flattened("a"),
            flattened("z"),
            &[
                "breaking: `a` in the body is gone",
                "additive: `z` in the body is new",
            ],
        ),
    ]);
}

#[test]
fn what_nobody_uses_or_nobody_knows_is_told() {
    let webhook = |kind: &str| {
        json!({
        "webhooks": {"paid": {"post": {"requestBody": {"$ref": "#/components/requestBodies/Paid"}}}},
        "components": {"requestBodies": {"Paid": {"description": kind}}}})
    };
    let calls = |kind: &str| {
        json!({
        "paths": {"/a": {"get": {"callbacks": {"paid": {"$ref": "#/components/callbacks/Paid"}}}}},
        "components": {"callbacks": {"Paid": {"x": kind}}}})
    };
    check(vec![
        (
            whole,
            webhook("a"),
            webhook("b"),
            &[
                r#"breaking: requestBodies `Paid`: all of it was {"description":"a"}, is {"description":"b"} (#/components/requestBodies/Paid)"#,
            ],
        ),
        (
            whole,
            calls("a"),
            calls("b"),
            &[
                r#"breaking: callbacks `Paid`: all of it was {"x":"a"}, is {"x":"b"} (#/components/callbacks/Paid)"#,
            ],
        ),
        (
            whole,
            json!({"components": {"schemas": {"U": {}}}}),
            json!({}),
            &["breaking: schema `U`: is gone (no operation used it)"],
        ),
        (
            whole,
            json!({}),
            json!({"components": {"schemas": {"U": {}}}}),
            &["additive: schema `U`: is new (no operation uses it)"],
        ),
    ]);
}

#[test]
fn parameters_and_bodies() {
    let parameter = |more: Value| {
        let mut parameter = json!({"name": "q", "in": "query"});
        parameter
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        json!({"parameters": [parameter]})
    };
    let body = |required: bool| json!({"requestBody": {"required": required, "content": {"application/json": {}}}});
    let csv = json!({"requestBody": {"required": true, "content": {"text/csv": {}}}});
    check(vec![
        (
            post,
            json!({}),
            parameter(json!({})),
            &["additive: parameter `q` is new"],
        ),
        (
            post,
            json!({}),
            parameter(json!({"required": true})),
            &["breaking: parameter `q` is new and required"],
        ),
        (
            post,
            parameter(json!({})),
            parameter(json!({"required": true})),
            &["breaking: parameter `q` is now required"],
        ),
        (
            post,
            parameter(json!({"required": true})),
            parameter(json!({})),
            &["additive: parameter `q` is no longer required"],
        ),
        (
            post,
            parameter(json!({})),
            json!({}),
            &["breaking: parameter `q` is gone"],
        ),
        (
            post,
            parameter(json!({})),
            parameter(json!({"in": "header"})),
            &[
                "breaking: parameter `q` is gone",
                "additive: header `q` is new",
            ],
        ),
        (
            post,
            parameter(json!({})),
            parameter(json!({"explode": true})),
            &[
                "breaking: parameter `q`: explode is true now (#/paths/~1posts~1/post/parameters/0/explode)",
            ],
        ),
        (
            post,
            parameter(json!({"schema": {"type": "string"}})),
            parameter(json!({"content": {"application/json": {"schema": {"type": "string"}}}})),
            &[
                r#"breaking: parameter `q`: content is {"application/json":{"schema":{"type":"string"}}} now (#/paths/~1posts~1/post/parameters/0/content)"#,
                "additive: parameter `q` was string, is anything",
            ],
        ),
        (post, json!({}), body(false), &["additive: the body is new"]),
        (
            post,
            json!({}),
            body(true),
            &["breaking: the body is new and required"],
        ),
        (
            post,
            body(false),
            body(true),
            &["breaking: the body is now required"],
        ),
        (post, body(true), json!({}), &["breaking: the body is gone"]),
        (
            post,
            body(true),
            csv,
            &[
                "breaking: the body cannot be application/json any more",
                "additive: the body can be text/csv now",
            ],
        ),
    ]);
}

#[test]
fn statuses_and_headers() {
    let location = |header: Value| json!({"201": {"headers": {"Location": header}}});
    check(vec![
        (
            answers,
            json!({"200": {}}),
            json!({"200": {}, "404": {}}),
            &["additive: 404 can be answered now"],
        ),
        (
            answers,
            json!({"200": {}}),
            json!({"200": {}, "202": {}}),
            &["breaking: 202 can be answered now"],
        ),
        (
            answers,
            json!({"200": {}, "404": {}}),
            json!({"200": {}}),
            &["breaking: 404 is not answered any more"],
        ),
        (
            answers,
            json!({"200": {}}),
            json!({"200": {}, "default": {}}),
            &["additive: any other status can be answered now"],
        ),
        (
            answers,
            json!({"200": {"content": {"text/csv": {}}}}),
            json!({"200": {"content": {}}}),
            &["breaking: answer 200 cannot be text/csv any more"],
        ),
        (
            answers,
            location(json!({})),
            json!({"201": {}}),
            &["breaking: header `Location` of answer 201 is gone"],
        ),
        (
            answers,
            json!({"201": {}}),
            location(json!({})),
            &["additive: header `Location` of answer 201 is new"],
        ),
        (
            answers,
            location(json!({"required": true})),
            location(json!({})),
            &["breaking: header `Location` of answer 201 can be missing now"],
        ),
        (
            answers,
            location(json!({"schema": {"type": "string"}})),
            location(json!({"schema": {"type": "integer"}})),
            &["breaking: header `Location` of answer 201 was string, is integer"],
        ),
    ]);
}

#[test]
fn an_operation_that_takes_another_shared_answer_is_named() {
    let post = |reference: &str| {
        json!({
            "paths": {"/a": {"get": {"responses": {"404": {"$ref": reference}}}}},
            "components": {"responses": {
                "One": {"content": {"text/csv": {}}},
                "Same": {"content": {"text/csv": {}}},
                "Other": {},
            }},
        })
    };
    let (one, same) = ("#/components/responses/One", "#/components/responses/Same");
    let other = "#/components/responses/Other";
    check(vec![
        (whole, post(one), post(same), &[]),
        (
            whole,
            post(one),
            post(other),
            &["breaking: GET /a: answer 404 cannot be text/csv any more"],
        ),
    ]);
}

#[test]
fn needs_come_and_go() {
    let bearer = || json!([{"bearer": []}]);
    check(vec![
        (
            needs,
            json!([]),
            bearer(),
            &["breaking: needs `bearer` now"],
        ),
        (
            needs,
            bearer(),
            json!([]),
            &["additive: does not need `bearer` any more"],
        ),
        (
            needs,
            bearer(),
            json!([{"key": []}]),
            &["breaking: needs `key` now, needed `bearer`"],
        ),
        (
            needs,
            bearer(),
            json!([{"bearer": []}, {"key": []}]),
            &["additive: `key` is taken, too"],
        ),
        (
            needs,
            json!([{"bearer": []}, {"key": []}]),
            bearer(),
            &["breaking: `key` is not taken any more"],
        ),
        (
            needs,
            json!([{"oauth": ["read"]}]),
            json!([{"oauth": ["read", "write"]}]),
            &["breaking: needs `oauth` (read, write) now, needed `oauth` (read)"],
        ),
        (
            needs,
            json!([{}, {"bearer": []}]),
            bearer(),
            &["breaking: needs `bearer` now"],
        ),
        (
            needs,
            json!([{"bearer": []}, {"key": []}]),
            json!([{"key": []}, {"bearer": []}]),
            &[],
        ),
        (
            whole,
            json!({"security": [], "paths": {"/": {"get": {}}}}),
            json!({"security": [{"bearer": []}], "paths": {"/": {"get": {}}}}),
            &["breaking: GET /: needs `bearer` now"],
        ),
    ]);
}

#[test]
fn operations_and_the_document() {
    let path = |method: &str, operation: Value| json!({"paths": {"/a": {method: operation}}});
    let problem = |kind: &str| {
        json!({
        "paths": {"/a": {"get": {"responses": {"404": {"$ref": "#/components/responses/NotFound"}, "410": {"$ref": "#/components/responses/NotFound"}}}}},
        "components": {"responses": {"NotFound": {"description": kind, "content": {"application/json": {"schema": {"type": kind}}}}}}})
    };
    check(vec![
        (
            whole,
            path("get", json!({})),
            json!({}),
            &["breaking: GET /a: the operation is gone"],
        ),
        (
            whole,
            json!({}),
            path("get", json!({"operationId": "a.list"})),
            &["additive: GET /a (a.list): the operation is new"],
        ),
        (
            whole,
            path("get", json!({"operationId": "a"})),
            path("get", json!({"operationId": "b"})),
            &[r#"breaking: GET /a (a): operationId was "a", is "b""#],
        ),
        (
            post,
            json!({"summary": "a"}),
            json!({"summary": "b"}),
            &[r#"documentation: summary was "a", is "b""#],
        ),
        (
            post,
            json!({"tags": ["a"]}),
            json!({}),
            &[r#"documentation: tags was ["a"], is gone"#],
        ),
        (
            post,
            json!({"deprecated": true}),
            json!({}),
            &["documentation: deprecated was true, is gone"],
        ),
        (
            post,
            json!({"callbacks": {}}),
            json!({}),
            &["breaking: callbacks was {}, is gone (#/paths/~1posts~1/post/callbacks)"],
        ),
        (
            whole,
            json!({"info": {"version": "1"}}),
            json!({"info": {"version": "2"}}),
            &[r#"documentation: the document: info.version was "1", is "2""#],
        ),
        (
            whole,
            json!({"openapi": "3.1.0"}),
            json!({"openapi": "3.2.0"}),
            &[r#"breaking: the document: openapi was "3.1.0", is "3.2.0" (#/openapi)"#],
        ),
        (
            whole,
            json!({"servers": [{"url": "/"}]}),
            json!({"servers": [{"url": "/v1"}]}),
            &[
                r#"breaking: the document: server "/" is gone"#,
                r#"additive: the document: server "/v1" is new"#,
            ],
        ),
        (
            whole,
            problem("object"),
            problem("string"),
            &[
                "breaking: every answer `NotFound`: was object, is string",
                r#"documentation: every answer `NotFound`: description was "object", is "string""#,
            ],
        ),
    ]);
}

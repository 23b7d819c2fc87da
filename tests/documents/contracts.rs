//! A small document with one broken promise at a time, and the options of the test.

use resourceful::prelude::*;
use resourceful_testing::{Conformance, conformance, conformance_with};
use serde_json::{Value, json};

use super::posts::{Fault, Posts};

/// A document with one operation; `more` changes it.
fn operation(path: &str, method: &str, more: &Value) -> Value {
    let mut operation =
        json!({"responses": {"200": {"description": "Done."}, "204": {"description": "Done."}}});
    operation
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    json!({"paths": {path: {method: operation}}})
}

fn body(schema: &Value) -> Value {
    let problem = json!({"description": "Wrong."});
    json!({
        "requestBody": {"required": true, "content": {"application/json": {"schema": schema}}},
        "responses": {
            "204": {"description": "Done."}, "400": problem, "413": problem, "415": problem, "422": problem,
        },
    })
}

fn of(app: App, document: &Value) -> Conformance {
    conformance_with(app, document)
}

async fn assert_found(conformance: Conformance, expected: &[&str]) {
    let findings = conformance.findings().await;
    let found = findings
        .iter()
        .map(|finding| format!("[{}] {}", finding.check(), finding.message()));
    assert_eq!(found.collect::<Vec<_>>(), expected);
}

async fn nothing(_: Request) -> Result<()> {
    Ok(())
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Code {
    #[garde(skip)]
    code: String,
}

async fn take(mut request: Request) -> Result<()> {
    let Code { code } = request.json().await?;
    match code.as_str() {
        "" | "978-3-16-148410-0" => Ok(()),
        _ => Err(Error::invalid([FieldError::body("/code", "is no ISBN")])),
    }
}

fn code(schema: &Value) -> Value {
    body(&json!({"type": "object", "required": ["code"], "properties": {"code": schema}}))
}

#[tokio::test]
async fn an_undocumented_method_is_found() {
    let app = App::new()
        .get("/", public(nothing))
        .delete("/", public(nothing));
    let document = operation("/", "get", &json!({}));
    assert_found(
        of(app, &document),
        &[
            "[method] expected 405 to DELETE with `Allow: GET, HEAD, OPTIONS`, got 204 No Content with ``",
            "[method] expected 405 to POST with `Allow: GET, HEAD, OPTIONS`, got 405 Method Not Allowed with `DELETE, GET, HEAD, OPTIONS`",
        ],
    )
    .await;
}

#[tokio::test]
async fn a_value_that_cannot_be_generated_needs_an_example() {
    let app = || App::new().post("/books", public(take));
    let isbn = json!({"type": "string", "format": "isbn"});
    let document = operation("/books", "post", &code(&isbn));
    assert_found(
        of(app(), &document),
        &[
            "[generate] cannot generate a value for `/body/code` (the format isbn): \
           add an example with #[schemars(example = ..)]",
        ],
    )
    .await;
    let isbn = json!({"type": "string", "format": "isbn", "examples": ["978-3-16-148410-0"]});
    of(app(), &operation("/books", "post", &code(&isbn))).await;
}

#[tokio::test]
async fn a_missing_required_header_is_found() {
    let response = json!({"description": "Done.", "headers": {"ETag": {"required": true}}});
    let more = json!({"responses": {"204": response}});
    let app = App::new().get("/", public(nothing));
    let expected = "[header] expected the header ETag in a 204 No Content, got none";
    assert_found(of(app, &operation("/", "get", &more)), &[expected]).await;
}

#[tokio::test]
async fn another_content_type_is_found() {
    async fn text(_: Request) -> Result<&'static str> {
        Ok("text")
    }
    let content = json!({"application/json": {}});
    let more = json!({"responses": {"200": {"description": "Done.", "content": content}}});
    let app = App::new().get("/", public(text));
    let expected =
        "[content-type] expected 200 OK as application/json, got `text/plain; charset=utf-8`";
    assert_found(of(app, &operation("/", "get", &more)), &[expected]).await;
}

#[tokio::test]
async fn a_body_over_the_documented_limit_is_found() {
    let mut more = code(&json!({"enum": ["", "978-3-16-148410-0"]}));
    more["requestBody"]["x-max-bytes"] = json!(1000);
    let app = App::new().post("/books", public(take));
    let expected = "[body] expected 413 to a body over its size limit, got 204 No Content";
    assert_found(of(app, &operation("/books", "post", &more)), &[expected]).await;
}

#[tokio::test]
async fn a_body_of_any_type_is_found() {
    async fn take_bytes(mut request: Request) -> Result<()> {
        resourceful::from_json::<Code>(&request.bytes().await?).map(drop)
    }
    let app = App::new().post("/books", public(take_bytes));
    assert_found(
        of(
            app,
            &operation("/books", "post", &code(&json!({"type": "string"}))),
        ),
        &[
            "[body] expected 415 to a body of text/plain, got 204 No Content",
            "[body] expected 415 to a body without a type, got 204 No Content",
        ],
    )
    .await;
}

#[tokio::test]
async fn a_query_parameter_that_is_not_checked_is_found() {
    let limit =
        json!({"name": "least", "in": "query", "schema": {"type": "integer", "minimum": 1}});
    let app = App::new().get("/", public(nothing));
    let document = operation("/", "get", &json!({ "parameters": [limit] }));
    let expected = [
        "[broken-field] the parameter `least` is \"x\" instead of an integer: expected 422 that names this field, got 204 No Content",
        "[broken-field] the parameter `least` is below its minimum: expected 422 that names this field, got 204 No Content",
    ];
    assert_found(of(app, &document), &expected).await;
}

#[tokio::test]
async fn a_body_that_is_read_before_the_credentials_are_is_found() {
    async fn take_then_ask(mut request: Request) -> Result<()> {
        let body = request.bytes().await?;
        match request.header("authorization") {
            Some(_) => resourceful::from_json::<Code>(&body).map(drop),
            None => Err(Error::unauthorized("Bearer")),
        }
    }
    let mut more = code(&json!({"type": "string"}));
    more["security"] = json!([{"bearer": []}]);
    let app = App::new().post("/books", public(take_then_ask));
    let conformance =
        of(app, &operation("/books", "post", &more)).header("authorization", "Bearer a");
    let findings = conformance.findings().await;
    let access = findings
        .iter()
        .find(|finding| finding.check() == "access")
        .unwrap();
    let expected =
        "expected 401 Unauthorized before the body is read, got it after the body was read";
    assert_eq!(access.message(), expected);
}

#[tokio::test]
async fn insufficient_credentials_are_reported() {
    let app = App::new().resource("/api/posts/", <Posts>::with(Fault::None));
    let findings = conformance(app).findings().await;
    let checks: Vec<_> = findings
        .iter()
        .map(|finding| format!("{} [{}]", finding.operation(), finding.check()))
        .collect();
    let item = ["DELETE", "GET", "PATCH", "PUT"]
        .map(|method| format!("{method} /api/posts/{{id}}/ [no-item]"));
    assert_eq!(
        checks[..2],
        [
            "DELETE /api/posts/{id}/ [credentials]".to_owned(),
            item[0].clone()
        ]
    );
    assert!(
        item.iter().all(|no_item| checks.contains(no_item)),
        "{checks:?}"
    );
    assert!(
        checks.contains(&"POST /api/posts/ [credentials]".to_owned()),
        "{checks:?}"
    );
}

/// Without a collection that lists the items, an example names one.
#[tokio::test]
async fn an_item_of_no_collection_is_the_first_or_an_example() {
    async fn dashboard(request: Request) -> Result<()> {
        match request.param::<i64>("id")? {
            1 | 7 => Ok(()),
            _ => Err(Error::not_found("User not found")),
        }
    }
    async fn page(request: Request) -> Result<()> {
        match request.param::<String>("id")?.as_str() {
            "intro" => Ok(()),
            _ => Err(Error::not_found("Page not found")),
        }
    }
    let missing = json!({"200": {"description": "Done."}, "204": {"description": "Done."}, "404": {"description": "None."}});
    let of_path = |path: &str, schema: &Value| {
        let id = json!([{"name": "id", "in": "path", "required": true, "schema": schema}]);
        operation(
            path,
            "get",
            &json!({"parameters": id, "responses": missing}),
        )
    };
    let users = of_path("/users/{id}/dashboard", &json!({"type": "integer"}));
    of(
        App::new().get("/users/{id}/dashboard", public(dashboard)),
        &users,
    )
    .await;
    let app = || App::new().get("/pages/{id}", public(page));
    let pages = of_path(
        "/pages/{id}",
        &json!({"type": "string", "examples": ["intro"]}),
    );
    of(app(), &pages).await;
    let untold = of(app(), &of_path("/pages/{id}", &json!({"type": "string"})));
    let expected = "[no-item] no item exists for this test: \
                    create one in the application, or add an example to the parameter";
    assert_found(untold, &[expected]).await;
}

#[tokio::test]
async fn excluded_operations_are_not_called() {
    let app = || App::new().resource("/api/posts/", <Posts>::with(Fault::WritesIdsAsText));
    let all = [
        "posts.list",
        "posts.create",
        "posts.retrieve",
        "posts.update",
        "PATCH /api/posts/{id}/",
    ];
    let skipped = all.iter().fold(conformance(app()), |conformance, name| {
        conformance.skip(name)
    });
    let findings = skipped.skip("posts.destroy").findings().await;
    assert_eq!(findings, []);
}

#[tokio::test]
#[should_panic(expected = "no operation is called `POST /nowhere`; the operations are `GET /`")]
async fn only_existing_operations_can_be_excluded() {
    let document = operation("/", "get", &json!({}));
    let _ = of(App::new().get("/", public(nothing)), &document).skip("POST /nowhere");
}

/// The output for a user who only calls `.await`.
#[tokio::test]
#[should_panic(expected = "\
the application does not match its document (findings: 1, operations: 1, requests: 8, seed: 7)

GET /teapot [status] expected a documented status, got 418 I'm a teapot
    curl -i 'http://127.0.0.1:8000/teapot'")]
async fn findings_have_a_request_that_reproduces_them() {
    async fn teapot(_: Request) -> Result<()> {
        Err(Error::new(resourceful::ErrorStatus::new(418)))
    }
    let document = operation("/teapot", "get", &json!({}));
    of(App::new().get("/teapot", public(teapot)), &document)
        .seed(7)
        .await;
}

/// A failing request is reduced to the smallest failing one.
#[tokio::test]
async fn a_failing_request_is_shrunk() {
    async fn short_of_e(mut request: Request) -> Result<()> {
        let Code { code } = request.json().await?;
        assert!(
            code.chars().filter(|c| !c.is_ascii()).count() < 2,
            "too foreign"
        );
        Ok(())
    }
    let app = App::new().post("/books", public(short_of_e));
    let schema = code(&json!({"type": "string", "minLength": 3, "maxLength": 12}));
    let findings = of(app, &operation("/books", "post", &schema))
        .findings()
        .await;
    let error = findings
        .iter()
        .find(|finding| finding.check() == "server-error")
        .unwrap();
    let (_, body) = error.curl().split_once("--data-raw ").unwrap();
    assert_eq!(body, r#"'{"code":"aéé"}'"#);
}

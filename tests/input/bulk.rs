//! Bulk requests.

use resourceful::{Bulk, BulkResults, prelude::*};
use serde_json::{Value, json};

#[derive(Deserialize, JsonSchema, Validate)]
struct NewTag {
    #[garde(length(min = 1))]
    name: String,
    #[serde(default)]
    #[garde(dive)]
    parts: Vec<Part>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Part {
    #[garde(range(min = 1))]
    size: u8,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct NewTags {
    #[garde(skip)]
    tags: Bulk<NewTag, 5>,
    #[garde(range(min = 1))]
    version: u8,
}

async fn create(mut request: Request) -> Result<Json<BulkResults<String>>> {
    let new: NewTags = request.json().await?;
    let work = |tag: NewTag| async move {
        match tag.name.as_str() {
            "panic" => panic!("as told"),
            "secret" => Err(Error::internal("the password is hunter2")),
            "slow" => {
                tokio::task::yield_now().await;
                Ok(tag.name)
            }
            _ => Ok(tag.name),
        }
    };
    Ok(Json(new.tags.process(3, work).await))
}

#[derive(Serialize, JsonSchema)]
struct Tag {
    name: String,
}

#[endpoint]
async fn create_tags(body: NewTags) -> Result<Json<BulkResults<Tag>>> {
    let work = |tag: NewTag| async { Ok::<_, Error>(Tag { name: tag.name }) };
    Ok(Json(body.tags.process(1, work).await))
}

#[endpoint]
async fn destroy_tags(body: NewTags) -> Result<Json<BulkResults<()>>> {
    Ok(Json(
        body.tags.process(1, async |_| Ok::<_, Error>(())).await,
    ))
}

/// Each type of result has a schema of its own.
#[test]
fn one_document_has_results_of_several_types() {
    let app = App::new()
        .post("/create", public(create_tags))
        .post("/destroy", public(destroy_tags));
    let document = app.openapi().unwrap();
    let schemas = document.as_value()["components"]["schemas"]
        .as_object()
        .unwrap();
    let of = |name: &str| &schemas[name]["properties"]["value"];
    assert_eq!(of("TagBulkSuccess")["$ref"], "#/components/schemas/Tag");
    assert_eq!(of("nullBulkSuccess")["type"], "null");
    for name in ["TagBulkResults", "nullBulkResults"] {
        assert!(schemas.contains_key(name), "{schemas:?}");
    }
}

async fn send(body: &str) -> (u16, Value) {
    let client = TestClient::new(App::new().post("/", public(create))).unwrap();
    let request = client.post("/").header("content-type", "application/json");
    let response = request.body(body.to_owned()).await;
    (response.status().as_u16(), response.json())
}

#[tokio::test]
async fn results_keep_the_order_and_have_an_index() {
    let body = r#"{"version": 1, "tags": [
        {"name": "slow"}, {"name": ""}, {"name": "b"}, {"name": "panic"}, {"name": "secret"}
    ]}"#;
    let (status, answer) = send(body).await;
    assert_eq!(status, 200);
    let expected = json!([{"index": 0, "value": "slow"}, {"index": 2, "value": "b"}]);
    assert_eq!(answer["succeeded"], expected);
    let failed = json!([
        {"index": 1, "error": "name: length is lower than 1", "data": {"name": ""}},
        {"index": 3, "error": "Internal Server Error", "data": {"name": "panic"}},
        {"index": 4, "error": "Internal Server Error", "data": {"name": "secret"}},
    ]);
    assert_eq!(answer["failed"], failed);
}

#[tokio::test]
async fn every_error_of_an_item_is_named_as_in_a_separate_body() {
    for (item, error) in [
        ("5", "must be an object"),
        ("[\"a\"]", "must be an object"),
        (
            "{\"name\": \"a\", \"name\": \"b\"}",
            "name: is given more than once",
        ),
        ("{\"name\": \"a\\u0000\"}", "name: must not contain U+0000"),
        (
            "{\"name\": \"a\", \"parts\": [[1]]}",
            "parts/0: must be an object",
        ),
        (
            "{\"parts\": [{\"size\": 0}]}",
            "name: is required; parts/0/size: lower than 1",
        ),
    ] {
        let (status, answer) = send(&format!("{{\"version\": 1, \"tags\": [{item}]}}")).await;
        assert_eq!(
            (status, &answer["failed"][0]["error"]),
            (200, &json!(error)),
            "{item}"
        );
    }
}

#[tokio::test]
async fn an_error_outside_the_items_fails_the_request() {
    for (body, pointer) in [
        (json!({"version": 1}), "#/tags"),
        (json!({"version": 1, "tags": {}}), "#/tags"),
        (json!({"version": 1, "tags": null}), "#/tags"),
        (
            json!({"version": 1, "tags": vec![json!({"name": "a"}); 6]}),
            "#/tags",
        ),
        (json!({"version": 0, "tags": [1]}), "#/version"),
    ] {
        let (status, answer) = send(&body.to_string()).await;
        let errors = answer["errors"].as_array().unwrap();
        assert_eq!((status, errors.len()), (422, 1), "{body}: {errors:?}");
        assert_eq!(errors[0]["pointer"], pointer, "{body}");
    }
    assert_eq!(send("{\"version\": 1, \"tags\": [NaN]}").await.0, 400);
}

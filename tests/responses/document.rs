//! `GET /openapi.json`, from types and doc comments.

use std::collections::BTreeMap;
use std::net::IpAddr;

use resourceful::prelude::*;
use resourceful::{Info, OpenApi, Security};
use serde_json::{Value, json};

use crate::fixture::Posts;

/// The operation at a path.
fn operation(document: &OpenApi, path: &str, method: &str) -> Value {
    let operation = &document.as_value()["paths"][path][method];
    assert!(
        operation.is_object(),
        "no {method} {path}: {:#}",
        document.as_value()["paths"]
    );
    operation.clone()
}

fn statuses(operation: &Value) -> Vec<&str> {
    let responses = operation["responses"].as_object().unwrap();
    responses.keys().map(String::as_str).collect()
}

fn json_schema(content: &Value) -> &Value {
    &content["content"]["application/json"]["schema"]
}

#[tokio::test]
async fn it_is_served_at_a_reserved_path() {
    async fn own(_: Request) -> Result<&'static str> {
        Ok("mine")
    }
    let client = TestClient::new(App::new().resource("/posts", Posts::default())).unwrap();
    let document = client.get("/openapi.json").await;
    assert_eq!(document.headers()["content-type"], "application/json");
    assert_eq!(document.json()["openapi"], "3.1.0");
    assert!(document.json()["paths"].get("/openapi.json").is_none());

    let client = TestClient::new(App::new().get("/openapi.json", public(own))).unwrap();
    assert_eq!(client.get("/openapi.json").await.text(), "mine");
    let client = TestClient::new(App::new().without_openapi()).unwrap();
    assert_eq!(client.get("/openapi.json").await.status(), 404);
}

#[test]
fn every_action_of_a_resource_has_all_its_responses() {
    let app = App::new()
        .resource("/posts/", Posts::default())
        .max_body_size(1000);
    let document = app.openapi().unwrap();
    let list = operation(&document, "/posts/", "get");
    assert_eq!(list["operationId"], "posts.list");
    assert_eq!(list["tags"], json!(["posts"]));
    assert_eq!(list["security"], json!([]));
    let page = json_schema(&list["responses"]["200"]);
    assert_eq!(
        page["properties"]["posts"]["items"]["$ref"],
        "#/components/schemas/Post"
    );
    assert_eq!(page["required"], json!(["posts", "pagination"]));
    let names: Vec<_> = list["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].clone())
        .collect();
    assert_eq!(names, ["page", "limit"]);

    let create = operation(&document, "/posts/", "post");
    assert_eq!(create["requestBody"]["x-max-bytes"], 1000);
    assert_eq!(
        json_schema(&create["requestBody"])["$ref"],
        "#/components/schemas/NewPost"
    );
    assert!(create["responses"]["201"]["headers"]["Location"].is_object());
    let expected = [
        "201", "400", "405", "406", "408", "413", "414", "415", "422", "500", "503", "default",
    ];
    assert_eq!(statuses(&create), expected);

    let retrieve = operation(&document, "/posts/{id}/", "get");
    let id = &retrieve["parameters"][0];
    assert_eq!((&id["in"], &id["required"]), (&json!("path"), &json!(true)));
    assert_eq!(id["schema"], json!({"type": "integer", "format": "int64"}));
    assert!(statuses(&retrieve).contains(&"404"));
    for (method, id) in [
        ("put", "update"),
        ("patch", "partial_update"),
        ("delete", "destroy"),
    ] {
        let operation = operation(&document, "/posts/{id}/", method);
        assert_eq!(operation["operationId"], format!("posts.{id}"));
    }

    let components = &document.as_value()["components"];
    let invalid = &components["responses"]["Invalid"]["content"]["application/problem+json"];
    assert_eq!(
        invalid["schema"]["$ref"],
        "#/components/schemas/InvalidProblem"
    );
    let title = &components["schemas"]["NewPost"]["properties"]["title"];
    assert_eq!(
        (&title["minLength"], &title["maxLength"]),
        (&json!(1), &json!(20))
    );
}

#[test]
fn the_document_is_deterministic() {
    async fn view(_: Request) -> Result<()> {
        Ok(())
    }
    let one = App::new()
        .resource("/posts", Posts::default())
        .get("/a", public(view));
    let other = App::new()
        .get("/a", public(view))
        .resource("/posts", Posts::default());
    let text = |app: App| app.openapi().unwrap().as_value().to_string();
    assert_eq!(text(one), text(other));
}

/// What has been said.
///
/// By anyone.
#[derive(Serialize, Deserialize, JsonSchema, Validate)]
#[schemars(example = Comment { text: "Fine.".into(), tone: Tone::Kind, stars: None })]
#[garde(allow_unvalidated)]
struct Comment {
    text: String,
    #[serde(default)]
    tone: Tone,
    stars: Option<u8>,
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
enum Tone {
    #[default]
    Kind,
    Rude,
}

struct Comments;

/// What people say.
///
/// All of it.
#[resource]
impl AsyncResource for Comments {
    type Access = Public;

    /// Says something,
    /// to everybody.
    ///
    /// It is not *moderated*.
    async fn create(&self, _: &Request, new: Comment) -> Result<Comment> {
        Ok(new)
    }

    async fn update(&self, _: &Request, _slug: String, new: Comment) -> Result<Comment> {
        Ok(new)
    }
}

#[test]
fn doc_comments_are_its_texts() {
    let document = App::new()
        .resource("/comments", Comments)
        .openapi()
        .unwrap();
    let create = operation(&document, "/comments", "post");
    assert_eq!(create["summary"], "Says something, to everybody.");
    assert_eq!(create["description"], "It is not *moderated*.");
    assert_eq!(
        operation(&document, "/comments/{id}", "put")["summary"],
        "Update comments"
    );
    let tags = &document.as_value()["tags"];
    assert_eq!(
        tags,
        &json!([{"name": "comments", "description": "What people say.\n\nAll of it."}])
    );
}

#[test]
fn different_input_and_output_are_two_schemas() {
    let document = App::new()
        .resource("/comments", Comments)
        .openapi()
        .unwrap();
    let create = operation(&document, "/comments", "post");
    assert_eq!(
        json_schema(&create["requestBody"])["$ref"],
        "#/components/schemas/CommentInput"
    );
    assert_eq!(
        json_schema(&create["responses"]["201"])["$ref"],
        "#/components/schemas/Comment"
    );
    let schemas = &document.as_value()["components"]["schemas"];
    assert_eq!(schemas["CommentInput"]["required"], json!(["text"]));
    assert_eq!(
        schemas["Comment"]["required"],
        json!(["text", "tone", "stars"])
    );
    assert_eq!(schemas["Comment"]["examples"][0]["text"], "Fine.");
    // The same as input and output: one schema.
    assert!(schemas["Tone"].is_object() && schemas.get("ToneInput").is_none());
    // PostgreSQL cannot store it, so it is refused everywhere.
    assert_eq!(
        schemas["CommentInput"]["properties"]["text"]["pattern"],
        r"^[^\u0000]*$"
    );
    assert!(
        schemas["Comment"]["properties"]["text"]
            .get("pattern")
            .is_none()
    );
}

mod other {
    use super::{Deserialize, JsonSchema, Serialize};

    #[derive(Serialize, Deserialize, JsonSchema)]
    pub(super) struct Comment {
        pub(super) number: u8,
    }

    #[derive(Serialize, JsonSchema)]
    pub(super) struct Comment2 {
        pub(super) number: u8,
    }

    #[derive(Serialize, JsonSchema)]
    pub(super) struct Inside {
        pub(super) comment: Comment,
    }
}

#[test]
fn two_types_of_one_name_are_an_error_with_both_names() {
    async fn view(_: Request) -> Result<Json<other::Inside>> {
        let comment = other::Comment { number: 1 };
        Ok(Json(other::Inside { comment }))
    }
    let app = App::new()
        .resource("/comments", Comments)
        .get("/inside", public(view));
    let errors = app.openapi().unwrap_err();
    let [error] = &errors.iter().collect::<Vec<_>>()[..] else {
        panic!("{errors}");
    };
    assert!(
        error.starts_with("two types have the schema name `Comment`: "),
        "{error}"
    );
    for part in [
        "document::Comment`",
        "one inside `",
        "other::Inside`",
        "document.rs:",
    ] {
        assert!(error.contains(part), "no {part} in {error}");
    }
    assert!(app.build().is_err());
    let unserved = App::new()
        .resource("/comments", Comments)
        .get("/inside", public(view))
        .without_openapi();
    assert!(unserved.build().is_ok());
}

#[test]
fn a_number_at_the_end_of_a_name_is_no_error() {
    async fn view(_: Request) -> Result<Json<other::Comment2>> {
        Ok(Json(other::Comment2 { number: 1 }))
    }
    let app = App::new()
        .resource("/comments", Comments)
        .get("/two", public(view));
    let document = app.openapi().unwrap();
    let schemas = document.as_value()["components"]["schemas"]
        .as_object()
        .unwrap();
    assert!(schemas.contains_key("Comment2") && schemas.contains_key("Comment"));
}

#[test]
fn one_resource_may_have_several_paths() {
    let app = App::new()
        .resource("/v1/posts", Posts::default())
        .resource("/v2/posts", Posts::default())
        .resource("/comments", Comments);
    let document = app.openapi().unwrap();
    let id = |path, method| operation(&document, path, method)["operationId"].clone();
    assert_eq!(id("/v1/posts", "get"), "v1.posts.list");
    assert_eq!(id("/v2/posts/{id}", "get"), "v2.posts.retrieve");
    assert_eq!(id("/comments", "post"), "comments.create");
}

/// Generated clients depend on ids.
#[test]
fn ids_are_stable_when_operations_are_added() {
    let ids = |app: App| {
        let document = app.openapi().unwrap();
        let paths = document.as_value()["paths"].as_object().unwrap().clone();
        let mut ids = std::collections::BTreeMap::new();
        for (path, methods) in paths {
            for (method, operation) in methods.as_object().unwrap() {
                let id = operation["operationId"].as_str().unwrap().to_owned();
                ids.insert(format!("{method} {path}"), id);
            }
        }
        ids
    };
    let before = || App::new().resource("/v1/posts", Posts::default());
    let plain = || App::new().resource("/posts", Posts::default());
    for (small, large) in [
        (before(), before().resource("/v2/posts", Posts::default())),
        (
            before(),
            App::new()
                .resource("/v2/posts", Posts::default())
                .resource("/v1/posts", Posts::default()),
        ),
        (plain(), plain().resource("/old/posts", Posts::default())),
        (plain(), plain().resource("/archive", Posts::default())),
    ] {
        let (small, large) = (ids(small), ids(large));
        for (operation, id) in &small {
            assert_eq!(large.get(operation), Some(id), "{operation}");
        }
        let all: std::collections::BTreeSet<_> = large.values().collect();
        assert_eq!(all.len(), large.len());
    }
}

#[test]
fn two_operations_with_one_given_id_are_an_error() {
    async fn view(_: Request) -> Result<()> {
        Ok(())
    }
    let view = || public(view).described(Description::new().operation_id("films.see"));
    let errors = App::new()
        .get("/a", view())
        .get("/b", view())
        .openapi()
        .unwrap_err();
    let text = errors.to_string();
    assert!(
        text.contains("two operations are called `films.see`, at "),
        "{text}"
    );
}

#[derive(Debug, thiserror::Error, Problem)]
enum FilmError {
    #[error("no film")]
    #[problem(status = 404, detail = "No such film.")]
    NoFilm,
    #[error("over")]
    #[problem(
        status = 410,
        type = "/problems/over",
        title = "It is over",
        retry_after = 5
    )]
    Over,
}

#[test]
fn problems_of_the_application_have_examples() {
    async fn film(_: Request) -> Result<String, FilmError> {
        Err(FilmError::Over)
    }
    let app = App::new()
        .get("/films/{name}", public(film))
        .get("/films", public(film))
        .map_problem(|_, problem| problem.with("hint", "Ask at the till."));
    let document = app.openapi().unwrap();
    let film = operation(&document, "/films/{name}", "get");
    assert_eq!(
        film["responses"]["410"]["$ref"],
        "#/components/responses/FilmError410"
    );
    assert!(
        !statuses(&film).contains(&"default"),
        "each of its problems is known"
    );
    let over = &document.as_value()["components"]["responses"]["FilmError410"];
    assert_eq!(over["description"], "It is over.");
    assert!(over["headers"]["Retry-After"].is_object());
    let example = &over["content"]["application/problem+json"]["examples"]["1"]["value"];
    assert_eq!(
        (&example["type"], &example["hint"]),
        (&json!("/problems/over"), &json!("Ask at the till."))
    );
    let _ = FilmError::NoFilm;
}

struct Members;

impl<R: Send + Sync> Access<R> for Members {
    type Caller = ();

    fn security(_: &R, action: Option<Action>) -> Vec<Security> {
        match action {
            Some(action) if action.is_safe() => vec![Security::Public],
            _ => vec![Security::HeaderKey("X-Key".into())],
        }
    }

    async fn check(_: &R, request: &Request) -> Result<()> {
        let _ = request;
        Ok(())
    }
}

struct Notes;

#[resource]
impl AsyncResource for Notes {
    type Access = Members;

    async fn retrieve(&self, _: &Request, Unchecked(id): Unchecked<u8>) -> Result<u8> {
        Ok(id)
    }

    async fn destroy(&self, _: &Request, _: Unchecked<u8>) -> Result<()> {
        Ok(())
    }
}

#[test]
fn access_sets_security_and_its_errors() {
    let document = App::new().resource("/notes", Notes).openapi().unwrap();
    let retrieve = operation(&document, "/notes/{id}", "get");
    assert_eq!(retrieve["security"], json!([]));
    assert!(!statuses(&retrieve).contains(&"401"));
    let destroy = operation(&document, "/notes/{id}", "delete");
    assert_eq!(destroy["security"], json!([{"x-key": []}]));
    assert!(statuses(&destroy).contains(&"401") && statuses(&destroy).contains(&"403"));
    let scheme = &document.as_value()["components"]["securitySchemes"]["x-key"];
    assert_eq!(
        scheme,
        &json!({"type": "apiKey", "in": "header", "name": "X-Key"})
    );
}

struct Ticket;

/// Tickets.
#[view]
impl AsyncView for Ticket {
    type Access = Public;

    async fn get(&self, _: Request) -> Result<Response> {
        Ok(().into_response())
    }

    /// Buys one.
    async fn post(&self, _: Request) -> Result<Response> {
        Ok(().into_response())
    }
}

#[test]
fn undescribed_views_are_documented_too() {
    async fn hello(_: Request) -> Result<&'static str> {
        Ok("hello")
    }
    async fn number(_: Request) -> Result<Json<u32>> {
        Ok(Json(1))
    }
    let app = App::new()
        .get("/hello", public(hello))
        .get("/rooms/{room}/number", public(number))
        .view("/ticket/", Ticket);
    let document = app.openapi().unwrap();
    let hello = operation(&document, "/hello", "get");
    assert_eq!(
        (&hello["operationId"], &hello["summary"]),
        (&json!("hello.get"), &json!("GET /hello"))
    );
    assert!(hello["responses"]["200"]["content"]["text/plain"].is_object());
    let number = operation(&document, "/rooms/{room}/number", "get");
    assert_eq!(number["operationId"], "rooms.room.number.get");
    assert_eq!(number["parameters"][0]["name"], "room");
    assert_eq!(json_schema(&number["responses"]["200"])["type"], "integer");
    assert_eq!(
        operation(&document, "/ticket/", "get")["summary"],
        "Tickets."
    );
    let buy = operation(&document, "/ticket/", "post");
    assert_eq!(buy["summary"], "Buys one.");
    assert!(buy["responses"]["2XX"].is_object());
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Wanted {
    /// In which language.
    #[garde(length(chars, min = 2, max = 2))]
    language: String,
    #[garde(range(min = 1))]
    year: Option<i32>,
}

struct Books;

#[resource]
impl AsyncResource for Books {
    type Access = Public;

    async fn list(
        &self,
        _: &Request,
        _: Filtered<Wanted, LimitOffset<5, 50>>,
    ) -> Result<Page<String>> {
        Ok(Page::all(vec![]))
    }
}

#[test]
fn filters_and_paging_are_parameters() {
    let document = App::new().resource("/books", Books).openapi().unwrap();
    let list = operation(&document, "/books", "get");
    let parameters = list["parameters"].as_array().unwrap();
    let find = |name: &str| parameters.iter().find(|one| one["name"] == name).unwrap();
    let language = find("language");
    assert_eq!(language["required"], true);
    assert_eq!(language["description"], "In which language.");
    assert_eq!(find("year")["schema"]["type"], "integer"); // a query cannot have null
    assert_eq!(find("year")["schema"]["minimum"], 1);
    assert_eq!(find("limit")["schema"]["maximum"], 50);
    assert_eq!(find("offset")["schema"]["default"], 0);
    let page = json_schema(&list["responses"]["200"]);
    assert_eq!(page["properties"]["pagination"]["required"][0], "offset");
}

#[derive(Serialize, JsonSchema)]
struct Letter {
    whole: Value,
    parts: Vec<Value>,
}

/// Some client generators do not support `true`, and drop a body without schema.
#[test]
fn an_unrestricted_value_has_an_empty_schema() {
    async fn letter(_: Request) -> Result<Json<Letter>> {
        Err(Error::not_found("There is no letter."))
    }
    let app = App::new().post(
        "/letters",
        public(letter).described(Description::new().body_of("application/json")),
    );
    let document = app.openapi().unwrap();
    let letter = operation(&document, "/letters", "post");
    assert_eq!(
        letter["requestBody"]["content"]["application/json"]["schema"],
        json!({})
    );
    let letter = &document.as_value()["components"]["schemas"]["Letter"]["properties"];
    assert_eq!(letter["whole"], json!({}));
    assert_eq!(letter["parts"]["items"], json!({}));
}

#[test]
fn info_and_server_are_documented() {
    let app = App::new()
        .info(Info::new("Films", "2.0.0").with_license("MIT"))
        .root_path("/v1/")
        .modify_openapi(|document| document["x-logo"] = "film.svg".into());
    let document = app.openapi().unwrap();
    let document = document.as_value();
    assert_eq!(document["info"]["license"]["identifier"], "MIT");
    assert_eq!(document["servers"], json!([{"url": "/v1"}]));
    assert_eq!(document["x-logo"], "film.svg");
}

#[tokio::test]
async fn options_returns_the_document_of_its_path_as_json() {
    let client = TestClient::new(
        App::new()
            .resource("/posts", Posts::default())
            .resource("/notes", Notes),
    )
    .unwrap();
    let options = |accept| {
        client
            .request(http::Method::OPTIONS, "/posts/7")
            .header("accept", accept)
    };
    for accept in ["*/*", "text/html", "application/json;q=0"] {
        let answer = options(accept).await;
        assert_eq!(
            (answer.status().as_u16(), answer.text()),
            (204, ""),
            "{accept}"
        );
    }
    let answer = options("text/html, application/json").await;
    assert_eq!(answer.status(), 200);
    assert_eq!(
        answer.headers()["allow"],
        "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"
    );
    let document = answer.json();
    let paths: Vec<_> = document["paths"].as_object().unwrap().keys().collect();
    assert_eq!(paths, ["/posts/{id}"]);
    let schemas = document["components"]["schemas"].as_object().unwrap();
    assert!(schemas.contains_key("Post") && schemas.contains_key("Problem"));
    assert!(
        document["components"]
            .get("securitySchemes")
            .is_none_or(|schemes| schemes == &json!({}))
    );
}

/// Formats that only schemars defines are written with standard keywords.
#[test]
fn formats_of_schemars_become_keywords_of_json_schema() {
    #[derive(Deserialize, JsonSchema, Validate)]
    #[garde(allow_unvalidated)]
    #[allow(dead_code)]
    struct Host {
        address: IpAddr,
        port: u32,
        weight: f32,
        #[garde(range(min = 1, max = 9))]
        priority: u64,
        #[serde(default)]
        shift: isize,
        labels: BTreeMap<String, u8>,
    }
    async fn add(mut request: Request) -> Result<()> {
        request.json::<Host>().await.map(drop)
    }

    let described = public(add).described(Description::new().body::<Host>());
    let document = App::new().post("/hosts", described).openapi().unwrap();
    let host = &document.as_value()["components"]["schemas"]["Host"]["properties"];
    let address = &host["address"];
    assert_eq!(address["format"], Value::Null);
    assert_eq!(
        address["anyOf"],
        json!([{"format": "ipv4"}, {"format": "ipv6"}])
    );
    let bounds = |name: &str| (host[name]["minimum"].clone(), host[name]["maximum"].clone());
    assert_eq!(bounds("port"), (json!(0), json!(u32::MAX)));
    assert_eq!(bounds("weight"), (json!(f32::MIN), json!(f32::MAX)));
    assert_eq!(bounds("priority"), (json!(1), json!(9)));
    assert_eq!(bounds("shift"), (json!(isize::MIN), json!(isize::MAX)));
    let names = &host["labels"]["propertyNames"];
    assert_eq!(names, &json!({"pattern": r"^[^\u0000]*$"}));
}

/// HTTP does not distinguish a missing from an empty body.
#[test]
fn a_body_is_required_if_an_empty_one_is_invalid() {
    async fn any(_: Request) -> Result<()> {
        Ok(())
    }
    for (media_type, required) in [
        ("application/octet-stream", false),
        ("text/csv", false),
        ("application/json", true),
        ("multipart/form-data", true),
    ] {
        let described = public(any).described(Description::new().body_of(media_type));
        let document = App::new().post("/", described).openapi().unwrap();
        let body = &operation(&document, "/", "post")["requestBody"];
        assert_eq!(body["required"], required, "{media_type}");
    }
}

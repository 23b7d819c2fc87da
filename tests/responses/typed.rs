//! Results of hooks and views that set status, header fields and content.

use resourceful::prelude::*;
use resourceful::{
    Accepted, Binary, Created, MediaType, Never, NoContent, Raw, Redirect, Status, Text,
    WithHeader, WithHeaders,
};
use serde_json::{Value, json};

use crate::fixture::Log;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Film {
    id: String,
}

#[derive(Deserialize, JsonSchema, Validate)]
#[garde(allow_unvalidated)]
struct NewFilm {
    id: String,
}

fn film(id: &str) -> Film {
    Film { id: id.to_owned() }
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
struct Limits {
    /// Requests that are left.
    quota_left: u32,
    x_quota_kind: Option<String>,
    tag: Vec<String>,
}

struct Html;

impl MediaType for Html {
    const NAME: &'static str = "text/html; charset=utf-8";
}

/// Each hook has a result of its own.
struct Films;

#[resource]
impl AsyncResource for Films {
    type Access = Public;

    async fn create(&self, _: &Request, new: NewFilm) -> Result<Created<Film>> {
        let created = Created(film(&new.id));
        Ok(created.at(new.id))
    }

    async fn retrieve(&self, _: &Request, id: String) -> Result<WithHeaders<Film, Limits>> {
        Ok(film(&id).with_headers(Limits {
            quota_left: 41,
            x_quota_kind: None,
            tag: vec!["a".into(), "b".into()],
        }))
    }

    async fn update(&self, _: &Request, id: String, _: NewFilm) -> Result<Status<203, Film>> {
        Ok(Status(film(&id)))
    }

    async fn partial_update(&self, _: &Request, _: String, _: NewFilm) -> Result<NoContent> {
        Ok(NoContent)
    }

    async fn destroy(&self, _: &Request, id: String) -> Result<Accepted<Film>> {
        Ok(Accepted(film(&id)).at_path("/jobs/7").retry_after(5))
    }

    #[action(POST, "copies/deep")]
    async fn copy(&self, _: &Request, id: String) -> Result<Created<NoContent>> {
        Ok(Created(NoContent).at(format!("{id}-copy")))
    }

    #[action(POST, "import")]
    async fn import(&self, _: &Request) -> Result<Accepted<NoContent>> {
        Ok(Accepted(NoContent).at("a/b"))
    }

    #[action(GET, "cookies")]
    async fn cookies(&self, _: &Request) -> Result<WithHeader<Vec<Film>>> {
        let cookies = vec![].with_header("set-cookie", "a=1");
        Ok(cookies
            .and("set-cookie", "b=2")
            .and("content-type", "application/vnd.films+json"))
    }

    #[action(GET, "split")]
    async fn split(&self, _: &Request) -> Result<WithHeader<Text>> {
        Ok(Text::from("a").with_header("x-user", "a\r\nset-cookie: b=2"))
    }

    #[action(GET, "subtitles")]
    async fn subtitles(&self, _: &Request, id: String) -> Result<Text> {
        Ok(Text(id))
    }

    #[action(GET, "page")]
    async fn page(&self, _: &Request, id: String) -> Result<Binary<Html>> {
        Ok(Binary::new(format!("<p>{id}")))
    }

    #[action(GET, "file")]
    async fn file(&self, _: &Request, id: String) -> Result<Binary> {
        Ok(Binary::new(id))
    }

    #[action(GET, "raw")]
    async fn raw(&self, _: &Request, _id: String) -> Result<Raw> {
        Ok(Raw("raw".into_response()))
    }
}

fn app() -> App {
    App::new().resource("/films", Films)
}

fn client() -> TestClient {
    TestClient::new(app()).unwrap()
}

/// Status, `Location` and body.
async fn of(request: resourceful::TestRequest) -> (u16, String, String) {
    let response = request.await;
    let location = response.headers().get("location");
    let location = location.map_or("", |location| location.to_str().unwrap());
    (
        response.status().as_u16(),
        location.to_owned(),
        response.text().to_owned(),
    )
}

#[tokio::test]
async fn each_hook_has_its_own_status() {
    let client = client();
    let new = json!({"id": "a b"});
    let expected =
        |status, location: &str, body: &str| (status, location.to_owned(), body.to_owned());
    assert_eq!(
        of(client.post("/films").json(&new)).await,
        expected(201, "/films/a%20b", r#"{"id":"a b"}"#)
    );
    assert_eq!(
        of(client.put("/films/7").json(&new)).await,
        expected(203, "", r#"{"id":"7"}"#)
    );
    assert_eq!(
        of(client.patch("/films/7").json(&new)).await,
        expected(204, "", "")
    );
    assert_eq!(
        of(client.delete("/films/7")).await,
        expected(202, "/jobs/7", r#"{"id":"7"}"#)
    );
    assert_eq!(
        client.delete("/films/7").await.headers()["retry-after"],
        "5"
    );
}

#[tokio::test]
async fn a_location_is_relative_to_the_collection() {
    let ids = [("/films", ""), ("/films/", "/"), ("/v1/x/films", "")];
    for (collection, end) in ids {
        let client = TestClient::new(App::new().resource(collection, Films)).unwrap();
        let parent = collection.trim_end_matches('/');
        let copy = client.post(&format!("{parent}/7/copies/deep{end}"));
        let location = format!("{parent}/7-copy{end}");
        assert_eq!(of(copy).await, (201, location, String::new()));
        let import = client.post(&format!("{parent}/import{end}"));
        let location = format!("{parent}/a%2Fb{end}");
        assert_eq!(of(import).await, (202, location, String::new()));
    }
    let client = TestClient::new(app().root_path("/api")).unwrap();
    let copy = of(client.post("/films/7/copies/deep")).await;
    assert_eq!(copy.1, "/api/films/7-copy");
    assert_eq!(of(client.delete("/films/7")).await.1, "/api/jobs/7");
}

#[tokio::test]
async fn a_path_cannot_lead_to_another_host() {
    async fn anywhere(request: Request) -> Result<Created<NoContent>> {
        let target = request.header("x-target").unwrap_or_default();
        Ok(Created(NoContent).at_path(target))
    }
    let client = TestClient::new(App::new().post("/", public(anywhere))).unwrap();
    for (target, location) in [
        ("/a b/?q=ü", "/a%20b/?q=%C3%BC"),
        ("https://example.com/a", "https://example.com/a"),
        ("/a\\b", "/a%5Cb"),
        ("//example.com/a", ""),
        ("/\\example.com/a", ""),
        ("javascript:alert(1)", ""),
        ("a", ""),
    ] {
        // A header field of a request cannot have these characters.
        let target = target.replace('ü', "%C3%BC");
        let request = client.post("/").header("x-target", &target);
        assert_eq!(of(request).await.1, location, "{target}");
    }
}

#[tokio::test]
async fn fields_are_added_and_the_content_type_is_replaced() {
    let response = client().get("/films/cookies").await;
    let cookies = response.headers().get_all("set-cookie");
    assert_eq!(cookies.iter().collect::<Vec<_>>(), ["a=1", "b=2"]);
    let types = response.headers().get_all("content-type");
    let types: Vec<_> = types.iter().collect();
    assert_eq!(types, ["application/vnd.films+json"]);

    let response = client().get("/films/7").await;
    assert_eq!(response.headers()["quota-left"], "41");
    assert_eq!(response.headers().get("x-quota-kind"), None);
    let tags = response.headers().get_all("tag");
    assert_eq!(tags.iter().collect::<Vec<_>>(), ["a", "b"]);
}

#[tokio::test]
async fn a_value_cannot_add_a_field() {
    let log = Log::default();
    let _listening = tracing::subscriber::set_default(log.subscriber(tracing::Level::ERROR));
    let response = client().get("/films/split").await;
    assert_eq!(response.status(), 500);
    assert!(response.headers().get("set-cookie").is_none());
    let log = log.text();
    assert!(
        log.contains("the value of `x-user` cannot be in a header field"),
        "{log}"
    );
}

#[tokio::test]
async fn content_has_its_media_type() {
    let client = client();
    for (path, media_type, text) in [
        ("/films/7/subtitles", "text/plain; charset=utf-8", "7"),
        ("/films/7/page", "text/html; charset=utf-8", "<p>7"),
        ("/films/7/file", "application/octet-stream", "7"),
    ] {
        let response = client.get(path).await;
        assert_eq!(response.headers()["content-type"], media_type);
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(response.text(), text);
    }
}

/// `Accept` is compared with the media type of the result, not with JSON.
#[tokio::test]
async fn accept_is_compared_with_the_media_type_of_the_result() {
    let client = client();
    for (path, accept, status) in [
        ("/films/7/page", "text/html, */*;q=0", 200),
        ("/films/7/page", "text/html;q=0, application/json", 406),
        ("/films/7/subtitles", "text/*", 200),
        ("/films/7/raw", "*/*;q=0", 200),
        ("/films/7", "text/html, */*;q=0", 406),
    ] {
        let response = client.get(path).header("accept", accept).await;
        assert_eq!(response.status(), status, "{path} {accept}");
    }
}

fn operation(path: &str, method: &str) -> Value {
    app().openapi().unwrap().as_value()["paths"][path][method].clone()
}

fn success(operation: &Value) -> (Vec<String>, Value) {
    let responses = operation["responses"].as_object().unwrap();
    let keys = responses.keys().filter(|key| key.starts_with('2'));
    let keys: Vec<_> = keys.cloned().collect();
    let first = responses[&keys[0]].clone();
    (keys, first)
}

#[test]
fn the_document_has_status_fields_and_content_of_each_type() {
    let film = json!({"application/json": {"schema": {"$ref": "#/components/schemas/Film"}}});
    for (path, method, status, headers, content) in [
        ("/films", "post", "201", vec!["Location"], film.clone()),
        ("/films/{id}", "put", "203", vec![], film.clone()),
        ("/films/{id}", "patch", "204", vec![], Value::Null),
        (
            "/films/{id}",
            "delete",
            "202",
            vec!["Location", "Retry-After"],
            film.clone(),
        ),
        (
            "/films/{id}",
            "get",
            "200",
            vec!["quota-left", "tag", "x-quota-kind"],
            film,
        ),
        (
            "/films/{id}/copies/deep",
            "post",
            "201",
            vec!["Location"],
            Value::Null,
        ),
        (
            "/films/{id}/subtitles",
            "get",
            "200",
            vec![],
            json!({"text/plain": {"schema": {"type": "string"}}}),
        ),
        (
            "/films/{id}/page",
            "get",
            "200",
            vec![],
            json!({"text/html": {"schema": {"type": "string"}}}),
        ),
        (
            "/films/{id}/file",
            "get",
            "200",
            vec![],
            json!({"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}),
        ),
    ] {
        let operation = operation(path, method);
        let (keys, response) = success(&operation);
        assert_eq!(keys, [status], "{method} {path}");
        let given = response["headers"].as_object();
        let names: Vec<_> = given.into_iter().flat_map(|given| given.keys()).collect();
        assert_eq!(names, headers, "{method} {path}");
        assert_eq!(response["content"], content, "{method} {path}");
    }
    let quota = &operation("/films/{id}", "get")["responses"]["200"]["headers"];
    assert_eq!(
        quota["quota-left"]["description"],
        "Requests that are left."
    );
    assert_eq!(quota["quota-left"]["required"], true);
    assert_eq!(quota["x-quota-kind"]["required"], Value::Null);
    // A result without a media type cannot be refused by `Accept`.
    let raw = operation("/films/{id}/raw", "get");
    assert_eq!(raw["responses"].get("406"), None);
}

/// A plain item is 201, `location_id` is its `Location`; that of the result itself has precedence.
#[tokio::test]
async fn create_can_return_an_item_or_accepted_work() {
    struct Jobs;

    #[resource(name = "jobs")]
    impl AsyncResource for Jobs {
        type Access = Public;

        async fn create(&self, _: &Request, new: NewFilm) -> Result<Accepted<Film>> {
            Ok(Accepted(film(&new.id)).at(7))
        }

        fn location_id(&self, _: &Accepted<Film>) -> Option<Never> {
            None
        }
    }

    let app = App::new().resource("/jobs", Jobs);
    let document = app.openapi().unwrap();
    let operation = &document.as_value()["paths"]["/jobs"]["post"];
    assert_eq!(success(operation).0, ["202"]);
    let client = TestClient::new(app).unwrap();
    let created = of(client.post("/jobs").json(&json!({"id": "a"}))).await;
    assert_eq!(
        created,
        (202, "/jobs/7".to_owned(), r#"{"id":"a"}"#.to_owned())
    );
}

#[tokio::test]
async fn a_redirect_is_typed() {
    #[endpoint]
    async fn created(_request: &Request) -> Result<Redirect> {
        Ok(Redirect::see_other("/films/7"))
    }
    #[endpoint]
    async fn moved() -> Result<Redirect<308>> {
        Ok(Redirect::permanent("https://films.example/é"))
    }
    #[endpoint]
    async fn away() -> Result<Redirect<307>> {
        Ok(Redirect::temporary("//evil.example"))
    }
    let app = App::new()
        .post("/films", public(created))
        .get("/moved", public(moved))
        .get("/away", public(away))
        .root_path("/api");
    let client = TestClient::new(app).unwrap();
    let response = client.post("/films").await;
    assert_eq!(response.status(), 303);
    assert_eq!(response.headers()["location"], "/api/films/7");
    let response = client.get("/moved").await;
    assert_eq!(response.status(), 308);
    assert_eq!(
        response.headers()["location"],
        "https://films.example/%C3%A9"
    );
    assert_eq!(client.get("/away").await.status(), 500);
    let document = client.get("/openapi.json").await.json();
    let responses = &document["paths"]["/films"]["post"]["responses"];
    assert!(responses["303"]["headers"]["Location"].is_object());
    assert!(responses.get("200").is_none());
}

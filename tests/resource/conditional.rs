//! Conditional requests to a resource with validators (RFC 9110 section 13), and `Prefer` (RFC 7240).

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use http::{Method, StatusCode};
use resourceful::prelude::*;
use resourceful::{TestResponse, Validators};

#[derive(Clone, Serialize, JsonSchema)]
struct Note {
    id: i64,
    text: String,
    version: u64,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct NewNote {
    #[garde(skip)]
    text: String,
}

/// One note, with the number 1.
#[derive(Default)]
struct Notes(Mutex<Option<Note>>);

/// The time of the last change.
fn changed_at() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(1_767_312_000_500)
}
const LATER: &str = "Fri, 02 Jan 2026 23:59:59 GMT";
const AT: &str = "Fri, 02 Jan 2026 00:00:00 GMT";
const LONG_BEFORE: &str = "Thu, 01 Jan 2026 00:00:00 GMT";

impl Notes {
    fn with_one() -> Self {
        Self(Mutex::new(Some(Note {
            id: 1,
            text: "one".to_owned(),
            version: 1,
        })))
    }

    fn write(&self, id: i64, text: &str) -> Result<Note> {
        let mut note = self.0.lock().unwrap();
        let note = note.as_mut().filter(|note| note.id == id);
        let note = note.ok_or_else(|| Error::not_found("no such note"))?;
        text.clone_into(&mut note.text);
        note.version += 1;
        Ok(note.clone())
    }
}

#[resource]
impl AsyncResource for Notes {
    type Access = Public;

    async fn list(&self, _: &Request, _: Unpaged) -> Result<Page<Note>> {
        Ok(Page::all(self.0.lock().unwrap().iter().cloned().collect()))
    }

    async fn create(&self, _: &Request, new: NewNote) -> Result<Note> {
        let note = Note {
            id: 1,
            text: new.text,
            version: 1,
        };
        Ok(self.0.lock().unwrap().insert(note).clone())
    }

    async fn retrieve(&self, _: &Request, id: i64) -> Result<Note> {
        let note = self.0.lock().unwrap();
        let note = note.as_ref().filter(|note| note.id == id);
        note.cloned()
            .ok_or_else(|| Error::not_found("no such note"))
    }

    async fn update(&self, _: &Request, id: i64, note: NewNote) -> Result<Note> {
        self.write(id, &note.text)
    }

    async fn partial_update(&self, _: &Request, id: i64, note: NewNote) -> Result<Note> {
        self.write(id, &note.text)
    }

    async fn destroy(&self, _: &Request, _: i64) -> Result<()> {
        self.0.lock().unwrap().take();
        Ok(())
    }

    fn location_id(&self, note: &Note) -> Option<i64> {
        Some(note.id)
    }

    fn validators(&self, note: &Note) -> Validators {
        Validators::version(note.version).and_last_modified(changed_at())
    }
}

fn client() -> TestClient {
    TestClient::new(App::new().resource("/notes", Notes::with_one())).unwrap()
}

async fn send(
    client: &TestClient,
    method: &str,
    path: &str,
    fields: &[(&str, &str)],
) -> TestResponse {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let has_body = matches!(method, Method::POST | Method::PUT | Method::PATCH);
    let mut request = client.request(method, path);
    for (name, value) in fields {
        request = request.header(name, value);
    }
    if has_body {
        request = request.json(&serde_json::json!({"text": "changed"}));
    }
    request.await
}

fn tag(response: &TestResponse) -> String {
    response.headers()["etag"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_item_and_a_list_have_validators_and_are_revalidated() {
    let client = client();
    for path in ["/notes/1", "/notes"] {
        let first = client.get(path).await;
        assert_eq!(
            first.headers()["cache-control"],
            "private, no-cache",
            "{path}"
        );
        let tag = tag(&first);
        for method in ["GET", "HEAD"] {
            let again = send(&client, method, path, &[("if-none-match", &tag)]).await;
            assert_eq!(again.status(), 304, "{method} {path}");
            assert_eq!(again.text(), "");
            assert_eq!(again.headers()["etag"], tag);
            assert_eq!(again.headers()["cache-control"], "private, no-cache");
            assert!(!again.headers().contains_key("content-type"));
        }
        send(&client, "PUT", "/notes/1", &[]).await;
        let changed = send(&client, "GET", path, &[("if-none-match", &tag)]).await;
        assert_eq!(changed.status(), 200, "{path}");
        assert_ne!(changed.headers()["etag"], tag);
    }
    assert_eq!(client.get("/notes/1").await.headers()["last-modified"], AT);
    let error = client.get("/notes/7").await;
    assert_eq!(error.headers()["cache-control"], "no-store");
    assert!(!error.headers().contains_key("etag"));
}

/// RFC 9110 section 13.2.2.
#[tokio::test]
async fn a_change_with_a_false_precondition_is_refused_before_its_hook() {
    for method in ["PUT", "PATCH", "DELETE"] {
        let client = client();
        let current = tag(&client.get("/notes/1").await);
        let weak = format!("W/{current}");
        let several = format!("\"other\", {current}");
        let same_version = "\"1-0000000000000000\"";
        for fields in [
            &[("if-match", "\"other\"")][..],
            &[("if-match", same_version)],
            &[("if-match", &weak)],
            &[("if-match", "")],
            &[("if-none-match", "*")],
            &[("if-none-match", &current)],
            &[("if-none-match", &weak)],
            &[("if-unmodified-since", LONG_BEFORE)],
            &[("if-match", "*"), ("if-none-match", "*")],
        ] {
            let refused = send(&client, method, "/notes/1", fields).await;
            assert_eq!(
                refused.status(),
                412,
                "{method} {fields:?}: {}",
                refused.text()
            );
            assert_eq!(
                tag(&client.get("/notes/1").await),
                current,
                "{method} {fields:?}"
            );
        }
        let missing = send(&client, method, "/notes/7", &[("if-match", "*")]).await;
        assert_eq!(missing.status(), 404);
        for fields in [
            &[("if-match", current.as_str())][..],
            &[("if-match", &several)],
            &[("if-match", "*")],
            &[("if-none-match", "\"other\"")],
            &[("if-unmodified-since", LATER)],
            &[("if-unmodified-since", "yesterday")],
            // It is not about changes.
            &[("if-modified-since", LATER)],
            &[("if-match", &current), ("if-unmodified-since", LONG_BEFORE)],
        ] {
            let client = self::client();
            let changed = send(&client, method, "/notes/1", fields).await;
            assert!(
                changed.status().is_success(),
                "{method} {fields:?}: {}",
                changed.text()
            );
        }
    }
}

#[tokio::test]
async fn the_tag_of_a_change_is_that_of_the_next_read() {
    let client = client();
    let created = send(&client, "POST", "/notes", &[("if-none-match", "*")]).await;
    assert_eq!(created.status(), 201);
    assert_eq!(tag(&created), tag(&client.get("/notes/1").await));
    for method in ["PUT", "PATCH"] {
        let changed = send(&client, method, "/notes/1", &[]).await;
        assert_eq!(
            tag(&changed),
            tag(&client.get("/notes/1").await),
            "{method}"
        );
        // The response to a change is not kept.
        assert_eq!(changed.headers()["cache-control"], "no-store");
    }
}

#[tokio::test]
async fn a_client_may_prefer_no_content() {
    let client = client();
    for (method, path, status) in [
        ("POST", "/notes", StatusCode::CREATED),
        ("PUT", "/notes/1", StatusCode::NO_CONTENT),
        ("PATCH", "/notes/1", StatusCode::NO_CONTENT),
    ] {
        let minimal = send(&client, method, path, &[("prefer", "return=minimal")]).await;
        assert_eq!(minimal.status(), status, "{method}");
        assert_eq!(minimal.text(), "");
        assert_eq!(minimal.headers()["preference-applied"], "return=minimal");
        assert_eq!(tag(&minimal), tag(&client.get("/notes/1").await));
        assert_eq!(minimal.headers().contains_key("location"), method == "POST");
        let whole = send(
            &client,
            method,
            path,
            &[("prefer", "return=representation")],
        )
        .await;
        assert!(whole.text().contains("changed"));
        assert!(!whole.headers().contains_key("preference-applied"));
    }
    let read = send(&client, "GET", "/notes/1", &[("prefer", "return=minimal")]).await;
    assert!(read.text().contains("changed"));
}

/// The same notes; each change names the state that it replaces.
struct Strict(Arc<Notes>);

#[resource]
impl AsyncResource for Strict {
    type Access = Public;
    const REQUIRE_IF_MATCH: bool = true;
    const CACHE_CONTROL: Option<&'static str> = Some("max-age=60");

    async fn retrieve(&self, request: &Request, id: i64) -> Result<Note> {
        self.0.retrieve(request, id).await
    }

    async fn update(&self, _: &Request, id: i64, note: NewNote) -> Result<Note> {
        self.0.write(id, &note.text)
    }

    async fn destroy(&self, request: &Request, id: i64) -> Result<()> {
        self.0.destroy(request, id).await
    }

    fn validators(&self, note: &Note) -> Validators {
        Validators::version(note.version)
    }
}

#[tokio::test]
async fn a_resource_may_require_a_precondition() {
    let strict = Strict(Arc::new(Notes::with_one()));
    let client = TestClient::new(App::new().resource("/notes", strict)).unwrap();
    let read = client.get("/notes/1").await;
    assert_eq!(read.headers()["cache-control"], "max-age=60");
    assert!(!read.headers().contains_key("last-modified"));
    for method in ["PUT", "DELETE"] {
        for fields in [&[][..], &[("if-none-match", "\"other\"")]] {
            let refused = send(&client, method, "/notes/1", fields).await;
            assert_eq!(refused.status(), 428, "{method} {fields:?}");
            assert!(
                refused.json()["detail"]
                    .as_str()
                    .unwrap()
                    .contains("If-Match")
            );
        }
        let tag = tag(&client.get("/notes/1").await);
        let changed = send(&client, method, "/notes/1", &[("if-match", &tag)]).await;
        assert!(changed.status().is_success(), "{method}");
    }
}

#[tokio::test]
async fn conditional_requests_are_in_the_document() {
    let strict = Strict(Arc::new(Notes::with_one()));
    let app = App::new()
        .resource("/notes", Notes::with_one())
        .resource("/strict", strict);
    let document = app.openapi().unwrap();
    let document: serde_json::Value = document.as_value().clone();
    let parameters = |operation: &serde_json::Value| -> Vec<(String, bool)> {
        let parameters = operation["parameters"].as_array().unwrap().iter();
        let fields = parameters.filter(|parameter| parameter["in"] == "header");
        fields
            .map(|parameter| {
                let required = parameter["required"] == true;
                (parameter["name"].as_str().unwrap().to_owned(), required)
            })
            .collect()
    };
    let item = &document["paths"]["/notes/{id}"];
    let named = |name: &str, required| (name.to_owned(), required);
    assert_eq!(parameters(&item["get"]), [named("If-None-Match", false)]);
    assert_eq!(
        parameters(&item["put"]),
        [named("If-Match", false), named("Prefer", false)]
    );
    assert_eq!(parameters(&item["delete"]), [named("If-Match", false)]);
    for (method, status) in [
        ("get", "304"),
        ("get", "412"),
        ("put", "412"),
        ("put", "204"),
    ] {
        assert!(
            item[method]["responses"][status].is_object(),
            "{method} {status}"
        );
    }
    assert!(item["get"]["responses"]["200"]["headers"]["ETag"].is_object());
    assert!(item["put"]["responses"]["428"].is_null());
    let strict = &document["paths"]["/strict/{id}"]["put"];
    assert_eq!(
        parameters(strict),
        [named("If-Match", true), named("Prefer", false)]
    );
    assert!(strict["responses"]["428"].is_object());
}

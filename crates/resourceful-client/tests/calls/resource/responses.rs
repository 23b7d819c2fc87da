//! Responses to calls of a resource, and their types.

use std::error::Error as _;
use std::time::Duration;

use http::StatusCode;
use resourceful::prelude::*;
use resourceful_client::{Client, ClientError, ResourceClient, ResourceError};
use resourceful_test_parts::{Behaviour, Upstream};

use super::notes::{NewNote, NoteFilter, Notes, notes, start};
use crate::builder;

fn first(filter: NoteFilter) -> Filtered<NoteFilter, PageNumber> {
    let paging = PageNumber::FIRST;
    Filtered { filter, paging }
}

fn problem_of<T: std::fmt::Debug>(result: Result<T, ResourceError>) -> Problem {
    match result {
        Err(ResourceError::Problem(problem)) => *problem,
        other => panic!("no problem: {other:?}"),
    }
}

#[tokio::test]
async fn every_wrong_field_is_named() {
    let notes = notes().await;
    let wrong = NewNote {
        text: "x".repeat(101),
        tags: vec!["a".to_owned(), String::new()],
        ..Default::default()
    };
    let problem = problem_of(notes.create(&wrong).await);
    assert_eq!(problem.status(), 422);
    let places: Vec<_> = problem.errors().iter().map(FieldError::location).collect();
    assert_eq!(places, ["/name", "/tags/1", "/text"]);
    assert_eq!(problem.detail(), Some("Some fields are wrong."));
    assert_eq!(problem.member("error").unwrap(), "Some fields are wrong.");

    let text = Some("x".repeat(21));
    let filter = NoteFilter {
        text,
        ..Default::default()
    };
    let problem = problem_of(notes.list(&first(filter)).await);
    let expected = FieldError::query("text", "length is greater than 20");
    assert_eq!(problem.errors(), [expected]);
}

#[tokio::test]
async fn a_refusal_is_the_hooks_problem() {
    let notes = notes().await;
    let error = notes.retrieve(&"a".to_owned()).await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::NOT_FOUND));
    let problem = error.problem().unwrap();
    assert_eq!(
        (problem.title(), problem.problem_type()),
        ("Not Found", "about:blank")
    );
    assert_eq!(problem.detail(), Some("Note not found"));
    // The service does not pass it on to its own clients.
    let error = Error::from(error);
    assert_eq!(error.status(), 502);
    assert_eq!(error.detail(), Some("The external service failed."));
    assert!(error.to_string().contains("Note not found"), "{error}");
}

#[tokio::test]
async fn missing_credentials_are_401() {
    let client = Client::new(&start("/notes").await).unwrap();
    let notes = ResourceClient::<Notes>::with_client(client, "/v1/notes").unwrap();
    let problem = problem_of(notes.list(&first(NoteFilter::default())).await);
    assert_eq!(problem.status(), 401);
}

/// Returns the error of retrieving a note from an upstream with this behaviour.
async fn retrieve_error(behaviour: Behaviour) -> ResourceError {
    let upstream = Upstream::start();
    upstream.on("/notes/a", behaviour);
    let client = builder(&upstream).retries(0).build().unwrap();
    let notes = ResourceClient::<Notes>::with_client(client, "/notes").unwrap();
    notes.retrieve(&"a".to_owned()).await.unwrap_err()
}

fn response(status: &'static str, kind: &str, body: &str) -> Behaviour {
    Behaviour::Respond(status, format!("Content-Type: {kind}\r\n"), body.to_owned())
}

#[tokio::test]
async fn an_error_without_a_problem_is_its_status() {
    let problem = "application/problem+json";
    let cut_off = format!(r#"{{"title": "{}"}}"#, "x".repeat(70_000));
    for (kind, body) in [
        ("text/html", "<html>Bad Gateway</html>"),
        (
            "application/json",
            r#"{"status": 404, "title": "Not Found"}"#,
        ),
        (problem, "<html>Bad Gateway</html>"),
        (problem, r#"["Bad Gateway"]"#),
        (problem, ""),
        (problem, &cut_off),
    ] {
        let error = retrieve_error(response("502 Bad Gateway", kind, body)).await;
        assert_eq!(error.status(), Some(StatusCode::BAD_GATEWAY), "{error}");
        assert!(error.problem().is_none(), "{kind}: {body}");
        let ResourceError::Client(ClientError::Status { body: kept, .. }) = error else {
            panic!("{error:?}");
        };
        assert!(body.as_bytes().starts_with(&kept), "{kept:?}");
    }
}

#[tokio::test]
async fn problems_of_other_servers_are_parsed() {
    let kind = "Application/Problem+JSON; charset=utf-8";
    for (body, status) in [
        ("{}", 409),
        (r#"{"status": "404", "title": 7}"#, 409),
        (r#"{"status": 200}"#, 409),
        (r#"{"status": 404, "errors": {"name": ["is taken"]}}"#, 404),
    ] {
        let error = retrieve_error(response("409 Conflict", kind, body)).await;
        assert_eq!(error.problem().unwrap().status(), status, "{body}");
    }
    let body = r#"{"title": "Gone", "instance": "/notes/a", "errors": {"name": ["is taken"]}}"#;
    let problem = problem_of(Err::<(), _>(
        retrieve_error(response("410 Gone", kind, body)).await,
    ));
    assert_eq!(problem.member("instance").unwrap(), "/notes/a");
    assert_eq!(problem.errors(), []);
    assert_eq!(problem.member("errors").unwrap()["name"][0], "is taken");
}

#[tokio::test]
async fn a_decode_error_names_the_place() {
    let source = |error: ResourceError| {
        let ResourceError::Client(error @ ClientError::Decode(_)) = error else {
            panic!("{error:?}");
        };
        error.source().unwrap().to_string()
    };
    let wrong = r#"{"name": "a", "text": "x", "tags": ["y", 7]}"#;
    let error = source(retrieve_error(Behaviour::Json(wrong.to_owned())).await);
    assert!(
        error.starts_with("tags[1]: invalid type: integer `7`"),
        "{error}"
    );
    let error = source(retrieve_error(Behaviour::Json("<html>".to_owned())).await);
    assert!(error.starts_with("expected value"), "{error}");

    let upstream = Upstream::start();
    let notes = ResourceClient::<Notes>::new(&format!("{}/notes", upstream.url())).unwrap();
    for (page, expected) in [
        (
            r#"{"notes": [{"name": "a"}]}"#,
            "notes[0]: missing field `text`",
        ),
        (r#"{"posts": []}"#, "missing member `notes`"),
    ] {
        upstream.json("/notes?limit=10&page=1&tags=x%26y", page);
        let tags = vec!["x&y".to_owned()];
        let filter = NoteFilter {
            tags,
            ..Default::default()
        };
        let error = source(notes.list(&first(filter)).await.unwrap_err());
        assert!(error.starts_with(expected), "{error}");
    }
}

#[tokio::test]
async fn calls_time_out_and_safe_ones_are_retried() {
    let error = retrieve_error(Behaviour::Hang).await;
    assert!(
        matches!(error, ResourceError::Client(ClientError::Timeout)),
        "{error:?}"
    );

    let upstream = Upstream::start();
    let busy = || response("503 Service Unavailable", "application/problem+json", "{}");
    let note = r#"{"name": "a", "text": "x", "tags": []}"#.to_owned();
    let busy_first = Behaviour::Sequence(Box::new(busy()), Box::new(Behaviour::Json(note)));
    upstream.on("/notes/a/", busy_first.clone());
    upstream.on("/notes/", busy_first);
    let client = builder(&upstream)
        .timeout(Duration::from_secs(5))
        .build()
        .unwrap();
    let notes = ResourceClient::<Notes>::with_client(client, "/notes/").unwrap();
    let note = notes.retrieve(&"a".to_owned()).await.unwrap();
    assert_eq!(note.text, "x");
    let problem = problem_of(notes.create(&NewNote::default()).await);
    assert_eq!(problem.status(), 503);
    assert_eq!(upstream.requests().len(), 3);
}

#[tokio::test]
async fn a_serialized_keep_is_not_sent() {
    #[derive(Debug, Default, Serialize, Deserialize, JsonSchema, Validate)]
    #[serde(default)]
    struct Careless {
        #[garde(skip)]
        color: Change<Option<String>>,
    }

    struct Pens;

    #[resource]
    impl AsyncResource for Pens {
        type Access = Public;

        async fn partial_update(&self, _: &Request, _: i64, _: Careless) -> Result<i64> {
            Ok(7)
        }
    }

    let upstream = Upstream::start();
    let pens = ResourceClient::<Pens>::new(upstream.url()).unwrap();
    let error = pens
        .partial_update(&1, &Careless::default())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("skip_serializing_if"), "{error}");
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn a_call_on_behalf_of_a_request_carries_its_id() {
    #[endpoint]
    async fn view(
        notes: &ResourceClient<Notes>,
        request: &Request,
        name: String,
    ) -> Result<String> {
        Ok(notes.on_behalf_of(request).retrieve(&name).await?.text)
    }
    let upstream = Upstream::start();
    upstream.json("/notes/a", r#"{"name": "a", "text": "x", "tags": []}"#);
    let notes = ResourceClient::<Notes>::new(&format!("{}/notes", upstream.url())).unwrap();
    let app = App::new().get("/{name}", public(view).state(&notes));
    let service = TestClient::new(app).unwrap();
    let response = service.get("/a").header("x-request-id", "abc-1").await;
    assert_eq!(response.text(), "x");
    assert!(upstream.requests()[0].contains("x-request-id: abc-1\r\n"));
    assert_eq!(service.get("/b").await.status(), 502);
}

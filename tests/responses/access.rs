use http_body::SizeHint;
use resourceful::Body;
use resourceful::prelude::*;

use crate::fixture::{NewPost, OddBody};

struct Notes {
    token: &'static str,
}

struct WithToken;

impl Access<Notes> for WithToken {
    type Caller = ();

    async fn check(notes: &Notes, request: &Request) -> Result<()> {
        match request.header("authorization") {
            None => Err(Error::unauthorized("Bearer realm=\"notes\"")),
            Some(_) if request.action() == Some(Action::Destroy) => {
                Err(Error::forbidden("Notes are for ever."))
            }
            Some(token) if token.strip_prefix("Bearer ") == Some(notes.token) => Ok(()),
            Some(_) => Err(Error::unauthorized("Bearer error=\"invalid_token\"")),
        }
    }
}

#[resource]
impl AsyncResource for Notes {
    type Access = WithToken;

    async fn create(&self, _: &Request, note: NewPost) -> Result<String> {
        Ok(note.title)
    }

    async fn destroy(&self, _: &Request, _: Unchecked<i64>) -> Result<()> {
        Ok(())
    }
}

fn client() -> TestClient {
    TestClient::new(App::new().resource("/notes", Notes { token: "s3cret" })).unwrap()
}

#[tokio::test]
async fn a_stranger_is_401_with_a_challenge() {
    let response = client()
        .post("/notes")
        .json(&serde_json::json!({"title": "x"}))
        .await;
    assert_eq!(response.status(), 401);
    assert_eq!(
        response.headers()["www-authenticate"],
        "Bearer realm=\"notes\""
    );
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
}

#[tokio::test]
async fn an_authenticated_client_may_not_do_everything() {
    let token = "Bearer s3cret";
    let created = client()
        .post("/notes")
        .header("authorization", token)
        .json(&serde_json::json!({"title": "x"}))
        .await;
    assert_eq!(created.status(), 201);
    let refused = client()
        .delete("/notes/1")
        .header("authorization", token)
        .await;
    assert_eq!(refused.status(), 403);
    assert_eq!(refused.json()["detail"], "Notes are for ever.");
}

#[tokio::test]
async fn unauthenticated_clients_are_refused_before_their_body_is_read() {
    let request = client()
        .post("/notes")
        .header("content-type", "application/json");
    assert_eq!(
        request
            .body(Body::new(OddBody::untouchable(SizeHint::new())))
            .await
            .status(),
        401
    );
    let other_type = client()
        .post("/notes")
        .header("content-type", "text/plain")
        .body("x")
        .await;
    assert_eq!(other_type.status(), 401);
}

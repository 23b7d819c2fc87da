use std::future::IntoFuture;

use resourceful::prelude::*;
use tracing::instrument::WithSubscriber;

use crate::fixture::Log;

#[derive(Debug, thiserror::Error, Problem)]
enum ShopError {
    #[error("no item {0} in table items")]
    #[problem(status = 404, detail = "Item not found")]
    NoItem(i64),
    #[error("quota of {user}")]
    #[problem(
        status = 409,
        type = "https://example.com/quota",
        title = "Quota exceeded",
        detail = "Buy more."
    )]
    Quota { user: &'static str },
    #[error("disk")]
    #[problem(status = 500)]
    Disk(#[from] std::io::Error),
    #[error(transparent)]
    #[problem(transparent)]
    Request(#[from] Error),
}

async fn shop(request: Request) -> Result<(), ShopError> {
    match request.param::<i64>("case")? {
        1 => Err(ShopError::NoItem(1)),
        2 => Err(ShopError::Quota { user: "ada" }),
        3 => Err(std::io::Error::other("sector 7 of /dev/sda"))?,
        _ => Ok(()),
    }
}

fn client() -> TestClient {
    TestClient::new(App::new().get("/{case}", public(shop))).unwrap()
}

#[tokio::test]
async fn derived_problems_have_the_declared_texts() {
    let problem = client().get("/1").await.json();
    let expected = serde_json::json!({
        "type": "about:blank", "title": "Not Found", "status": 404, "detail": "Item not found",
    });
    assert_eq!(problem, expected);
    let problem = client().get("/2").await.json();
    let expected = serde_json::json!({
        "type": "https://example.com/quota", "title": "Quota exceeded", "status": 409, "detail": "Buy more.",
    });
    assert_eq!(problem, expected);
    assert_eq!(client().get("/x").await.status(), 404);
    assert_eq!(client().get("/4").await.status(), 204);
}

#[tokio::test]
async fn the_log_has_the_cause_once_and_the_client_never() {
    let log = Log::default();
    let subscriber = log.subscriber(tracing::Level::ERROR);
    let request = client().get("/3").header("x-request-id", "abc-123");
    let response = request.into_future().with_subscriber(subscriber).await;

    assert_eq!(response.status(), 500);
    assert!(!response.text().contains("sector"), "{}", response.text());
    assert_eq!(response.json()["request_id"], "abc-123");
    let log = log.text();
    assert_eq!(log.matches("sector 7").count(), 1, "{log}");
    assert!(log.contains("request_id=abc-123"), "{log}");
}

#[tokio::test]
async fn the_application_can_change_all_problems_in_one_place() {
    let app = App::new()
        .get("/{case}", public(shop))
        .map_problem(|error, problem| {
            let kind = if error.is_invalid() {
                "fields"
            } else {
                "other"
            };
            problem
                .with("kind", kind)
                .with("status", 200)
                .with("detail", "Sorry.")
        });
    let problem = TestClient::new(app).unwrap().get("/2").await.json();
    assert_eq!(problem["kind"], "other");
    assert_eq!(problem["detail"], "Sorry.");
    assert_eq!(problem["status"], 409);
}

#[tokio::test]
async fn only_a_harmless_request_id_is_accepted() {
    async fn id(request: Request) -> Result<String> {
        Ok(request.id().into_owned())
    }
    let client = TestClient::new(App::new().get("/", public(id))).unwrap();
    assert_eq!(
        client.get("/").header("x-request-id", "given").await.text(),
        "given"
    );
    let long = "x".repeat(129);
    for bad in ["two words", "", &long] {
        assert_ne!(
            client.get("/").header("x-request-id", bad).await.text(),
            bad
        );
    }
    assert_ne!(client.get("/").await.text(), client.get("/").await.text());
}

/// RFC 9110 section 15.5.2: every 401 has a challenge.
#[tokio::test]
async fn a_401_has_a_challenge() {
    #[derive(Debug, thiserror::Error, Problem)]
    enum Refused {
        #[error("no token")]
        #[problem(status = 401)]
        Plain,
        #[error("no password")]
        #[problem(status = 401, challenge = "Basic realm=\"staff\"")]
        Basic,
    }
    async fn plain(_: Request) -> Result<(), Refused> {
        Err(Refused::Plain)
    }
    async fn basic(_: Request) -> Result<(), Refused> {
        Err(Refused::Basic)
    }
    async fn bare(_: Request) -> Result<()> {
        Err(Error::new(resourceful::ErrorStatus::new(401)))
    }
    let app = App::new()
        .get("/plain", public(plain))
        .get("/basic", public(basic))
        .get("/bare", public(bare));
    let client = TestClient::new(app).unwrap();
    for (path, challenge) in [
        ("/plain", "Bearer"),
        ("/bare", "Bearer"),
        ("/basic", "Basic realm=\"staff\""),
    ] {
        let response = client.get(path).await;
        assert_eq!(response.status(), 401);
        let challenges: Vec<_> = response
            .headers()
            .get_all("www-authenticate")
            .iter()
            .collect();
        assert_eq!(challenges, [challenge], "{path}");
    }
}

/// Also a map with keys that are not strings.
#[tokio::test]
async fn an_output_without_json_form_is_a_problem() {
    async fn view(_: Request) -> Result<Json<std::collections::BTreeMap<(i64, i64), i64>>> {
        Ok(Json([((1, 2), 3)].into()))
    }
    async fn later(
        request: Request,
    ) -> Result<(
        http::StatusCode,
        Json<std::collections::BTreeMap<(i64, i64), i64>>,
    )> {
        view(request)
            .await
            .map(|json| (http::StatusCode::ACCEPTED, json))
    }
    async fn by_hand(request: Request) -> Result<Response> {
        view(request).await.map(IntoResponse::into_response)
    }
    let app = App::new()
        .get("/view", public(view))
        .get("/later", public(later))
        .get("/by-hand", public(by_hand));
    let client = TestClient::new(app).unwrap();
    for path in ["/view", "/later", "/by-hand"] {
        let response = client.get(path).await;
        assert_eq!(response.status(), 500, "{path}");
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
        assert_eq!(response.json()["status"], 500);
    }
}

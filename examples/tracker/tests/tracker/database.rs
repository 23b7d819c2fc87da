//! A tracker on a database of its own, and its users.

use resourceful::{App, TestClient, TestRequest, TestResponse};
use resourceful_test_parts::postgres_database;
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) struct Database {
    pub(crate) url: String,
    _directory: Option<TempDir>,
}

impl Database {
    pub(crate) fn sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("tracker.sqlite3");
        Self {
            url: format!("sqlite://{}", file.display()),
            _directory: Some(directory),
        }
    }

    pub(crate) fn postgres() -> Self {
        Self {
            url: postgres_database("tracker"),
            _directory: None,
        }
    }

    pub(crate) fn both() -> [Self; 2] {
        [Self::sqlite(), Self::postgres()]
    }

    pub(crate) async fn app(&self) -> App {
        tracker::app(&self.url).await.unwrap().0
    }
}

/// A user who has signed in.
#[derive(Clone)]
pub(crate) struct User<'c> {
    client: &'c TestClient,
    pub(crate) id: i64,
    pub(crate) cookie: String,
}

impl<'c> User<'c> {
    pub(crate) async fn sign_in(client: &'c TestClient, name: &str) -> Self {
        let body = json!({"name": name, "password": "analytical engine"});
        let signed_up = client.post("/v1/sign-up").json(&body).await;
        assert_eq!(signed_up.status(), 201, "{}", signed_up.text());
        let signed_in = client.post("/v1/sign-in").json(&body).await;
        assert_eq!(signed_in.status(), 204, "{}", signed_in.text());
        let cookie = signed_in.headers()["set-cookie"].to_str().unwrap();
        Self {
            client,
            id: signed_up.json()["id"].as_i64().unwrap(),
            cookie: cookie.split(';').next().unwrap().to_owned(),
        }
    }

    fn with_cookie(&self, request: TestRequest) -> TestRequest {
        request.header("cookie", &self.cookie)
    }

    pub(crate) async fn get(&self, path: &str) -> TestResponse {
        self.with_cookie(self.client.get(path)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> TestResponse {
        self.with_cookie(self.client.delete(path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> TestResponse {
        self.with_cookie(self.client.post(path)).json(&body).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> TestResponse {
        self.with_cookie(self.client.put(path)).json(&body).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> TestResponse {
        self.with_cookie(self.client.patch(path)).json(&body).await
    }

    pub(crate) async fn upload(&self, path: &str, text: &str) -> TestResponse {
        self.with_cookie(self.client.post(path))
            .body(text.to_owned())
            .await
    }

    /// Creates an item, and returns its path.
    pub(crate) async fn create(&self, path: &str, body: Value) -> String {
        let created = self.post(path, body).await;
        assert_eq!(created.status(), 201, "{}", created.text());
        created.headers()["location"].to_str().unwrap().to_owned()
    }
}

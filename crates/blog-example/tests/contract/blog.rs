//! A blog on a database of its own.

use std::sync::atomic::{AtomicU32, Ordering};

use blog_example::database;
use resourceful::{TestClient, TestResponse};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend};
use serde_json::Value;
use tempfile::TempDir;

pub(crate) struct Blog {
    pub(crate) client: TestClient,
    pub(crate) database: DatabaseConnection,
    _directory: Option<TempDir>,
}

impl Blog {
    pub(crate) async fn on_sqlite() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let file = directory.path().join("blog.sqlite3");
        Self::on(&format!("sqlite://{}", file.display()), Some(directory)).await
    }

    pub(crate) async fn on_postgres() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let server = std::env::var("TEST_POSTGRES_URL").expect(
            "TEST_POSTGRES_URL is not set: run the tests by `./test`, which starts PostgreSQL",
        );
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("blog_{}_{number}", std::process::id());
        let admin = Database::connect(&server)
            .await
            .expect("PostgreSQL is there");
        admin
            .execute_unprepared(&format!("CREATE DATABASE {name}"))
            .await
            .expect("a new database");
        admin.close().await.expect("closed");
        let (base, _) = server.rsplit_once('/').expect("a URL with a database");
        Self::on(&format!("{base}/{name}"), None).await
    }

    async fn on(url: &str, directory: Option<TempDir>) -> Self {
        let database = database::connect(url).await.expect("the database opens");
        let client = TestClient::new(blog_example::app(&database)).expect("the blog is sound");
        Self {
            client,
            database,
            _directory: directory,
        }
    }

    /// Runs SQL as somebody outside would.
    pub(crate) async fn sql(&self, sql: &str) {
        self.database.execute_unprepared(sql).await.expect(sql);
    }

    /// A published or unpublished post, written from outside; `minute` orders them.
    pub(crate) async fn add_post(&self, id: i64, title: &str, published: bool, minute: u32) {
        let published = match self.database.get_database_backend() {
            DbBackend::Sqlite => i32::from(published).to_string(),
            _ => published.to_string(),
        };
        self.sql(&format!(
            "INSERT INTO blog_post (id, title, slug, content, published, views, created_at) \
             VALUES ({id}, '{title}', 'slug-{id}', 'content {id}', {published}, 0, \
             '2024-01-15T12:{minute:02}:56.789012+00:00')"
        ))
        .await;
    }

    /// Creates a post through the API.
    pub(crate) async fn create(&self, title: &str) -> TestResponse {
        let post = serde_json::json!({"title": title, "content": "", "published": true});
        self.client.post("/api/posts/").json(&post).await
    }
}

/// The names of the wrong fields of a 422, sorted.
pub(crate) fn wrong_fields(response: &TestResponse) -> Vec<String> {
    assert_eq!(response.status(), 422, "{}", response.text());
    let problem = response.json();
    let errors = problem["errors"].as_array().expect("a list of errors");
    let place = |error: &Value| {
        let place = error["pointer"]
            .as_str()
            .or(error["name"].as_str())
            .expect("a place");
        place.rsplit('/').next().unwrap_or_default().to_owned()
    };
    let mut names: Vec<_> = errors.iter().map(place).collect();
    names.sort();
    names
}

/// The ids of the posts in a list.
pub(crate) fn ids(list: &Value) -> Vec<i64> {
    let posts = list["posts"].as_array().expect("a list of posts");
    posts
        .iter()
        .map(|post| post["id"].as_i64().expect("an id"))
        .collect()
}

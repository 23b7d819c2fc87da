//! A blog on a database of its own, beside an upstream of its own.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use blog_example::database;
use blog_example::services::Services;
use resourceful::{App, TestClient, TestResponse};
use resourceful_cache::{Cache, Memory, Redis};
use resourceful_client::Client;
use resourceful_test_parts::{Behaviour, Upstream};
use resourceful_webhook::{GitHub, SqlDeliveryStore};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend};
use serde_json::Value;
use tempfile::TempDir;

/// The secret of GitHub's own examples.
pub(crate) const SECRET: &str = "It's a Secret to Everybody";

pub(crate) const UPSTREAM_TIMEOUT: Duration = Duration::from_secs(1);

pub(crate) struct Blog {
    pub(crate) client: TestClient,
    pub(crate) database: DatabaseConnection,
    pub(crate) upstream: Upstream,
    url: String,
    _directory: Option<TempDir>,
}

impl Blog {
    pub(crate) async fn on_sqlite() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let file = directory.path().join("blog.sqlite3");
        let cache = Cache::new(Memory::default(), "blog", 1);
        Self::on(
            &format!("sqlite://{}", file.display()),
            cache,
            Some(directory),
        )
        .await
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
        let redis = std::env::var("TEST_REDIS_URL")
            .expect("TEST_REDIS_URL is not set: run the tests by `./test`, which starts Redis");
        let redis = Redis::new(&redis).expect("a URL of Redis");
        Self::on(&format!("{base}/{name}"), Cache::new(redis, &name, 1), None).await
    }

    pub(crate) async fn on(url: &str, cache: Cache, directory: Option<TempDir>) -> Self {
        let upstream = Upstream::start();
        let services = services(url, cache, &upstream).await;
        let database = services.database.clone();
        let client = TestClient::new(blog_example::app(services)).expect("the blog is sound");
        Self {
            client,
            database: database.connections().clone(),
            upstream,
            url: url.to_owned(),
            _directory: directory,
        }
    }

    /// Runs SQL as somebody outside would.
    pub(crate) async fn sql(&self, sql: &str) {
        self.database.execute_unprepared(sql).await.expect(sql);
    }

    /// Another's connection to its database.
    pub(crate) async fn another_connection(&self) -> DatabaseConnection {
        Database::connect(&self.url)
            .await
            .expect("another connection")
    }

    /// How many connections its pool has open.
    pub(crate) fn connections(&self) -> u32 {
        match self.database.get_database_backend() {
            DbBackend::Sqlite => self.database.get_sqlite_connection_pool().size(),
            _ => self.database.get_postgres_connection_pool().size(),
        }
    }

    /// A boolean as this database writes it.
    pub(crate) fn boolean(&self, value: bool) -> String {
        match self.database.get_database_backend() {
            DbBackend::Sqlite => i32::from(value).to_string(),
            _ => value.to_string(),
        }
    }

    /// A published or unpublished post, written from outside; `minute` orders them.
    pub(crate) async fn add_post(&self, id: i64, title: &str, published: bool, minute: u32) {
        let published = self.boolean(published);
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

/// The application as a whole, on SQLite, and what it stands on.
pub(crate) struct Whole {
    pub(crate) app: App,
    pub(crate) database: DatabaseConnection,
    pub(crate) upstream: Upstream,
    _directory: TempDir,
}

impl Whole {
    pub(crate) async fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let url = format!("sqlite://{}/blog.sqlite3", directory.path().display());
        let upstream = Upstream::start();
        let cache = Cache::new(Memory::default(), "blog", 1);
        let services = services(&url, cache, &upstream).await;
        Self {
            database: services.database.connections().clone(),
            app: blog_example::app(services),
            upstream,
            _directory: directory,
        }
    }
}

async fn services(url: &str, cache: Cache, upstream: &Upstream) -> Services {
    let database = database::connect(url).await.expect("the database opens");
    let external = Client::builder(upstream.url()).timeout(UPSTREAM_TIMEOUT);
    let deliveries = SqlDeliveryStore::new(database.clone()).await;
    Services {
        database,
        upstream: external.build().expect("a client"),
        cache,
        github: Some(GitHub::new(SECRET).expect("a secret")),
        deliveries: deliveries.expect("a table"),
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

/// What an upstream does on a bad day, and whether it is then too late.
pub(crate) fn bad_days() -> Vec<(Behaviour, bool)> {
    let answer = |status, body: &str| Behaviour::Respond(status, String::new(), body.to_owned());
    let redirect = "Location: http://169.254.169.254/latest/meta-data/\r\n".to_owned();
    vec![
        (Behaviour::Reset, false),
        (Behaviour::Truncated("200 OK"), false),
        (answer("500 Internal Server Error", "{}"), false),
        (answer("201 Created", "{}"), false),
        (answer("200 OK", "<html><body>Sorry</body></html>"), false),
        (answer("200 OK", "7"), false),
        (
            Behaviour::Respond("302 Found", redirect, String::new()),
            false,
        ),
        (Behaviour::Huge(1 << 30, ""), false),
        (Behaviour::Hang, true),
        (Behaviour::Drip, true),
    ]
}

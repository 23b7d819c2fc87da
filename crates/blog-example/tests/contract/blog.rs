//! A blog with its own database and upstream.

use std::sync::Arc;
use std::time::Duration;

use blog_example::database;
use blog_example::services::Services;
use resourceful::{App, TestClient, TestResponse};
use resourceful_auth::{RedisSessionStore, SessionStore, SqlSessionStore};
use resourceful_cache::{Cache, Memory, Redis};
use resourceful_client::Client;
use resourceful_db::Db;
use resourceful_test_parts::{Behaviour, Upstream, postgres_database, set_by_test_script};
use resourceful_testing::Credentials;
use resourceful_webhook::{GitHub, SqlDeliveryStore};
use sea_orm::{ConnectionTrait, DbBackend};
use serde_json::Value;
use tempfile::TempDir;

/// The secret of GitHub's own examples.
pub(crate) const SECRET: &str = "It's a Secret to Everybody";

pub(crate) const UPSTREAM_TIMEOUT: Duration = Duration::from_secs(1);

/// The stores beside the database.
pub(crate) struct Stores {
    cache: Cache,
    /// `None` for the database.
    sessions: Option<Arc<dyn SessionStore>>,
}

impl From<Cache> for Stores {
    fn from(cache: Cache) -> Self {
        let sessions = None;
        Self { cache, sessions }
    }
}

pub(crate) struct Blog {
    pub(crate) client: TestClient,
    pub(crate) database: Db,
    pub(crate) upstream: Upstream,
    pub(crate) url: String,
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
        let url = postgres_database("blog");
        let (_, name) = url.rsplit_once('/').expect("a URL with a database");
        let redis = set_by_test_script("TEST_REDIS_URL");
        let cache = Redis::new(&redis).expect("a URL of Redis");
        let sessions = RedisSessionStore::new(&redis, name).expect("a URL of Redis");
        let stores = Stores {
            cache: Cache::new(cache, name, 1),
            sessions: Some(Arc::new(sessions)),
        };
        Self::on(&url, stores, None).await
    }

    pub(crate) async fn on(
        url: &str,
        stores: impl Into<Stores>,
        directory: Option<TempDir>,
    ) -> Self {
        let upstream = Upstream::start();
        let services = services(url, stores.into(), &upstream).await;
        let database = services.database.clone();
        let client = TestClient::new(blog_example::app(services)).expect("the blog builds");
        Self {
            client,
            database,
            upstream,
            url: url.to_owned(),
            _directory: directory,
        }
    }

    /// Runs SQL outside of the blog, as another program would.
    pub(crate) async fn sql(&self, sql: &str) {
        self.database.execute_unprepared(sql).await.expect(sql);
    }

    /// A separate connection to the blog's database.
    pub(crate) async fn another_connection(&self) -> Db {
        database::connect(&self.url)
            .await
            .expect("another connection")
    }

    /// Number of open connections in the blog's pool.
    pub(crate) fn connections(&self) -> usize {
        self.database.statistics().connections
    }

    /// A boolean as this database writes it.
    pub(crate) fn boolean(&self, value: bool) -> String {
        match self.database.backend() {
            DbBackend::Sqlite => i32::from(value).to_string(),
            _ => value.to_string(),
        }
    }

    /// Inserts a post with SQL; `minute` orders the posts.
    pub(crate) async fn add_post(&self, id: i64, title: &str, published: bool, minute: u32) {
        let published = self.boolean(published);
        self.sql(&format!(
            "INSERT INTO blog_post (id, title, slug, content, published, views, created_at) \
             VALUES ({id}, '{title}', 'slug-{id}', 'content {id}', {published}, 0, \
             '2024-01-15T12:{minute:02}:56.789012+00:00')"
        ))
        .await;
    }

    /// Signs a user up.
    pub(crate) async fn sign_up(&self, username: &str) -> TestResponse {
        self.post("/account/sign-up/", &credentials(username)).await
    }

    /// Signs a user in. Returns the cookie.
    pub(crate) async fn sign_in(&self, username: &str) -> String {
        let response = self.post("/account/sign-in/", &credentials(username)).await;
        assert_eq!(response.status(), 204, "{}", response.text());
        let cookie = response.headers()["set-cookie"].to_str().expect("ASCII");
        let (cookie, attributes) = cookie.split_once("; ").expect("attributes");
        assert!(
            cookie.starts_with("__Host-session=")
                && attributes.starts_with("HttpOnly; SameSite=Lax; Secure; Path=/")
        );
        cookie.to_owned()
    }

    /// Signs a user up and in. Returns the cookie.
    pub(crate) async fn author(&self, username: &str) -> String {
        let response = self.sign_up(username).await;
        assert_eq!(response.status(), 201, "{}", response.text());
        self.sign_in(username).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> TestResponse {
        self.client.post(path).json(body).await
    }

    /// Creates a post through the API.
    pub(crate) async fn create(&self, title: &str) -> TestResponse {
        let post = serde_json::json!({"title": title, "content": "", "published": true});
        self.client.post("/api/posts/").json(&post).await
    }
}

/// The whole application on SQLite, with its database and upstream.
pub(crate) struct Whole {
    pub(crate) app: App,
    pub(crate) upstream: Upstream,
    url: String,
    _directory: TempDir,
}

impl Whole {
    pub(crate) async fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let url = format!("sqlite://{}/blog.sqlite3", directory.path().display());
        let upstream = Upstream::start();
        let cache = Cache::new(Memory::default(), "blog", 1);
        let services = services(&url, cache.into(), &upstream).await;
        Self {
            app: blog_example::app(services),
            upstream,
            url,
            _directory: directory,
        }
    }

    /// Another blog on the same database.
    pub(crate) async fn another(&self) -> Blog {
        let cache = Cache::new(Memory::default(), "blog", 1);
        Blog::on(&self.url, cache, None).await
    }

    /// The sessions of two authors, `ada` and `bob`.
    pub(crate) async fn two_authors(&self) -> [Credentials; 2] {
        let other = self.another().await;
        let (ada, bob) = (other.author("ada").await, other.author("bob").await);
        [ada, bob].map(|cookie| Credentials::cookie(&cookie))
    }
}

async fn services(url: &str, stores: Stores, upstream: &Upstream) -> Services {
    let database = database::connect(url).await.expect("the database opens");
    let external = Client::builder(upstream.url()).timeout(UPSTREAM_TIMEOUT);
    let deliveries = SqlDeliveryStore::new(database.clone()).await;
    let sessions = SqlSessionStore::new(database.clone()).await;
    let sessions = Arc::new(sessions.expect("a table"));
    Services {
        database,
        upstream: external.build().expect("a client"),
        cache: stores.cache,
        sessions: stores.sessions.unwrap_or(sessions),
        github: Some(GitHub::new(SECRET).expect("a secret")),
        deliveries: deliveries.expect("a table"),
    }
}

/// The password of each user is made of the name.
pub(crate) fn credentials(username: &str) -> Value {
    serde_json::json!({"username": username, "password": format!("the password of {username}")})
}

/// The names of the invalid fields of a 422, sorted.
pub(crate) fn wrong_fields(response: &TestResponse) -> Vec<String> {
    assert_eq!(response.status(), 422, "{}", response.text());
    let problem = response.json();
    let errors = problem["errors"].as_array().expect("a list of errors");
    let field = |error: &Value| {
        let location = error["pointer"]
            .as_str()
            .or(error["name"].as_str())
            .expect("a location");
        location.rsplit('/').next().unwrap_or_default().to_owned()
    };
    let mut names: Vec<_> = errors.iter().map(field).collect();
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

/// Failures of an upstream, and whether each is a timeout.
pub(crate) fn bad_days() -> Vec<(Behaviour, bool)> {
    let response = |status, body: &str| Behaviour::Respond(status, String::new(), body.to_owned());
    let redirect = "Location: http://169.254.169.254/latest/meta-data/\r\n".to_owned();
    vec![
        (Behaviour::Reset, false),
        (Behaviour::Truncated("200 OK"), false),
        (response("500 Internal Server Error", "{}"), false),
        (response("201 Created", "{}"), false),
        (response("200 OK", "<html><body>Sorry</body></html>"), false),
        (response("200 OK", "7"), false),
        (
            Behaviour::Respond("302 Found", redirect, String::new()),
            false,
        ),
        (Behaviour::Huge(1 << 30, ""), false),
        (Behaviour::Hang, true),
        (Behaviour::Drip, true),
    ]
}

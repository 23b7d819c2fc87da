//! One application out of several.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use resourceful::prelude::*;
use resourceful::{Accepted, Created, ErrorStatus, ProblemKind, Security, TrailingSlash};

use crate::fixture::{NewPost, Posts};

async fn hello(request: Request) -> Result<String> {
    Ok(request.matched_path().to_owned())
}

fn blog() -> App {
    App::new()
        .resource("/posts", Posts::with(3))
        .get("/", public(hello))
        .get("/hello/{name}", public(hello))
}

#[tokio::test]
async fn routes_are_below_their_prefix() {
    let deep = App::new().nest("/blog", blog());
    let app = App::new()
        .nest("/v1", blog())
        .nest("/v2/", blog())
        .nest("/", App::new().get("/root", public(hello)))
        .nest("/teams/{team}", deep);
    let client = TestClient::new(app).unwrap();
    for (path, expected) in [
        ("/v1/", "/v1/"),
        ("/v1/hello/a", "/v1/hello/{name}"),
        ("/v2/hello/a", "/v2/hello/{name}"),
        ("/root", "/root"),
        ("/teams/7/blog/hello/a", "/teams/{team}/blog/hello/{name}"),
    ] {
        assert_eq!(client.get(path).await.text(), expected);
    }
    assert_eq!(client.get("/v1/posts/2").await.status(), 200);
    assert_eq!(client.get("/posts/2").await.status(), 404);
    assert_eq!(client.get("/v1").await.headers()["location"], "/v1/");
    let redirect = client.get("/v1/posts/?a=b").await;
    assert_eq!(redirect.headers()["location"], "/v1/posts?a=b");
    let new = client
        .post("/v2/posts")
        .json(&serde_json::json!({"title": "New"}));
    assert_eq!(new.await.headers()["location"], "/v2/posts/4");
    // Each has its own resource.
    assert_eq!(client.get("/v1/posts/4").await.status(), 404);
}

#[tokio::test]
async fn an_inner_application_keeps_its_settings() {
    async fn hang(_: Request) -> Result<()> {
        std::future::pending().await
    }
    async fn take(mut request: Request) -> Result<String> {
        Ok(request.bytes().await?.len().to_string())
    }
    let routes = || {
        App::new()
            .get("/hang", public(hang))
            .post("/take", public(take))
            .get(
                "/no",
                public(|_: Request| async { Err::<(), _>(Error::forbidden("No.")) }),
            )
    };
    let own = routes()
        .timeout(Duration::from_millis(1))
        .max_body_size(10)
        .map_problem(|_, problem| problem.with("inner", "yes"));
    let app = App::new()
        .timeout(Duration::from_millis(300))
        .max_body_size(20)
        .map_problem(|_, problem| problem.with("outer", "yes"))
        .nest("/own", own)
        .nest("/inherits", App::new().nest("/twice", routes()));
    let client = TestClient::new(app).unwrap();
    let own = client.get("/own/no").await.json();
    assert_eq!(
        (&own["inner"], &own["outer"]),
        (&"yes".into(), &"yes".into())
    );
    let inherits = client.get("/inherits/twice/no").await.json();
    assert_eq!(
        (&inherits["inner"], &inherits["outer"]),
        (&().into(), &"yes".into())
    );
    for (path, bytes, status) in [
        ("/own/take", 10, 200),
        ("/own/take", 11, 413),
        ("/inherits/twice/take", 11, 200),
        ("/inherits/twice/take", 21, 413),
    ] {
        let response = client.post(path).body("x".repeat(bytes)).await;
        assert_eq!(response.status(), status, "{path} {bytes}");
    }
    let document = client.get("/openapi.json").await.json();
    let limit = |path| document["paths"][path]["post"]["responses"]["413"].clone();
    assert_eq!(limit("/own/take"), limit("/inherits/twice/take"));
    tokio::time::pause();
    let started = tokio::time::Instant::now();
    assert_eq!(client.get("/own/hang").await.status(), 503);
    assert!(started.elapsed() < Duration::from_millis(100));
    assert_eq!(client.get("/inherits/twice/hang").await.status(), 503);
    assert!(started.elapsed() > Duration::from_millis(250));
}

#[tokio::test]
async fn a_location_is_below_the_prefix() {
    struct Jobs;
    #[resource]
    impl AsyncResource for Jobs {
        type Access = Public;

        async fn create(&self, _: &Request, _new: NewPost) -> Result<Accepted<i64>> {
            Ok(Accepted(3).at_path("/jobs/3"))
        }

        #[action(POST, "again")]
        async fn again(&self, _: &Request, id: i64) -> Result<Created<i64>> {
            Ok(Created(id).at(id + 1))
        }
    }
    let jobs = || App::new().resource("/jobs", Jobs);
    let app = jobs().nest("/teams/{team}", App::new().nest("/v1", jobs()));
    let client = TestClient::new(app.root_path("/api")).unwrap();
    let new = serde_json::json!({"title": "New"});
    for prefix in ["", "/teams/a%2Fb/v1"] {
        let created = client.post(&format!("{prefix}/jobs")).json(&new).await;
        assert_eq!(created.status(), 202, "{}", created.text());
        assert_eq!(
            created.headers()["location"],
            format!("/api{prefix}/jobs/3")
        );
        let again = client.post(&format!("{prefix}/jobs/7/again")).await;
        assert_eq!(again.headers()["location"], format!("/api{prefix}/jobs/8"));
    }
}

/// A key in a header field.
struct Key;

impl<R: Sync + ?Sized> Access<R> for Key {
    type Caller = ();

    fn security(_: &R, _: Option<Action>) -> Vec<Security> {
        vec![Security::HeaderKey("X-Key".into())]
    }

    async fn check(_: &R, request: &Request) -> Result<()> {
        match request.header("x-key") {
            Some("open") => Ok(()),
            _ => Err(Error::unauthorized("Key")),
        }
    }
}

struct Bearer;

impl<R: Sync + ?Sized> Access<R> for Bearer {
    type Caller = ();

    fn security(_: &R, _: Option<Action>) -> Vec<Security> {
        vec![Security::Bearer]
    }

    async fn check(_: &R, request: &Request) -> Result<()> {
        match request.header("authorization") {
            Some(_) => Ok(()),
            None => Err(Error::unauthorized("Bearer")),
        }
    }
}

#[tokio::test]
async fn a_group_shares_an_access_rule() {
    struct Counted(Arc<AtomicUsize>);
    struct Counts;
    impl Access<Counted> for Counts {
        type Caller = ();

        async fn check(counted: &Counted, _: &Request) -> Result<()> {
            counted.0.fetch_add(1, SeqCst);
            Ok(())
        }
    }
    let checks = Arc::new(AtomicUsize::new(0));
    let admin = App::new()
        .access::<Key>()
        .access_with_state::<Counts, _>(Counted(Arc::clone(&checks)))
        .resource("/posts", Posts::with(3))
        .get("/hello", public(hello))
        .get("/both", guarded::<Bearer, _>(hello));
    let client = TestClient::new(blog().nest("/admin", admin)).unwrap();
    for (request, status) in [
        (client.get("/posts/1"), 200),
        (client.get("/admin/posts/1"), 401),
        (client.post("/admin/posts").body("no JSON"), 401),
        (client.get("/admin/hello"), 401),
        (client.get("/admin/both").header("authorization", "x"), 401),
        (client.get("/admin/both").header("x-key", "open"), 401),
        (client.get("/admin/posts/1").header("x-key", "open"), 200),
        (client.get("/admin/hello").header("x-key", "open"), 200),
    ] {
        assert_eq!(request.await.status(), status);
    }
    assert_eq!(checks.load(SeqCst), 3);
    let document = client.get("/openapi.json").await.json();
    let security = |path: &str, method: &str| document["paths"][path][method]["security"].clone();
    assert_eq!(security("/posts/{id}", "get"), serde_json::json!([]));
    let key = serde_json::json!([{"x-key": []}]);
    assert_eq!(security("/admin/posts", "post"), key);
    assert_eq!(security("/admin/hello", "get"), key);
    let both = serde_json::json!([{"bearer": [], "x-key": []}]);
    assert_eq!(security("/admin/both", "get"), both);
    assert!(document["components"]["securitySchemes"]["x-key"].is_object());
}

/// Another part changes no id.
#[test]
fn operation_ids_begin_with_the_words_of_the_prefix() {
    let ids = |app: App| -> Vec<String> {
        let document = app.openapi().unwrap();
        let paths = document.as_value()["paths"].as_object().unwrap().clone();
        let operations = paths
            .values()
            .flat_map(|methods| methods.as_object().unwrap().values());
        operations
            .map(|operation| operation["operationId"].as_str().unwrap().to_owned())
            .collect()
    };
    let alone = ids(App::new().nest("/v1", blog()));
    assert!(alone.contains(&"v1.posts.create".to_owned()), "{alone:?}");
    assert!(alone.contains(&"v1.hello.name.get".to_owned()), "{alone:?}");
    for app in [
        blog()
            .nest("/v1", blog())
            .nest("/teams/{id_of_team}", blog()),
        App::new().nest("/v0", blog()).nest("/v1", blog()),
        App::new().nest("/v1", blog()).nest("/api/v1", blog()),
    ] {
        let all = ids(app);
        assert!(alone.iter().all(|id| all.contains(id)), "{all:?}");
    }
}

#[tokio::test]
async fn health_hooks_and_tags_are_those_of_the_whole() {
    let inner = blog()
        .health()
        .ready_check("stock", || async { Err(Error::internal("empty")) })
        .tag("posts", "Of the inner one.")
        .without_openapi();
    let app = App::new().nest("/inner", inner).nest("/open", blog());
    let client = TestClient::new(app).unwrap();
    assert_eq!(client.get("/livez").await.status(), 200);
    assert_eq!(client.get("/inner/livez").await.status(), 404);
    let ready = client.get("/readyz").await.json();
    assert_eq!(ready["detail"], "Failing checks: stock.");
    let document = client.get("/openapi.json").await.json();
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.contains_key("/open/posts"));
    assert!(!paths.keys().any(|path| path.starts_with("/inner")));
}

#[test]
fn mistakes_name_both_places() {
    let inner = blog()
        .trailing_slash(TrailingSlash::Ignore)
        .trusted_hosts(["a"]);
    let app = App::new()
        .get("/v1/hello/{name}", public(hello))
        .nest("/v1", inner)
        .get("/no//path", public(hello));
    let errors = app.build().unwrap_err().to_string();
    for expected in [
        "`trailing_slash` is a setting of the outermost application, and this one is nested at `/v1`",
        "`trusted_hosts` is a setting",
        "`/v1/hello/{name}` is a path of two nested applications",
        "`/no//path` is no path",
    ] {
        assert!(errors.contains(expected), "{errors}");
    }
    assert!(errors.matches("nesting.rs").count() >= 7, "{errors}");
}

#[tokio::test]
async fn a_mount_can_be_nested() {
    let inner = App::new()
        .get("/hello/{name}", public(hello))
        .build()
        .unwrap();
    let part = App::new().mount("/mounted", public(inner));
    let client = TestClient::new(App::new().nest("/v1", part)).unwrap();
    assert_eq!(
        client.get("/v1/mounted/hello/a").await.text(),
        "/hello/{name}"
    );
    let redirect = client.get("/v1/mounted/hello/a/").await;
    assert_eq!(redirect.headers()["location"], "/v1/mounted/hello/a");
}

/// Refuses everybody, with a status of its own.
struct Busy;

impl<R: Sync + ?Sized> Access<R> for Busy {
    type Caller = ();

    fn refusals(_: &R, _: Option<Action>) -> Vec<ProblemKind> {
        vec![ProblemKind::new(ErrorStatus::new(429)).with_retry_after()]
    }

    async fn check(_: &R, _: &Request) -> Result<()> {
        Err(Error::new(ErrorStatus::new(429)))
    }
}

#[tokio::test]
async fn an_access_rule_of_the_whole_is_not_for_health_and_document() {
    let app = App::new()
        .access::<Busy>()
        .health()
        .docs()
        .get("/hello", public(hello));
    let client = TestClient::new(app).unwrap();
    for (path, status) in [
        ("/hello", 429),
        ("/livez", 200),
        ("/readyz", 200),
        ("/openapi.json", 200),
        ("/docs", 200),
    ] {
        assert_eq!(client.get(path).await.status(), status, "{path}");
    }
    let document = client.get("/openapi.json").await.json();
    let responses = &document["paths"]["/hello"]["get"]["responses"];
    assert!(responses.get("429").is_some());
    assert!(responses.get("401").is_none());
}

#[tokio::test]
async fn a_405_is_one_of_its_part() {
    let part = blog().map_problem(|_, problem| problem.with("inner", "yes"));
    let client = TestClient::new(App::new().nest("/v1", part)).unwrap();
    let problem = client.put("/v1/hello/a").await;
    assert_eq!(problem.status(), 405);
    assert_eq!(problem.json()["inner"], "yes");
}

#[test]
fn a_prefix_begins_with_a_slash() {
    let errors = App::new().nest("v1", blog()).build().unwrap_err();
    let errors: Vec<_> = errors.iter().collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].starts_with("`v1` is no prefix"), "{errors:?}");
}

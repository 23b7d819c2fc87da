//! `/docs`, in a browser.

use std::net::SocketAddr;

use resourceful::http::HeaderValue;
use resourceful::prelude::*;
use resourceful::{
    Authenticate, Authentication, Cookie, CookieResponse, Security, Text, TrailingSlash, WithCookie,
};
use resourceful_test_parts::{Browser, Tab};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use super::start;
use crate::callers::{Machine, Machines, Tokens, User};
use crate::fixture::app;

/// The document of an application that is mounted there.
fn document(title: &str, mounted_at: &str) -> Value {
    let json = |schema: &str| {
        let schema = json!({ "$ref": format!("#/components/schemas/{schema}") });
        json!({ "application/json": { "schema": schema } })
    };
    json!({
        "openapi": "3.1.0",
        "info": { "title": title, "version": "0.1.0" },
        "servers": [{ "url": mounted_at }],
        "tags": [{ "name": "posts", "description": "Blog posts." }],
        "paths": { "/posts": { "post": {
            "operationId": "posts.create",
            "tags": ["posts"],
            "summary": "Writes a post.",
            "requestBody": { "required": true, "content": json("NewPost") },
            "responses": {
                "201": { "description": "Written.", "content": json("Post") },
                "422": { "$ref": "#/components/responses/Invalid" },
            },
            "security": [{ "bearer": [] }],
        } } },
        "components": {
            "schemas": {
                "NewPost": {
                    "type": "object",
                    "required": ["title"],
                    "properties": {
                        "title": { "type": "string", "minLength": 1, "maxLength": 20 },
                        "slug": { "type": ["string", "null"] },
                    },
                },
                "Post": {
                    "type": "object",
                    "required": ["id", "title"],
                    "properties": {
                        "id": { "type": "integer", "format": "int64" },
                        "title": { "type": "string" },
                    },
                },
                "Problem": { "type": "object", "properties": { "title": { "type": "string" } } },
            },
            "responses": { "Invalid": {
                "description": "Fields are wrong.",
                "content": { "application/problem+json": {
                    "schema": { "$ref": "#/components/schemas/Problem" },
                } },
            } },
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer" } },
        },
    })
}

fn documented(mounted_at: &'static str) -> App {
    let ours = move |_: Request| async move { Ok::<_, Error>(Json(document("Blog", mounted_at))) };
    app().docs().get("/openapi.json", public(ours))
}

/// What pages have complained of. That an answer was a 422 is no complaint.
fn complaints(browser: &Browser) -> Vec<String> {
    let mut lines = browser.console();
    lines.retain(|line| !line.contains(r#""source":"network""#) || !line.contains("status of 422"));
    lines
}

/// What somebody does who wants to know what happens to a post without a title.
fn try_create(page: &Tab<'_>) {
    const OPERATION: &str = ".opblock-post";
    const STATUS: &str = ".live-responses-table .response .response-col_status";
    const ANSWER: &str = ".live-responses-table .highlight-code";
    let inside = |selector: &str| format!("{OPERATION} {selector}");
    page.click(&inside(".opblock-summary-control"));
    page.click(&inside(".try-out__btn"));
    for (title, status, answers) in [
        ("", "422", ["#/title", "length is lower than 1"]),
        ("Hello", "201", [r#""id": 26"#, r#""title": "Hello""#]),
    ] {
        let body = json!({ "title": title }).to_string();
        page.replace(&inside(".body-param__text"), &body);
        page.click(&inside(".btn.execute"));
        page.wait_for(&inside(STATUS), status);
        for answer in answers {
            page.wait_for(&inside(ANSWER), answer);
        }
    }
}

/// In a thread that may wait.
async fn browse(address: SocketAddr, look: impl FnOnce(&Browser, &str) + Send + 'static) {
    let look = move || look(&Browser::start(), &format!("http://{address}"));
    spawn_blocking(look).await.unwrap();
}

#[tokio::test]
async fn a_create_is_tried_on_the_page() {
    let running = start(documented("/")).await;
    browse(running.address, |browser, origin| {
        let page = browser.open(&format!("{origin}/docs"));
        page.wait_for("#operations-tag-posts", "Blog posts.");
        assert_eq!(browser.console(), [""; 0]);
        try_create(&page);
        // All that opens has been open.
        page.click(".authorize.btn");
        page.wait_for(".modal-ux", "bearer");
        page.click(".btn-done");
        page.click(".models .json-schema-2020-12-accordion");
        page.wait_for(".models", "title");
        assert_eq!(complaints(browser), [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn the_page_finds_its_application_below_a_prefix() {
    let inner = documented("/v1").root_path("/v1").build().unwrap();
    let running = start(App::new().mount("/v1", public(inner))).await;
    browse(running.address, |browser, origin| {
        let page = browser.open(&format!("{origin}/v1/docs/"));
        page.wait_for("#operations-tag-posts", "Blog posts.");
        try_create(&page);
        assert_eq!(complaints(browser), [""; 0]);
    })
    .await;
}

/// A session: the page sends the request that signs in, and the browser keeps the cookie.
#[derive(Clone)]
struct Session;

const SESSION: Cookie = Cookie::new("session");

impl AsRef<Session> for Session {
    fn as_ref(&self) -> &Session {
        self
    }
}

impl Authenticate for Session {
    type Caller = User;

    async fn authenticate(&self, request: &Request) -> Result<Authentication<User>> {
        let name = SESSION.get(request);
        Ok(name.map_or(Authentication::Missing, |name| {
            Authentication::Caller(User { name })
        }))
    }

    fn challenge(&self) -> HeaderValue {
        HeaderValue::from_static("Cookie")
    }

    fn security(&self) -> Security {
        Security::CookieKey("__Host-session".into())
    }
}

/// The name of the caller.
#[endpoint]
async fn name(request: &Request<User>) -> Result<String> {
    Ok(request.caller().name.clone())
}

/// The number of the machine.
#[endpoint]
async fn machine(request: &Request<Machine>) -> Result<String> {
    Ok(request.caller().0.to_string())
}

/// Signs in.
#[endpoint]
async fn sign_in() -> Result<CookieResponse<Text>> {
    Ok(Text("welcome".to_owned()).with_cookie(SESSION.set("ada".to_owned())?))
}

/// Sends the only request of the operation.
fn execute(page: &Tab<'_>, operation: &str, status: &str) {
    let inside = |selector: &str| format!("[id$=-{operation}] {selector}");
    page.click(&inside(".btn.execute"));
    page.wait_for(
        &inside(".live-responses-table .response .response-col_status"),
        status,
    );
}

#[tokio::test]
async fn the_page_signs_in_by_bearer_key_and_cookie() {
    let named = |id: &'static str| Description::new().operation_id(id);
    let token = guarded::<SignedIn<Tokens>, _>(name).state(&Tokens);
    let key = guarded::<SignedIn<Machines>, _>(machine).state(&Machines);
    let session = guarded::<SignedIn<Session>, _>(name).state(&Session);
    let app = App::new()
        .docs()
        .get("/token", token.described(named("token")))
        .get("/key", key.described(named("key")))
        .get("/session", session.described(named("session")))
        .post("/sign-in", public(sign_in).described(named("signIn")));
    let running = start(app).await;
    browse(running.address, |browser, origin| {
        let page = browser.open(&format!("{origin}/docs"));
        let operations = ["token", "key", "session", "signIn"];
        for operation in operations {
            page.click(&format!("[id$=-{operation}] .opblock-summary-control"));
            page.click(&format!("[id$=-{operation}] .try-out__btn"));
        }
        for operation in &operations[..3] {
            execute(&page, operation, "401");
        }
        page.click(".authorize.btn");
        // The schemes are sorted: the cookie, the token, the key.
        for (place, input, text) in [
            (2, "auth-bearer-value", "of-ada"),
            (3, "api_key_value", "7"),
        ] {
            let form = format!(".modal-ux-content .auth-container:nth-child({place})");
            page.wait_for(&form, "");
            // WebDriver's code of the Enter key.
            page.enter(&format!("{form} #{input}"), &format!("{text}\u{e007}"));
            page.wait_for(&form, "Logout");
        }
        page.click(".btn-done");
        page.wait_for("body:not(:has(.modal-ux))", "");
        execute(&page, operations[3], "200");
        for operation in &operations[..3] {
            execute(&page, operation, "200");
        }
    })
    .await;
}

/// GHSA-qrmm-w75w-3wpx.
#[tokio::test]
async fn a_link_cannot_bring_its_own_document() {
    let other = |_: Request| async { Ok::<_, Error>(Json(document("Evil", "/"))) };
    let config = |_: Request| async { Ok::<_, Error>(Json(json!({ "url": "/evil.json" }))) };
    let app = documented("/").get("/evil.json", public(other));
    let running = start(app.get("/config.json", public(config))).await;
    browse(running.address, |browser, origin| {
        let query = "url=/evil.json&configUrl=/config.json&queryConfigEnabled=true";
        let page = browser.open(&format!("{origin}/docs?{query}"));
        page.wait_for(".info .title", "Blog");
        assert_eq!(complaints(browser), [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn the_policy_allows_nothing_from_elsewhere() {
    let client = TestClient::new(App::new().docs()).unwrap();
    let page = client.get("/docs").await;
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(page.headers()["cache-control"], "no-store");
    let linked = page.text().split(['"']);
    let linked: Vec<_> = linked.filter(|link| link.starts_with("docs/")).collect();
    assert_eq!(linked.len(), 3);
    for path in ["docs"].iter().chain(&linked) {
        let answer = client.get(&format!("/{path}")).await;
        assert_eq!(answer.status(), 200, "{path}");
        let headers = answer.headers();
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; "), "{policy}");
        for weak in ["unsafe", "*", "//"] {
            assert!(!policy.contains(weak), "{policy}");
        }
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["referrer-policy"], "no-referrer");
        let is_kept = headers["cache-control"] == "public, max-age=31536000, immutable";
        assert_eq!(is_kept, path.contains("swagger-ui"), "{path}");
    }
}

#[tokio::test]
async fn release_builds_serve_it_to_who_asks() {
    let unasked = if cfg!(debug_assertions) { 200 } else { 404 };
    let client = TestClient::new(App::new()).unwrap();
    assert_eq!(client.get("/docs").await.status(), unasked);
    assert_eq!(client.get("/docs/start.js").await.status(), unasked);
    let client = TestClient::new(App::new().docs()).unwrap();
    assert_eq!(client.get("/docs").await.status(), 200);
}

#[tokio::test]
async fn the_paths_are_free_for_others() {
    async fn ours(_: Request) -> Result<&'static str> {
        Ok("ours")
    }
    for path in ["/docs", "/docs/", "/docs/{page}", "/docs/start.js"] {
        let client = TestClient::new(App::new().docs().get(path, public(ours))).unwrap();
        let answer = client.get(&path.replace("{page}", "start.js")).await;
        assert_eq!(answer.text(), "ours", "{path}");
        let page = client.get("/docs").await;
        assert!(!page.headers().contains_key("content-security-policy"));
    }
    let client = TestClient::new(App::new().docs().get("/docsify", public(ours))).unwrap();
    assert_eq!(client.get("/docs").await.status(), 200);
}

#[tokio::test]
async fn it_is_at_one_path_where_slashes_are_ignored() {
    let app = App::new().docs().trailing_slash(TrailingSlash::Ignore);
    let answer = TestClient::new(app).unwrap().get("/docs/").await;
    assert_eq!(answer.status(), 308);
    assert_eq!(answer.headers()["location"], "../docs");
}

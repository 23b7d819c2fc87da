//! Cookies: read from any `Cookie` field, set in any response.

use std::panic::catch_unwind;
use std::time::Duration;

use resourceful::prelude::*;
use resourceful::{Body, Cookie, CookieResponse, FileResponse, Raw, SetCookie, WithCookie};

use crate::fixture::{NewPost, Post};

const THEME: Cookie = Cookie::new("theme");
const COUNT: Cookie<u32> = Cookie::new("count");
const DAY: Duration = Duration::from_secs(86_400);

fn text(cookie: &SetCookie) -> String {
    cookie.to_string()
}

#[test]
fn attributes_are_strict_unless_a_method_says_otherwise() {
    for (cookie, expected) in [
        (
            THEME,
            "__Host-theme=a; HttpOnly; SameSite=Lax; Secure; Path=/",
        ),
        (
            THEME.max_age(DAY),
            "__Host-theme=a; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=86400",
        ),
        (
            THEME.readable_by_scripts(),
            "__Host-theme=a; SameSite=Lax; Secure; Path=/",
        ),
        (
            THEME.same_site_strict(),
            "__Host-theme=a; HttpOnly; SameSite=Strict; Secure; Path=/",
        ),
        (
            THEME.sent_by_other_sites(),
            "__Host-theme=a; HttpOnly; SameSite=None; Secure; Path=/",
        ),
        (
            THEME.insecure_over_plain_http(),
            "theme=a; HttpOnly; SameSite=Lax; Path=/",
        ),
        (
            THEME
                .insecure_over_plain_http()
                .readable_by_scripts()
                .same_site_strict(),
            "theme=a; SameSite=Strict; Path=/",
        ),
    ] {
        assert_eq!(text(&cookie.set("a").unwrap()), expected);
    }
    let for_ever = THEME.max_age(Duration::MAX).set("a").unwrap();
    assert!(
        text(&for_ever).contains("Max-Age=9223372036854775807"),
        "{for_ever}"
    );
}

/// A browser removes the cookie of the same name, path and domain.
#[test]
fn a_removal_has_the_attributes_of_its_cookie() {
    for cookie in [
        THEME,
        THEME.max_age(DAY),
        THEME.sent_by_other_sites(),
        THEME.insecure_over_plain_http(),
        THEME.readable_by_scripts(),
    ] {
        let set = text(&cookie.set("").unwrap());
        let removal = text(&cookie.remove());
        let (attributes, rest) = removal.split_once("; Max-Age=0; Expires=").unwrap();
        assert_eq!(attributes, set.replace("; Max-Age=86400", ""));
        let expires = rest.strip_suffix(" GMT").unwrap();
        assert!(
            expires.len() == "Thu, 01 Jan 2026 00:00:00".len(),
            "{expires}"
        );
    }
}

#[test]
fn a_name_is_a_token_without_a_prefix() {
    for name in ["a", "A-b_c.d", "!#$%&'*+-.^_`|~", "_a"] {
        let cookie: Cookie = Cookie::new(name);
        assert!(text(&cookie.set("").unwrap()).starts_with(&format!("__Host-{name}=; ")));
    }
    for name in [
        "",
        " ",
        "a b",
        "a=b",
        "a;b",
        "a,b",
        "a\"b",
        "a/b",
        "a@b",
        "a(b",
        "a{b",
        "a\tb",
        "a\r\nb",
        "a\0",
        "\u{e4}",
        "__Host-a",
        "__Secure-a",
        "__a",
    ] {
        assert!(
            catch_unwind(|| Cookie::<String>::new(name)).is_err(),
            "{name:?}"
        );
    }
}

/// Browsers refuse `SameSite=None` without `Secure`.
#[test]
fn a_cookie_of_other_sites_is_secure() {
    assert!(catch_unwind(|| THEME.sent_by_other_sites().insecure_over_plain_http()).is_err());
    assert!(catch_unwind(|| THEME.insecure_over_plain_http().sent_by_other_sites()).is_err());
}

async fn theme(request: Request) -> Result<String> {
    Ok(THEME.get(&request).unwrap_or_else(|| "none".to_owned()))
}

#[tokio::test]
async fn any_text_comes_back_as_it_was_set() {
    let client = TestClient::new(App::new().get("/", public(theme))).unwrap();
    for value in [
        "",
        "dark",
        "a b",
        "\"quoted\"",
        "a;b,c\\d=e&f%20",
        "100%",
        "%25",
        "x\r\nSet-Cookie: evil=1",
        "\0\u{7f}",
        "\u{dc}bersicht \u{1f98a}",
        "!#$&'()*+-./:<=>?@[]^_`{|}~",
    ] {
        let set = text(&THEME.set(value).unwrap());
        let (pair, attributes) = set.split_once("; ").unwrap();
        assert_eq!(
            attributes, "HttpOnly; SameSite=Lax; Secure; Path=/",
            "{value:?}"
        );
        // RFC 6265 section 4.1.1.
        let is_octet = |byte: u8| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte);
        assert!(pair.bytes().all(is_octet), "{pair}");
        let response = client.get("/").header("cookie", pair).await;
        assert_eq!(response.text(), value);
    }
}

#[tokio::test]
async fn a_cookie_is_found_among_others() {
    let client = TestClient::new(App::new().get("/", public(theme))).unwrap();
    for (fields, expected) in [
        (&["__Host-theme=a"][..], "a"),
        (&["x=1; __Host-theme=a; y=2"], "a"),
        (&["x=1;__Host-theme=a;y=2"], "a"),
        (&["  ; ;=;= ;x;; __Host-theme = a ;"], "a"),
        (&["x=1", "__Host-theme=a"], "a"),
        (&["__Host-theme=a; __Host-theme=b"], "a"),
        (&["__Host-theme=a=b"], "a=b"),
        (&["__Host-theme=%C3%A4"], "\u{e4}"),
        (&["x=\"; __Host-theme=a; y=\""], "a"),
        // Another name.
        (&["theme=a"], "none"),
        (&["__host-theme=a"], "none"),
        (&["__Secure-theme=a"], "none"),
        (&["x__Host-theme=a"], "none"),
        (&["%5F_Host-theme=a"], "none"),
        // No text.
        (&["__Host-theme=%FF"], "none"),
        (&[""], "none"),
        (&[], "none"),
    ] {
        let request = fields.iter().fold(client.get("/"), |request, field| {
            request.header("cookie", field)
        });
        assert_eq!(request.await.text(), expected, "{fields:?}");
    }
}

/// Programs on the same host may set anything.
#[tokio::test]
async fn a_cookie_that_is_not_utf8_hides_no_other() {
    let service = App::new().get("/", public(theme)).build().unwrap();
    let field = http::HeaderValue::from_bytes(b"name=J\xfcrgen; __Host-theme=a").unwrap();
    let request = http::Request::get("/").header("cookie", field);
    let request = request.body(Body::empty()).unwrap();
    let response = hyper::service::Service::call(&service, request)
        .await
        .unwrap();
    assert_eq!(response.body().as_bytes(), Some(&b"a"[..]));
}

#[tokio::test]
async fn a_value_that_does_not_parse_is_none() {
    async fn count(request: Request) -> Result<String> {
        Ok(format!("{:?}", COUNT.get(&request)))
    }
    let client = TestClient::new(App::new().get("/", public(count))).unwrap();
    for (value, expected) in [
        ("7", "Some(7)"),
        ("", "None"),
        ("x", "None"),
        ("-1", "None"),
    ] {
        let cookie = format!("__Host-count={value}");
        let response = client.get("/").header("cookie", &cookie).await;
        assert_eq!(response.text(), expected);
    }
}

#[tokio::test]
async fn a_raw_cookie_is_as_the_client_sent_it() {
    async fn all(request: Request) -> Result<String> {
        assert_eq!(request.cookie("b").as_deref(), Some("\"%20\""));
        assert_eq!(request.cookie("c"), None);
        Ok(format!("{:?}", request.cookies().collect::<Vec<_>>()))
    }
    let client = TestClient::new(App::new().get("/", public(all))).unwrap();
    let response = client
        .get("/")
        .header("cookie", "a=1; b=\"%20\"; a=2")
        .await;
    let expected = r#"[("a", "1"), ("b", "\"%20\""), ("a", "2")]"#;
    assert_eq!(response.text(), expected);
}

#[tokio::test]
async fn a_cookie_that_browsers_would_drop_is_an_error() {
    async fn set(request: Request) -> Result<impl IntoResponse> {
        let length: usize = request.param("length")?;
        Ok(().with_cookie(THEME.set("x".repeat(length))?))
    }
    let client = TestClient::new(App::new().get("/{length}", public(set))).unwrap();
    let most = 4096 - "__Host-theme".len();
    let response = client.get(&format!("/{most}")).await;
    assert_eq!(response.status(), 204);
    let response = client.get(&format!("/{}", most + 1)).await;
    assert_eq!(response.status(), 500);
    assert!(!response.headers().contains_key("set-cookie"));
    // Encoded, each of these has three bytes.
    assert!(THEME.set(" ".repeat(2000)).is_err());
}

fn cookies() -> [SetCookie; 2] {
    [THEME.set("dark").unwrap(), COUNT.remove()]
}

fn with_both<T>(response: T) -> CookieResponse<T> {
    let [theme, count] = cookies();
    response.with_cookie(theme).with_cookie(count)
}

struct Posts;

#[resource]
impl AsyncResource for Posts {
    type Access = Public;

    async fn create(&self, _: &Request, new: NewPost) -> Result<CookieResponse<Post>> {
        let (id, title) = (1, new.title);
        Ok(with_both(Post { id, title }))
    }

    async fn destroy(&self, _: &Request, _: i64) -> Result<()> {
        Ok(())
    }

    fn location_id(&self, post: &CookieResponse<Post>) -> Option<i64> {
        Some(post.response().id)
    }
}

struct RawPosts;

#[resource]
impl AsyncResource for RawPosts {
    type Access = Public;

    async fn retrieve(&self, _: &Request, _: i64) -> Result<CookieResponse<Raw>> {
        Ok(with_both(Raw("raw".into_response())))
    }
}

#[tokio::test]
async fn every_response_can_set_cookies() {
    async fn text(_: Request) -> Result<impl IntoResponse> {
        Ok(with_both("text"))
    }
    async fn nothing(_: Request) -> Result<impl IntoResponse> {
        Ok(with_both(()))
    }
    async fn json(_: Request) -> Result<impl IntoResponse> {
        Ok((http::StatusCode::ACCEPTED, with_both(Json(1))))
    }
    async fn response(_: Request) -> Result<impl IntoResponse> {
        Ok(with_both(Response::new("response".into())))
    }
    async fn converted(_: Request) -> Result<Response> {
        Ok(with_both("converted").into_response())
    }
    async fn file(request: Request) -> Result<impl IntoResponse> {
        Ok(with_both(FileResponse::from_bytes(
            &request, "a.txt", "file",
        )))
    }
    async fn failed(_: Request) -> Result<()> {
        let [theme, count] = cookies();
        Err(Error::not_found("No.")
            .with_cookie(theme)
            .with_cookie(count))
    }
    let app = App::new()
        .get("/text", public(text))
        .get("/nothing", public(nothing))
        .get("/json", public(json))
        .get("/response", public(response))
        .get("/converted", public(converted))
        .get("/file", public(file))
        .get("/failed", public(failed))
        .resource("/posts", Posts)
        .resource("/raw", RawPosts);
    let client = TestClient::new(app).unwrap();
    let new = serde_json::json!({"title": "a"});
    for (response, status) in [
        (client.get("/text").await, 200),
        (client.get("/nothing").await, 204),
        (client.get("/json").await, 202),
        (client.get("/response").await, 200),
        (client.get("/converted").await, 200),
        (client.get("/file").await, 200),
        (client.get("/failed").await, 404),
        (client.get("/raw/1").await, 200),
        (client.post("/posts").json(&new).await, 201),
    ] {
        assert_eq!(response.status(), status);
        let fields = response.headers().get_all("set-cookie").iter();
        let fields: Vec<_> = fields.map(|field| field.to_str().unwrap()).collect();
        assert_eq!(fields.len(), 2, "{fields:?}");
        assert!(fields[0].starts_with("__Host-theme=dark; "), "{fields:?}");
        assert!(fields[1].starts_with("__Host-count=; "), "{fields:?}");
    }
}

#[test]
fn a_cookie_is_in_the_document() {
    let document = App::new().resource("/posts", Posts).openapi().unwrap();
    let responses = &document.as_value()["paths"]["/posts"]["post"]["responses"];
    assert!(responses["201"]["headers"]["Set-Cookie"].is_object());
    assert_eq!(
        responses["201"]["content"]["application/json"]["schema"]["$ref"],
        "#/components/schemas/Post"
    );
}

/// Values of cookies are secrets: logs and tables of HTTP/2 leave them out.
#[test]
fn a_cookie_is_sensitive() {
    let cookie = THEME.set("secret").unwrap();
    assert!(!format!("{cookie:?}").contains("secret"));
    assert!(http::HeaderValue::from(cookie).is_sensitive());
}

//! Paths: normal form and routing.
#![no_main]

use std::borrow::Cow;

use http::{Method, Uri};
use libfuzzer_sys::fuzz_target;
use resourceful::prelude::*;
use resourceful::{Body, TrailingSlash};
use resourceful_fuzz::{Response, TestApp};

use self::path::{decode_segment, normalise};

#[path = "../../crates/resourceful/src/proto/path.rs"]
#[allow(dead_code)]
mod path;

/// Stands in for the module of the library.
mod error {
    pub(crate) use resourceful::{Error, Result};
}

thread_local! {
    static REDIRECTING: TestApp = TestApp::new(app());
    static IGNORING: TestApp = TestApp::new(app().trailing_slash(TrailingSlash::Ignore));
}

/// Path and parameters that a hook received.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Received {
    path: String,
    params: Vec<String>,
}

fn app() -> App {
    App::new()
        .get("/", public(received))
        .post("/posts/", public(received))
        .get("/posts/new", public(received))
        .get("/posts/{a}", public(received))
        .delete("/posts/{a}", public(received))
        .get("/posts/{a}/comments/{b}/", public(received))
        .get("/{a}/{b}/about", public(received))
        .get("/files/{*a}", public(received))
        .get("/%C3%A9t%C3%A9/", public(received))
}

async fn received(request: Request) -> Result<Json<Received>> {
    let names = ["a", "b"].into_iter();
    let names = names.filter(|name| {
        let route = request.matched_path();
        route.contains(&format!("{{{name}}}")) || route.contains(&format!("{{*{name}}}"))
    });
    let params = names
        .map(|name| request.param(name))
        .collect::<Result<_>>()?;
    let path = request.path().to_owned();
    Ok(Json(Received { path, params }))
}

fuzz_target!(|input: &[u8]| {
    let Some((&method, text)) = input.split_first() else {
        return;
    };
    if let Ok(text) = std::str::from_utf8(text) {
        check_normal_form(text);
    }
    let Ok(uri) = Uri::try_from(text) else {
        return;
    };
    let methods = [
        Method::GET,
        Method::POST,
        Method::DELETE,
        Method::HEAD,
        Method::OPTIONS,
    ];
    let method = &methods[usize::from(method) % methods.len()];
    let response = REDIRECTING.with(|app| call(app, method, &uri));
    if response.status() == 308 {
        follow(method, &uri, &response);
    }
    let ignoring = IGNORING.with(|app| call(app, method, &uri));
    assert_ne!(ignoring.status(), 308);
});

/// Checks the normal form of a path.
fn check_normal_form(text: &str) {
    let Ok(normal) = normalise(text) else {
        return;
    };
    assert_eq!(
        normalise(&normal).ok().as_ref(),
        Some(&normal),
        "normalising twice differs"
    );
    assert!(matches!(normalise(&normal), Ok(Cow::Borrowed(_))) || normal.contains(['%', '.']));
    assert_eq!(decoded(&normal), decoded(text), "another path");
    assert_eq!(
        normal.matches('/').count(),
        text.matches('/').count(),
        "another slash"
    );
    assert!(normal.bytes().all(|byte| byte.is_ascii_graphic()));
    for segment in normal.split('/') {
        is_sound(&decode_segment(segment));
    }
    for (at, _) in normal.match_indices('%') {
        let digits = &normal[at + 1..at + 3];
        assert_eq!(digits, digits.to_uppercase());
        let byte = u8::from_str_radix(digits, 16).expect("two digits");
        assert!(
            !byte.is_ascii_alphanumeric() && !b"-._~".contains(&byte),
            "{digits}"
        );
    }
}

/// Checks that a parameter is safe as a file name.
fn is_sound(text: &str) {
    assert!(!text.contains('\0'));
    assert!(
        text.split('/').all(|part| part != "." && part != ".."),
        "{text:?}"
    );
}

fn decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut out = Vec::new();
    while at < bytes.len() {
        let digits = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(byte.unwrap_or(bytes[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    out
}

fn call(app: &TestApp, method: &Method, uri: &Uri) -> Response {
    let mut request = http::Request::new(Body::empty());
    *request.method_mut() = method.clone();
    *request.uri_mut() = uri.clone();
    let response = app.send(request);
    let status = response.status().as_u16();
    let normal = normalise(uri.path());
    match status {
        200 => {
            let normal = normal.expect("a served path has a normal form");
            if method != Method::HEAD {
                let received: Received =
                    serde_json::from_slice(response.body()).expect("the received path");
                assert_eq!(received.path, normal);
                received.params.iter().for_each(|param| is_sound(param));
                assert!(received.params.iter().all(|param| !param.is_empty()));
            }
        }
        204 => assert_eq!(method, Method::OPTIONS),
        308 | 404 | 405 => assert!(normal.is_ok(), "{uri}"),
        400 => assert!(normal.is_err(), "{uri}"),
        414 => assert!(uri.to_string().len() > 8 * 1024),
        _ => panic!("{status} for {method} {uri}"),
    }
    response
}

/// Checks that a redirect leads to a path of this server with the same query, not to another
/// redirect.
fn follow(method: &Method, uri: &Uri, response: &Response) {
    let location = response.headers()["location"]
        .to_str()
        .expect("it is ASCII");
    assert!(
        location.starts_with('/') && !location.starts_with("//"),
        "{location}"
    );
    let location: Uri = location.parse().expect("it is a URI");
    let query = |uri: &Uri| uri.query().map(decoded);
    assert_eq!(query(&location), query(uri));
    let there = REDIRECTING.with(|app| call(app, method, &location));
    assert!(
        matches!(there.status().as_u16(), 200 | 204 | 405 | 414),
        "{location}"
    );
}

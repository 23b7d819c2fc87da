//! Paths: normalisation and routing.
#![no_main]

use std::borrow::Cow;

use http::{Method, Uri};
use libfuzzer_sys::fuzz_target;
use resourceful::prelude::*;
use resourceful::{Body, TrailingSlash};
use resourceful_fuzz::{Caller, FullResponse};

use self::path::{decode_segment, normalise};

#[path = "../../crates/resourceful/src/proto/path.rs"]
#[allow(dead_code)]
mod path;

/// The imports of `path`.
mod error {
    pub(crate) use resourceful::{Error, Result};
}

thread_local! {
    static REDIRECTING: Caller = Caller::new(app());
    static IGNORING: Caller = Caller::new(app().trailing_slash(TrailingSlash::Ignore));
}

/// The path and parameters that a hook received.
#[derive(Serialize, Deserialize)]
struct Seen {
    path: String,
    params: Vec<String>,
}

fn app() -> App {
    App::new()
        .get("/", public(seen))
        .post("/posts/", public(seen))
        .get("/posts/new", public(seen))
        .get("/posts/{a}", public(seen))
        .delete("/posts/{a}", public(seen))
        .get("/posts/{a}/comments/{b}/", public(seen))
        .get("/{a}/{b}/about", public(seen))
        .get("/files/{*a}", public(seen))
        .get("/%C3%A9t%C3%A9/", public(seen))
}

async fn seen(request: Request) -> Result<Json<Seen>> {
    let names = ["a", "b"].into_iter();
    let names = names.filter(|name| {
        let route = request.matched_path();
        route.contains(&format!("{{{name}}}")) || route.contains(&format!("{{*{name}}}"))
    });
    let params = names
        .map(|name| request.param(name))
        .collect::<Result<_>>()?;
    let path = request.path().to_owned();
    Ok(Json(Seen { path, params }))
}

fuzz_target!(|input: &[u8]| {
    let Some((&method, text)) = input.split_first() else {
        return;
    };
    if let Ok(text) = std::str::from_utf8(text) {
        spell(text);
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
    let response = REDIRECTING.with(|caller| call(caller, method, &uri));
    if response.status() == 308 {
        follow(method, &uri, &response);
    }
    let ignoring = IGNORING.with(|caller| call(caller, method, &uri));
    assert_ne!(ignoring.status(), 308);
});

/// Checks the normalised path.
fn spell(text: &str) {
    let Ok(normal) = normalise(text) else {
        return;
    };
    assert_eq!(
        normalise(&normal).ok().as_ref(),
        Some(&normal),
        "twice is another"
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

/// Checks that a parameter is safe as a name: without NUL, `.` and `..`.
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

fn call(caller: &Caller, method: &Method, uri: &Uri) -> FullResponse {
    let mut request = http::Request::new(Body::empty());
    *request.method_mut() = method.clone();
    *request.uri_mut() = uri.clone();
    let response = caller.call(request);
    let status = response.status().as_u16();
    let spelled = normalise(uri.path());
    match status {
        200 => {
            let spelled = spelled.expect("what is served has a spelling");
            if method != Method::HEAD {
                let seen: Seen = serde_json::from_slice(response.body()).expect("what was seen");
                assert_eq!(seen.path, spelled);
                seen.params.iter().for_each(|param| is_sound(param));
                assert!(seen.params.iter().all(|param| !param.is_empty()));
            }
        }
        204 => assert_eq!(method, Method::OPTIONS),
        308 | 404 | 405 => assert!(spelled.is_ok(), "{uri}"),
        400 => assert!(spelled.is_err(), "{uri}"),
        414 => assert!(uri.to_string().len() > 8 * 1024),
        _ => panic!("{status} for {method} {uri}"),
    }
    response
}

/// Checks that a redirect leads to an existing local path with the same query, not to another redirect.
fn follow(method: &Method, uri: &Uri, response: &FullResponse) {
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
    let there = REDIRECTING.with(|caller| call(caller, method, &location));
    assert!(
        matches!(there.status().as_u16(), 200 | 204 | 405 | 414),
        "{location}"
    );
}

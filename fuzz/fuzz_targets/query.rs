//! Query strings: the result of a simple decoder, or 422, or 400.
#![no_main]

use http::Uri;
use libfuzzer_sys::fuzz_target;
use resourceful::Body;
use resourceful::prelude::*;
use resourceful_fuzz::{Response, TestApp};
use serde_json::{Value, json};

thread_local! {
    static APP: TestApp = TestApp::new(app());
}

#[derive(Serialize, Deserialize, JsonSchema, Validate)]
#[garde(allow_unvalidated)]
struct Filter {
    text: Option<String>,
    number: Option<i64>,
    flag: Option<bool>,
    #[serde(default)]
    tags: Vec<String>,
}

fn app() -> App {
    App::new()
        .get("/filter", public(filter))
        .get("/page", public(page))
        .get("/both", public(both))
}

async fn filter(request: Request) -> Result<Json<Filter>> {
    Ok(Json(request.query()?))
}

async fn page(request: Request) -> Result<Json<Value>> {
    let page: PageNumber = request.query()?;
    Ok(Json(json!({"page": page.number(), "limit": page.limit()})))
}

async fn both(request: Request) -> Result<Json<Value>> {
    let Filtered { filter, paging } = request.query::<Filtered<Filter, PageNumber>>()?;
    // These may overflow.
    let _: (u64, Page<u8>) = (paging.offset(), paging.of(Vec::new(), u64::MAX));
    Ok(Json(json!({"filter": filter, "page": paging.number()})))
}

fuzz_target!(|query: &str| {
    let Some(response) = call("/filter", query) else {
        return;
    };
    if query.matches('&').count() >= 1000 {
        assert_eq!(response.status(), 400);
        return;
    }
    let filter = read_filter(query);
    check(
        &response,
        filter.clone(),
        &["text", "number", "flag", "tags"],
    );
    let page = read_page(query);
    let response = call("/page", query).expect("a valid URI");
    check(&response, page.clone(), &["page", "limit"]);
    let both = filter.zip(page);
    let both = both.map(|(filter, page)| json!({"filter": filter, "page": page["page"]}));
    let response = call("/both", query).expect("a valid URI");
    check(
        &response,
        both,
        &["text", "number", "flag", "tags", "page", "limit"],
    );
});

/// Sends a request; `None` if the URI is invalid or too long.
fn call(path: &str, query: &str) -> Option<Response> {
    let uri = format!("{path}?{query}").parse::<Uri>().ok()?;
    // `Uri` drops a fragment.
    if uri.query() != Some(query) || query.len() > 8000 {
        return None;
    }
    let mut request = http::Request::new(Body::empty());
    *request.uri_mut() = uri;
    Some(APP.with(|app| app.send(request)))
}

/// Checks that the response is the expected value, or names known parameters.
fn check(response: &Response, expected: Option<Value>, known: &[&str]) {
    let body: Value = serde_json::from_slice(response.body()).expect("JSON");
    if let Some(expected) = expected {
        assert_eq!(body, expected);
        return;
    }
    assert_eq!(response.status(), 422, "{body}");
    let errors = body["errors"].as_array().expect("a list of errors");
    assert!(!errors.is_empty());
    for (at, error) in errors.iter().enumerate() {
        assert!(!errors[..at].contains(error), "{error} twice");
        let name = error["name"].as_str().expect("the name of a parameter");
        assert!(known.contains(&name) && error["in"] == "query", "{error}");
    }
}

/// Values of a parameter; `None` if invalid UTF-8.
fn values(query: &str, name: &str) -> Vec<Option<String>> {
    let mut values = Vec::new();
    for pair in query.split('&') {
        let mut parts = pair.splitn(2, '=');
        let given = parts.next().and_then(decode);
        if !pair.is_empty() && given.as_deref() == Some(name) {
            values.push(decode(parts.next().unwrap_or_default()));
        }
    }
    values
}

/// Parses the last value of a parameter; `None` if it is invalid.
fn last(
    query: &str,
    name: &str,
    read: impl Fn(&str) -> Option<Value>,
    default: Value,
) -> Option<Value> {
    match values(query, name).pop() {
        None => Some(default),
        Some(value) => read(&value?),
    }
}

fn text(text: &str) -> Option<Value> {
    (!text.contains('\0')).then(|| text.into())
}

fn read_filter(query: &str) -> Option<Value> {
    let flag = |text: &str| match text {
        "true" => Some(true.into()),
        "false" => Some(false.into()),
        _ => None,
    };
    let number = |text: &str| text.parse::<i64>().ok().map(Value::from);
    let tags = values(query, "tags").into_iter();
    let tags: Option<Vec<_>> = tags.map(|tag| text(&tag?)).collect();
    Some(json!({
        "text": last(query, "text", text, Value::Null)?,
        "number": last(query, "number", number, Value::Null)?,
        "flag": last(query, "flag", flag, Value::Null)?,
        "tags": tags?,
    }))
}

fn read_page(query: &str) -> Option<Value> {
    let number = |min: u64, max: u64| {
        move |text: &str| {
            let is_number = text.chars().all(|digit| digit.is_ascii_digit());
            let number = text.parse::<u64>().ok().filter(|_| is_number)?;
            (min..=max).contains(&number).then(|| number.into())
        }
    };
    let most = u64::try_from(i64::MAX).expect("it is positive") / 100;
    Some(json!({
        "page": last(query, "page", number(1, most), 1.into())?,
        "limit": last(query, "limit", number(1, 100), 10.into())?,
    }))
}

/// Reference decoder of `application/x-www-form-urlencoded`.
fn decode(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut out = Vec::new();
    while at < bytes.len() {
        let digit = |at: usize| {
            bytes
                .get(at)
                .and_then(|byte| char::from(*byte).to_digit(16))
        };
        match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push(u8::try_from(high * 16 + low).expect("two digits"));
                at += 2;
            }
            (b'+', ..) => out.push(b' '),
            (byte, ..) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8(out).ok()
}

//! `Accept`: JSON is refused if and only if its weight is zero.
#![no_main]

use http::header::{ACCEPT, HeaderValue};
use libfuzzer_sys::fuzz_target;
use resourceful::Body;
use resourceful::prelude::*;
use resourceful_fuzz::TestApp;

thread_local! {
    static APP: TestApp = TestApp::new(App::new().resource("/things/", Things));
}

struct Things;

#[derive(Serialize, JsonSchema)]
struct Thing {
    id: u8,
}

#[resource]
impl AsyncResource for Things {
    type Access = Public;
    type Error = Error;
    type Query = Unpaged;

    async fn list(&self, _: &Request, paging: Unpaged) -> Result<Page<Thing>> {
        Ok(paging.of(vec![Thing { id: 1 }]))
    }
}

fuzz_target!(|bytes: &[u8]| {
    // Repeated fields are one list.
    let Ok(values) = bytes
        .split(|byte| *byte == b'\n')
        .map(HeaderValue::from_bytes)
        .collect()
    else {
        return;
    };
    let values: Vec<_> = values;
    let mut request = http::Request::new(Body::empty());
    *request.uri_mut() = http::Uri::from_static("/things/");
    for value in &values {
        request.headers_mut().append(ACCEPT, value.clone());
    }
    let status = APP.with(|app| app.send(request).status());
    let expected = if is_refused(&values) { 406 } else { 200 };
    assert_eq!(status, expected);
});

/// Whether the best match for `application/json` has a weight of zero (RFC 9110 section 12.5.1).
fn is_refused(values: &[HeaderValue]) -> bool {
    let Ok(texts) = values
        .iter()
        .map(HeaderValue::to_str)
        .collect::<Result<Vec<_>, _>>()
    else {
        return false;
    };
    let ranges: Vec<_> = texts.iter().flat_map(|text| text.split(',')).collect();
    for name in ["application/json", "application/*", "*/*"] {
        let best = ranges.iter().find(|range| {
            let media_type = range.split(';').next().unwrap_or_default();
            media_type.trim().to_ascii_lowercase() == name
        });
        if let Some(range) = best {
            return range.split(';').skip(1).any(is_zero);
        }
    }
    false
}

/// Whether a parameter is a weight of zero (section 12.4.2): `q=0`, `Q = 0.000`.
fn is_zero(parameter: &str) -> bool {
    let Some((name, weight)) = parameter.split_once('=') else {
        return false;
    };
    let mut characters = weight.trim().chars();
    let is_weight = name.trim().eq_ignore_ascii_case("q");
    is_weight
        && characters.next() == Some('0')
        && matches!(characters.next(), None | Some('.'))
        && characters.all(|digit| digit == '0')
}

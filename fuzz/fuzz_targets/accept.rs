//! `Accept`: JSON is refused by a weight of zero, and by nothing else.
#![no_main]

use http::header::{ACCEPT, HeaderValue};
use libfuzzer_sys::fuzz_target;
use resourceful::Body;
use resourceful::prelude::*;
use resourceful_fuzz::Asked;

thread_local! {
    static ASKED: Asked = Asked::new(App::new().resource("/things/", Things));
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
    // A field that is there several times is one list.
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
    let status = ASKED.with(|asked| asked.ask(request).status());
    let expected = if is_refused(&values) { 406 } else { 200 };
    assert_eq!(status, expected);
});

/// Is the best match for `application/json` one of weight zero (RFC 9110 section 12.5.1)?
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
            let essence = range.split(';').next().unwrap_or_default();
            essence.trim().to_ascii_lowercase() == name
        });
        if let Some(range) = best {
            return range.split(';').skip(1).any(is_zero);
        }
    }
    false
}

/// `q=0`, `Q = 0.000`: a weight as section 12.4.2 writes it.
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

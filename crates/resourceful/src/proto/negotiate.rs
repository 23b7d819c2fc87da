//! Which representation the client takes (RFC 9110 section 12.5.1). We have one: JSON.

use http::header::{ACCEPT, HeaderMap};

use crate::error::{Error, ErrorStatus, Result};

/// A client that names other types only is answered in JSON all the same, as section 12.5.1
/// allows: an answer that it may not expect helps it more than none.
///
/// # Errors
/// 406 when `Accept` refuses `application/json` in so many words, by a weight of zero.
#[inline]
pub(crate) fn json_is_acceptable(headers: &HeaderMap) -> Result<()> {
    match headers.get(ACCEPT) {
        None => Ok(()),
        // Nearly all requests; where no field is there twice, this one is not.
        Some(value)
            if headers.len() == headers.keys_len()
                && (value == "*/*" || value == "application/json") =>
        {
            Ok(())
        }
        Some(_) => weighed(headers),
    }
}

/// Does it name `application/json`? `*/*` is everybody's.
pub(crate) fn asks_for_json(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT).into_iter();
    let mut ranges = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    ranges.any(|range| {
        let (name, parameters) = range.split_once(';').unwrap_or((range, ""));
        specificity(name.trim()) == 3 && !is_refused(parameters)
    })
}

fn weighed(headers: &HeaderMap) -> Result<()> {
    // The most specific range decides: 3 is `application/json`, 1 is `*/*`.
    let mut best = (0, true);
    for value in headers.get_all(ACCEPT) {
        // What cannot be read is not held against the client.
        let Ok(value) = value.to_str() else {
            return Ok(());
        };
        for range in value.split(',') {
            let (name, parameters) = range.split_once(';').unwrap_or((range, ""));
            let specificity = specificity(name.trim());
            if specificity > best.0 {
                best = (specificity, !is_refused(parameters));
            }
        }
    }
    if best.1 {
        return Ok(());
    }
    Err(Error::new(ErrorStatus::new(406)).with_detail("The answer is application/json."))
}

fn specificity(range: &str) -> u8 {
    match range {
        "*/*" => 1,
        _ if range.eq_ignore_ascii_case("application/json") => 3,
        _ if range.eq_ignore_ascii_case("application/*") => 2,
        _ => 0,
    }
}

/// A weight of zero: "not acceptable".
fn is_refused(parameters: &str) -> bool {
    parameters
        .split(';')
        .any(|parameter| match parameter.split_once('=') {
            Some((name, weight)) => name.trim().eq_ignore_ascii_case("q") && is_zero(weight.trim()),
            None => false,
        })
}

/// `0`, `0.`, `0.000` (RFC 9110 section 12.4.2).
fn is_zero(weight: &str) -> bool {
    let (whole, fraction) = weight.split_once('.').unwrap_or((weight, ""));
    whole == "0" && fraction.bytes().all(|digit| digit == b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(accept: &str) -> bool {
        let headers = HeaderMap::from_iter([(ACCEPT, accept.parse().unwrap())]);
        json_is_acceptable(&headers).is_ok()
    }

    #[test]
    fn json_is_answered_to_who_does_not_refuse_it() {
        for accept in [
            "*/*",
            "application/json",
            "Application/JSON;q=0.1",
            "text/html, application/*;q=0.5",
            "text/html",
            "garbage",
            "",
            "*/*;q=0, application/json",
            "*/*;q=-0",
            "*/*;q=1e-99",
        ] {
            assert!(accepts(accept), "{accept}");
        }
        assert!(json_is_acceptable(&HeaderMap::new()).is_ok());
    }

    #[test]
    fn the_most_specific_range_decides() {
        for accept in [
            "application/json;q=0",
            "application/json;q=0.0, */*",
            "application/*; q=0, */*",
            "text/html, */*;q=0",
        ] {
            assert!(!accepts(accept), "{accept}");
        }
    }

    #[test]
    fn several_fields_are_one_list() {
        let mut headers = HeaderMap::new();
        for value in ["*/*", "application/json;q=0"] {
            headers.append(ACCEPT, value.parse().unwrap());
        }
        assert!(json_is_acceptable(&headers).is_err());
    }
}

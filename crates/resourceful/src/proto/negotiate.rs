//! Content negotiation (RFC 9110 section 12.5.1). Each result has one media type.

use http::header::{ACCEPT, HeaderMap};

use crate::error::{Error, ErrorStatus, Result};
use crate::proto::parameters::split_parameters;

/// Checks that `Accept` does not exclude the media type of the response.
///
/// A client that lists only other types gets the response all the same, as section 12.5.1 allows: an
/// unexpected response helps it more than none.
///
/// # Errors
/// 406 if `Accept` excludes the media type by a weight of zero.
#[inline]
pub(crate) fn check_accept(headers: &HeaderMap, media_type: &'static str) -> Result<()> {
    match headers.get(ACCEPT) {
        None => Ok(()),
        // Nearly all requests. If no header occurs twice, `Accept` does not either.
        Some(value)
            if headers.len() == headers.keys_len() && (value == "*/*" || value == media_type) =>
        {
            Ok(())
        }
        Some(_) => check_ranges(headers, media_type),
    }
}

/// Whether `Accept` lists `application/json`. `*/*` does not count, since every client sends it.
pub(crate) fn names_json(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT).into_iter();
    let mut ranges = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    ranges.any(|range| {
        let (name, parameters) = split_parameters(range);
        specificity(name, "application/json") == 3 && !is_excluded(parameters)
    })
}

fn check_ranges(headers: &HeaderMap, media_type: &'static str) -> Result<()> {
    let (essence, _) = split_parameters(media_type);
    // The most specific range decides: 3 is the media type itself, 1 is `*/*`.
    let mut best = (0, true);
    for value in headers.get_all(ACCEPT) {
        // An unreadable header excludes nothing.
        let Ok(value) = value.to_str() else {
            return Ok(());
        };
        for range in value.split(',') {
            let (name, parameters) = split_parameters(range);
            let specificity = specificity(name, essence);
            if specificity > best.0 {
                best = (specificity, !is_excluded(parameters));
            }
        }
    }
    if best.1 {
        return Ok(());
    }
    Err(Error::new(ErrorStatus::new(406)).with_detail(format!("The response is {essence}.")))
}

fn specificity(range: &str, media_type: &str) -> u8 {
    if range == "*/*" {
        return 1;
    }
    if range.eq_ignore_ascii_case(media_type) {
        return 3;
    }
    let kind = |name: &str| name.split('/').next().map(str::to_ascii_lowercase);
    u8::from(range.ends_with("/*") && kind(range) == kind(media_type)) * 2
}

/// Whether the weight is zero, which means "not acceptable".
fn is_excluded(parameters: &str) -> bool {
    parameters
        .split(';')
        .any(|parameter| match parameter.split_once('=') {
            Some((name, weight)) => name.trim().eq_ignore_ascii_case("q") && is_zero(weight.trim()),
            None => false,
        })
}

/// Whether the weight is `0`, `0.` or `0.000` (RFC 9110 section 12.4.2).
fn is_zero(weight: &str) -> bool {
    let (whole, fraction) = weight.split_once('.').unwrap_or((weight, ""));
    whole == "0" && fraction.bytes().all(|digit| digit == b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(accept: &str) -> bool {
        let headers = HeaderMap::from_iter([(ACCEPT, accept.parse().unwrap())]);
        check_accept(&headers, "application/json").is_ok()
    }

    #[test]
    fn check_accept_unless_excluded() {
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
        assert!(check_accept(&HeaderMap::new(), "text/csv").is_ok());
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
    fn each_media_type_has_its_own_ranges() {
        let accepts = |accept: &str| {
            let headers = HeaderMap::from_iter([(ACCEPT, accept.parse().unwrap())]);
            check_accept(&headers, "text/csv; charset=utf-8").is_ok()
        };
        assert!(accepts("text/csv"));
        assert!(accepts("application/json;q=0"));
        assert!(!accepts("*/*, Text/*;q=0"));
        assert!(!accepts("text/csv;q=0"));
    }

    #[test]
    fn several_headers_are_one_list() {
        let mut headers = HeaderMap::new();
        for value in ["*/*", "application/json;q=0"] {
            headers.append(ACCEPT, value.parse().unwrap());
        }
        assert!(check_accept(&headers, "application/json").is_err());
    }
}

//! Decides which attempts are retried, and after which pause.

use std::error::Error;
use std::iter::successors;
use std::time::{Duration, SystemTime};

use http::StatusCode;
use http::header::{HeaderMap, RETRY_AFTER};

use crate::error::ClientError;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const MAX_PAUSE: Duration = Duration::from_secs(2);

/// Whether another attempt may succeed.
pub(crate) fn is_transient(error: &ClientError) -> bool {
    match error {
        ClientError::Timeout | ClientError::Connect(_) | ClientError::Interrupted(_) => true,
        ClientError::Status { status, .. } => matches!(
            *status,
            StatusCode::REQUEST_TIMEOUT
                | StatusCode::TOO_MANY_REQUESTS
                | StatusCode::BAD_GATEWAY
                | StatusCode::SERVICE_UNAVAILABLE
                | StatusCode::GATEWAY_TIMEOUT
        ),
        _ => false,
    }
}

/// Whether an earlier attempt with the same `Idempotency-Key` still runs: 409 with `Retry-After`.
pub(crate) fn still_runs(error: &ClientError, retry_after: Option<Duration>) -> bool {
    error.status() == Some(StatusCode::CONFLICT) && retry_after.is_some()
}

/// Whether the upstream refused the request over HTTP/2 without processing it. Any method may then
/// be retried (RFC 9113 section 8.7): the stream was refused, or its id is above the last one of a
/// graceful GOAWAY.
pub(crate) fn is_unprocessed(error: &ClientError) -> bool {
    let ClientError::Interrupted(source) = error else {
        return false;
    };
    let source: &(dyn Error + 'static) = &**source;
    successors(Some(source), |&error| error.source())
        .filter_map(|error| error.downcast_ref::<h2::Error>())
        .any(|error| {
            let reason = error.reason();
            let refused = error.is_reset() && reason == Some(h2::Reason::REFUSED_STREAM);
            let going_away = error.is_go_away() && reason == Some(h2::Reason::NO_ERROR);
            error.is_remote() && (refused || going_away)
        })
}

/// Pause before retry `number`, counted from 1. It is random, so that clients that failed together
/// do not retry together, and not shorter than the upstream's `Retry-After`.
pub(crate) fn pause(number: u32, retry_after: Option<Duration>) -> Duration {
    let longest = FIRST_PAUSE
        .saturating_mul(1 << (number - 1).min(16))
        .min(MAX_PAUSE);
    let random = longest.mul_f64(fastrand::f64());
    random.max(retry_after.unwrap_or_default())
}

/// Value of `Retry-After`: seconds or a date (RFC 9110 section 10.2.3). Of several values the
/// longest counts; invalid values are ignored.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let values = headers.get_all(RETRY_AFTER).iter();
    values
        .filter_map(|value| parse_retry_after(value.to_str().ok()?))
        .max()
}

fn parse_retry_after(text: &str) -> Option<Duration> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number that overflows is longer than any deadline.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_two_seconds_and_respect_retry_after() {
        for (number, longest) in [(1, 100), (2, 200), (3, 400), (9, 2000), (u32::MAX, 2000)] {
            assert!(pause(number, None) <= Duration::from_millis(longest));
        }
        let retry_after = Duration::from_secs(7);
        assert_eq!(pause(1, Some(retry_after)), retry_after);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let parsed = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            retry_after(&headers)
        };
        assert_eq!(parsed("3"), Some(Duration::from_secs(3)));
        assert_eq!(
            parsed("Sun, 06 Nov 1994 08:49:37 GMT"),
            Some(Duration::ZERO)
        );
        let later = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(100));
        assert!(parsed(&later).is_some_and(|time| time > Duration::from_secs(90)));
        assert_eq!(
            parsed("18446744073709551615"),
            Some(Duration::from_secs(u64::MAX))
        );
        let longest = Some(Duration::from_secs(u64::MAX));
        assert_eq!(parsed("18446744073709551616"), longest);
        assert_eq!(parsed(&"9".repeat(1000)), longest);
        assert_eq!(
            parsed(&format!("{}3", "0".repeat(30))),
            Some(Duration::from_secs(3))
        );
        for unreadable in ["", "soon", "-1", "+1", "1.5", "1s", "Sun, 06 Nov 1994"] {
            assert_eq!(parsed(unreadable), None, "{unreadable}");
        }
    }

    #[test]
    fn of_several_retry_after_the_longest_counts() {
        let mut headers = HeaderMap::new();
        for text in ["3", "soon", "60", "Sun, 06 Nov 1994 08:49:37 GMT"] {
            headers.append(RETRY_AFTER, text.parse().unwrap());
        }
        assert_eq!(retry_after(&headers), Some(Duration::from_secs(60)));
    }
}

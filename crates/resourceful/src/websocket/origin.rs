//! The check of `Origin`: which pages may open a WebSocket.

use crate::proto::host::{Host, is_same_name};
use crate::request::Request;

/// Has the origin the host and port of the request? `https://example.org` matches `example.org` and
/// `example.org:443`.
pub(super) fn is_same_host<C>(request: &Request<C>, origin: &str) -> bool {
    let ours = request.host().and_then(Host::parse);
    ours.is_some_and(|ours| matches(origin, ours))
}

/// A missing port is the default port of the origin's scheme (RFC 6454 section 4). The schemes are not
/// compared: behind a proxy a server does not know its own.
fn matches(origin: &str, ours: Host<'_>) -> bool {
    let Some((scheme, theirs)) = origin.split_once("://") else {
        return false;
    };
    let default = match scheme.to_ascii_lowercase().as_str() {
        "http" | "ws" => 80,
        "https" | "wss" => 443,
        _ => return false,
    };
    let port = |host: Host<'_>| host.port.unwrap_or(default);
    Host::parse(theirs)
        .is_some_and(|theirs| is_same_name(theirs.name, ours.name) && port(theirs) == port(ours))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_of_the_host_that_was_asked() {
        for (origin, host) in [
            ("https://a", "a"),
            ("https://a", "a:443"),
            ("https://a:443", "a"),
            ("http://a", "a:80"),
            ("http://a:80", "a"),
            ("http://a:8000", "a:8000"),
            ("ws://a", "a:80"),
            ("wss://a", "a:443"),
            ("HTTPS://A.example", "a.EXAMPLE:443"),
            ("https://a.", "a"),
            ("https://a", "a.:443"),
            ("http://[::1]", "[::1]:80"),
            ("http://[::1]:8000", "[::1]:8000"),
        ] {
            assert!(
                matches(origin, Host::parse(host).unwrap()),
                "{origin} {host}"
            );
        }
        for (origin, host) in [
            ("https://a", "b"),
            ("https://a", "a:80"),
            ("http://a", "a:443"),
            ("https://a:8000", "a"),
            ("https://a", "a:8000"),
            ("https://a.b", "a"),
            ("https://b.a", "a"),
            ("https://a..", "a"),
            ("http://[::1]", "[::2]"),
            ("null", "null"),
            ("a", "a"),
            ("file://", "a"),
            ("chrome-extension://a", "a"),
            ("https://a/", "a"),
            ("https://user@a", "a"),
            ("https://a https://b", "a"),
            ("https://a, https://b", "b"),
            ("https://", "a"),
        ] {
            assert!(
                !matches(origin, Host::parse(host).unwrap()),
                "{origin} {host}"
            );
        }
    }
}

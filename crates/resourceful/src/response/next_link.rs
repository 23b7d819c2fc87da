//! The `Link` to the next page (RFC 8288).

use http::HeaderValue;
use percent_encoding::utf8_percent_encode;

use crate::proto::path::SEGMENT;
use crate::request::head::Head;

/// The `Link` to the page with this cursor: the path and the query of the request, with another `cursor`. `None` if
/// the path cannot be in a header field.
pub(crate) fn next_link(head: &Head, cursor: &str) -> Option<HeaderValue> {
    let query = head.parts.uri.query().unwrap_or_default();
    let others = query
        .split('&')
        .filter(|pair| !pair.is_empty() && pair.split('=').next() != Some("cursor"));
    let mut link = format!("<{}{}?", head.root_path(), head.path());
    for pair in others {
        link.push_str(pair);
        link.push('&');
    }
    link.push_str("cursor=");
    // A cursor is any text: `>` would end the link, and `&` the parameter.
    link.extend(utf8_percent_encode(cursor, SEGMENT));
    link.push_str(">; rel=\"next\"");
    HeaderValue::try_from(link).ok()
}

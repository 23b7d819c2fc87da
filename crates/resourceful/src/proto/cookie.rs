//! Joins the cookies of HTTP/2 requests into one header.

use http::header::{COOKIE, HeaderMap, HeaderValue};

/// Joins several `Cookie` headers. HTTP/2 clients may send one for each cookie for better compression
/// (RFC 9113 section 8.2.3, RFC 9114 section 4.2.1).
pub(crate) fn join(headers: &mut HeaderMap) {
    // If no header occurs twice, `Cookie` does not either.
    if headers.len() == headers.keys_len() {
        return;
    }
    let fields: Vec<_> = headers.get_all(COOKIE).iter().collect();
    if fields.len() < 2 {
        return;
    }
    let is_sensitive = fields.iter().any(|field| field.is_sensitive());
    let fields: Vec<_> = fields.iter().map(|field| field.as_bytes()).collect();
    if let Ok(mut joined) = HeaderValue::from_bytes(&fields.join(&b"; "[..])) {
        joined.set_sensitive(is_sensitive);
        headers.insert(COOKIE, joined);
    }
}

//! The cookies of a request: one field over HTTP/2, too.

use http::header::{COOKIE, HeaderMap, HeaderValue};

/// HTTP/2 clients may send a field for each cookie, so that those that stay compress well. They are
/// one list (RFC 9113 section 8.2.3, RFC 9114 section 4.2.1).
pub(crate) fn join(headers: &mut HeaderMap) {
    // Where no field is there twice, this one is not.
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

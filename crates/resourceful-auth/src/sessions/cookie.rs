//! [`SessionCookie`]: the session cookie of a request.

use http::header::{COOKIE, HeaderMap};

use crate::sessions::id::SessionId;

pub(super) enum SessionCookie {
    Missing,
    Malformed,
    Id(SessionId),
}

impl SessionCookie {
    /// Finds the cookie of this name.
    ///
    /// The bytes are searched in place: [`Request::cookie`](resourceful::Request::cookie) copies each cookie.
    pub(super) fn read(headers: &HeaderMap, name: &str) -> Self {
        let fields = headers.get_all(COOKIE).iter();
        let pairs = fields.flat_map(|field| field.as_bytes().split(|byte| *byte == b';'));
        let mut values = pairs.filter_map(|pair| {
            let value = pair.trim_ascii_start().strip_prefix(name.as_bytes())?;
            Some(value.trim_ascii_start().strip_prefix(b"=")?.trim_ascii())
        });
        match (values.next(), values.next()) {
            (None, _) => Self::Missing,
            // A browser keeps one. The other one may be of another host of the domain.
            (Some(_), Some(_)) => Self::Malformed,
            (Some(value), None) => SessionId::parse(value).map_or(Self::Malformed, Self::Id),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    const NAME: &str = "__Host-session";

    fn read(cookies: &[Vec<u8>]) -> SessionCookie {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(COOKIE, HeaderValue::from_bytes(cookie).unwrap());
        }
        SessionCookie::read(&headers, NAME)
    }

    /// Bytes that a field can have, without the cookie of a session.
    fn field() -> impl Strategy<Value = Vec<u8>> {
        let byte = any::<u8>().prop_map(|byte| {
            if byte < b' ' || byte == 127 {
                b';'
            } else {
                byte
            }
        });
        proptest::collection::vec(byte, 0..60)
    }

    proptest! {
        /// Whatever other programs have set, the cookie is found, and nothing else is taken for it.
        #[test]
        fn the_cookie_is_found_among_any_bytes(before in field(), after in field(), id: [u8; 32]) {
            prop_assert!(matches!(read(&[before.clone(), after.clone()]), SessionCookie::Missing));
            let value = SessionId::of(id).to_cookie();
            let cookie = [before.as_slice(), b"; __Host-session=", value.as_bytes(), b"; ", &after].concat();
            let SessionCookie::Id(found) = read(&[cookie]) else {
                return Err(TestCaseError::fail("the cookie is missing"));
            };
            prop_assert_eq!(found.to_cookie(), value);
        }

        /// Each id has one text.
        #[test]
        fn any_value_is_an_id_or_malformed(value in "[A-Za-z0-9_=/+\\-]{41,45}") {
            match read(&[format!("{NAME}={value}").into_bytes()]) {
                SessionCookie::Id(id) => prop_assert_eq!(id.to_cookie(), value),
                SessionCookie::Malformed => prop_assert!(SessionId::parse(value.as_bytes()).is_none()),
                SessionCookie::Missing => return Err(TestCaseError::fail("the cookie is missing")),
            }
        }
    }
}

//! [`Credentials`]: the header fields by which a request has a caller.

use std::fmt;

use http::header::{HeaderName, HeaderValue};

/// The credentials of a caller, for [`Conformance::as_callers`](super::Conformance::as_callers).
///
/// Take credentials of the tests only: findings show them in `curl` commands.
///
/// # Examples
/// ```
/// use resourceful_testing::Credentials;
///
/// let key = Credentials::header("x-api-key", "key_of_alice");
/// let both = Credentials::cookie("__Host-session=of-alice").and(key);
/// // Values are secrets.
/// assert_eq!(format!("{both:?}"), r#"Credentials(["cookie", "sec-fetch-site", "x-api-key"])"#);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    secrets: Vec<(String, String)>,
    /// Fields without a secret, which a browser adds.
    others: Vec<(String, String)>,
}

impl Credentials {
    /// `Authorization: Bearer ..` (RFC 6750): an API key or a token.
    ///
    /// # Panics
    /// If the token has characters that no header field has.
    ///
    /// # Examples
    /// ```
    /// # use resourceful_testing::Credentials;
    /// let alice = Credentials::bearer("token-of-alice");
    /// ```
    #[must_use]
    pub fn bearer(token: &str) -> Self {
        Self::header("authorization", &format!("Bearer {token}"))
    }

    /// A header field. Bad credentials have other characters at the end of its value.
    ///
    /// # Panics
    /// If the name or the value is invalid.
    ///
    /// # Examples
    /// ```
    /// # use resourceful_testing::Credentials;
    /// let alice = Credentials::header("x-api-key", "key_of_alice");
    /// ```
    #[must_use]
    pub fn header(name: &str, value: &str) -> Self {
        HeaderName::try_from(name).expect("a valid header name");
        HeaderValue::try_from(value).expect("a valid header value");
        Self {
            secrets: vec![(name.to_owned(), value.to_owned())],
            others: Vec::new(),
        }
    }

    /// A cookie, `name=value`, as a browser sends it from a page of the same origin: with
    /// `Sec-Fetch-Site: same-origin`.
    ///
    /// # Panics
    /// If the cookie has characters that no header field has.
    ///
    /// # Examples
    /// ```
    /// # use resourceful_testing::Credentials;
    /// let alice = Credentials::cookie("__Host-session=of-alice");
    /// ```
    #[must_use]
    pub fn cookie(cookie: &str) -> Self {
        Self {
            others: vec![("sec-fetch-site".to_owned(), "same-origin".to_owned())],
            ..Self::header("cookie", cookie)
        }
    }

    /// Adds the fields of other credentials of the same caller.
    ///
    /// # Examples
    /// See [`Credentials`].
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.secrets.extend(other.secrets);
        self.others.extend(other.others);
        self
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = &(String, String)> {
        self.secrets.iter().chain(&self.others)
    }

    /// Names and fields of credentials that are like these and wrong.
    pub(super) fn bad(&self) -> [(&'static str, Self); 3] {
        let with = |change: fn(&str) -> String| Self {
            secrets: self
                .secrets
                .iter()
                .map(|(name, value)| (name.clone(), change(value)))
                .collect(),
            others: self.others.clone(),
        };
        [
            (
                "credentials with other characters at the end",
                with(changed),
            ),
            ("credentials without their end", with(shortened)),
            ("credentials with a further character", with(lengthened)),
        ]
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.fields().map(|(name, _)| name).collect();
        f.debug_tuple("Credentials").field(&names).finish()
    }
}

/// Changes the last two characters: the last one of base64 may have bits that mean nothing.
fn changed(value: &str) -> String {
    let (text, padding) = without_padding(value);
    let start = text.char_indices().rev().nth(1).map_or(0, |(at, _)| at);
    // Another value in hexadecimal of both cases, too.
    let change = |character: char| match character {
        'A'..='Z' | 'a'..='v' => '7',
        _ => 'A',
    };
    let end: String = text[start..].chars().map(change).collect();
    format!("{}{end}{padding}", &text[..start])
}

fn shortened(value: &str) -> String {
    let (text, _) = without_padding(value);
    let start = text.char_indices().rev().nth(1).map_or(0, |(at, _)| at);
    text[..start].to_owned()
}

fn lengthened(value: &str) -> String {
    let (text, padding) = without_padding(value);
    format!("{text}x{padding}")
}

/// The text and the `=` at its end, which base64 has.
fn without_padding(value: &str) -> (&str, &str) {
    let text = value.trim_end_matches('=');
    value.split_at(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_credentials_differ_from_the_good_ones() {
        for value in [
            "Bearer abc_def_0123456789abcdef",
            "Basic dXNlcjpwYXNzd29yZA==",
            "__Host-session=77",
            "é",
            "",
        ] {
            let good = Credentials::header("x-key", value);
            for (name, bad) in good.bad() {
                assert!(bad != good || value.is_empty(), "{name}: {value}");
            }
        }
    }

    #[test]
    fn the_end_changes_and_the_rest_stays() {
        assert_eq!(changed("Bearer 0aA7=="), "Bearer 0a7A==");
        assert_eq!(shortened("Bearer 0aA7=="), "Bearer 0a");
        assert_eq!(lengthened("Bearer 0aA7=="), "Bearer 0aA7x==");
    }
}

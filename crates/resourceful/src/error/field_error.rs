//! One wrong field, and how its place is written.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// One wrong field of a request: where it is, and what is wrong with it.
///
/// # Examples
/// ```
/// use resourceful::FieldError;
///
/// let field = FieldError::body("/author/name", "is required");
/// let json = serde_json::to_string(&field).unwrap();
/// assert_eq!(json, r##"{"pointer":"#/author/name","detail":"is required"}"##);
///
/// let field = FieldError::query("page", "must be at least 1");
/// let json = serde_json::to_string(&field).unwrap();
/// assert_eq!(json, r#"{"name":"page","in":"query","detail":"must be at least 1"}"#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    place: Place,
    detail: Cow<'static, str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Body(String),
    Query(Cow<'static, str>),
}

impl FieldError {
    /// A member of the body, by its JSON Pointer (RFC 6901); `""` is the whole body.
    ///
    /// It is written as a URI fragment (`#/title`), as RFC 9457 section 3 shows.
    ///
    /// # Examples
    /// ```
    /// resourceful::FieldError::body("/tags/0", "is not known");
    /// ```
    #[must_use]
    pub fn body(pointer: impl Into<String>, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            place: Place::Body(pointer.into()),
            detail: detail.into(),
        }
    }

    /// A query parameter, by its name.
    ///
    /// # Examples
    /// ```
    /// resourceful::FieldError::query("limit", "must be at most 100");
    /// ```
    #[must_use]
    pub fn query(name: impl Into<Cow<'static, str>>, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            place: Place::Query(name.into()),
            detail: detail.into(),
        }
    }

    /// The JSON Pointer or the parameter's name.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(resourceful::FieldError::body("/title", "is required").location(), "/title");
    /// ```
    #[must_use]
    pub fn location(&self) -> &str {
        match &self.place {
            Place::Body(pointer) => pointer,
            Place::Query(name) => name,
        }
    }

    /// What is wrong, said of the field: "is required".
    ///
    /// # Examples
    /// ```
    /// assert_eq!(resourceful::FieldError::body("/title", "is required").detail(), "is required");
    /// ```
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.location(), self.detail)
    }
}

impl Serialize for FieldError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match &self.place {
            Place::Body(pointer) => {
                let fragment = utf8_percent_encode(pointer, FRAGMENT).to_string();
                map.serialize_entry("pointer", &format!("#{fragment}"))?;
            }
            Place::Query(name) => {
                map.serialize_entry("name", name)?;
                map.serialize_entry("in", "query")?;
            }
        }
        map.serialize_entry("detail", &self.detail)?;
        map.end()
    }
}

/// As it is written; a pointer that is no URI fragment (`/title`) is taken as it stands.
impl<'de> Deserialize<'de> for FieldError {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        struct Written {
            pointer: Option<String>,
            name: Option<String>,
            r#in: Option<String>,
            detail: String,
        }
        let written = Written::deserialize(deserializer)?;
        if let Some(pointer) = written.pointer {
            let pointer = match pointer.strip_prefix('#') {
                Some(fragment) => {
                    let decoded = percent_decode_str(fragment).decode_utf8();
                    decoded.map_err(D::Error::custom)?.into_owned()
                }
                None => pointer,
            };
            return Ok(Self::body(pointer, written.detail));
        }
        match (written.name, written.r#in.as_deref()) {
            (Some(name), Some("query")) => Ok(Self::query(name, written.detail)),
            _ => Err(D::Error::custom(
                "neither a `pointer` nor a `name` in the query",
            )),
        }
    }
}

/// What a URI fragment cannot hold as it is (RFC 3986 section 3.5).
const FRAGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<FieldError> {
        serde_json::from_str(json).ok()
    }

    #[test]
    fn what_was_written_is_read() {
        for field in [
            FieldError::body("", "must be an object"),
            FieldError::body("/tags/0/a b~1%#\"é", "is required"),
            FieldError::query("a b", "must be an integer"),
        ] {
            let json = serde_json::to_string(&field).unwrap();
            assert_eq!(read(&json), Some(field), "{json}");
        }
    }

    #[test]
    fn other_places_are_not_taken_for_ours() {
        let plain = r#"{"pointer": "/title", "detail": "is required", "code": 7}"#;
        let field = FieldError::body("/title", "is required");
        assert_eq!(read(plain), Some(field));
        for other in [
            r#"{"name": "x-id", "in": "header", "detail": "is required"}"#,
            r#"{"name": "page", "detail": "is required"}"#,
            r##"{"pointer": "#/title"}"##,
            r##"{"pointer": "#/%FF", "detail": "is required"}"##,
            r#""title""#,
        ] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}

//! One wrong field of a request.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// One wrong field of a request: its location and an explanation.
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
    location: Location,
    detail: Cow<'static, str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Location {
    Body(String),
    Query(Cow<'static, str>),
}

impl FieldError {
    /// An error at a JSON Pointer (RFC 6901) into the body; `""` is the whole body.
    ///
    /// The response has the pointer as a URI fragment (`#/title`), as in RFC 9457 section 3.
    #[must_use]
    pub fn body(pointer: impl Into<String>, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            location: Location::Body(pointer.into()),
            detail: detail.into(),
        }
    }

    /// An error of a query parameter.
    #[must_use]
    pub fn query(name: impl Into<Cow<'static, str>>, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            location: Location::Query(name.into()),
            detail: detail.into(),
        }
    }

    /// The JSON Pointer or the parameter name.
    #[must_use]
    pub fn location(&self) -> &str {
        match &self.location {
            Location::Body(pointer) => pointer,
            Location::Query(name) => name,
        }
    }

    /// The explanation, with the field as its subject: "is required".
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
        match &self.location {
            Location::Body(pointer) => {
                let fragment = utf8_percent_encode(pointer, FRAGMENT).to_string();
                map.serialize_entry("pointer", &format!("#{fragment}"))?;
            }
            Location::Query(name) => {
                map.serialize_entry("name", name)?;
                map.serialize_entry("in", "query")?;
            }
        }
        map.serialize_entry("detail", &self.detail)?;
        map.end()
    }
}

/// Reads the serialised form. A pointer that is not a URI fragment (`/title`) is accepted, too.
impl<'de> Deserialize<'de> for FieldError {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        struct Serialised {
            pointer: Option<String>,
            name: Option<String>,
            r#in: Option<String>,
            detail: String,
        }
        let serialised = Serialised::deserialize(deserializer)?;
        if let Some(pointer) = serialised.pointer {
            let pointer = match pointer.strip_prefix('#') {
                Some(fragment) => {
                    let decoded = percent_decode_str(fragment).decode_utf8();
                    decoded.map_err(D::Error::custom)?.into_owned()
                }
                None => pointer,
            };
            return Ok(Self::body(pointer, serialised.detail));
        }
        match (serialised.name, serialised.r#in.as_deref()) {
            (Some(name), Some("query")) => Ok(Self::query(name, serialised.detail)),
            _ => Err(D::Error::custom(
                "neither a `pointer` nor a `name` in the query",
            )),
        }
    }
}

/// Characters that must be encoded in a URI fragment (RFC 3986 section 3.5).
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
    fn a_serialised_error_can_be_read() {
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
    fn other_locations_are_refused() {
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

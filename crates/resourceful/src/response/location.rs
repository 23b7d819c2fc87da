//! [`Location`]: the value of a `Location` field, from an id or a path.

use std::fmt::Display;

use http::header::{HeaderMap, HeaderValue, LOCATION};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::action::Action;
use crate::proto::path::SEGMENT;
use crate::request::head::Head;

/// The characters to encode in a path or URI of the application. Browsers read `\` as `/`.
const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The request from whose path a [`Location`] is resolved.
#[expect(missing_debug_implementations, reason = "only hidden methods use it")]
pub struct Base<'r> {
    pub(crate) head: &'r Head,
    /// The action of a resource; `None` for a view.
    pub(crate) action: Option<Action>,
}

/// The target of a `Location` field (RFC 9110 section 10.2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Location {
    /// The id of an item in the collection of the request.
    Item(String),
    /// A path of the application, below its prefix if it is nested; or an absolute URI.
    Path(String),
    /// The value of the field.
    Value(HeaderValue),
}

impl Location {
    pub(crate) fn item(id: impl Display) -> Self {
        Self::Item(id.to_string())
    }

    /// The value of the field in a response that a client has received.
    pub(crate) fn received(headers: &HeaderMap) -> Option<Self> {
        headers.get(LOCATION).cloned().map(Self::Value)
    }

    /// Determines the value, which depends on the path of the request. `None` if it has none.
    pub(crate) fn of(self, base: &Base<'_>) -> Option<Self> {
        let root = base.head.root_path();
        let value = match self {
            Self::Item(id) => item(base, root, &id),
            Self::Path(path) => absolute(&format!("{root}{}", base.head.nested_at()), &path),
            value @ Self::Value(_) => return Some(value),
        };
        value.map(Self::Value)
    }

    /// The value of the field, if the target is known without a request.
    pub(crate) fn into_value(self) -> Option<HeaderValue> {
        match self {
            Self::Item(id) => {
                let reason = "the response gets no Location: only hooks and function views know the path of an id";
                tracing::error!(id, "{reason}");
                None
            }
            Self::Path(path) => absolute("", &path),
            Self::Value(value) => Some(value),
        }
    }

    /// The text of the value.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Item(text) | Self::Path(text) => Some(text),
            Self::Value(value) => value.to_str().ok(),
        }
    }
}

/// The path of an item of the requested collection, in the collection's spelling. `None` for an id
/// that cannot be a segment of a path.
fn item(base: &Base<'_>, root: &str, id: &str) -> Option<HeaderValue> {
    if matches!(id, "" | "." | "..") {
        // Percent-encoding cannot turn these into a segment (RFC 3986 section 5.2.4).
        tracing::error!(
            id,
            "the response gets no Location: its id cannot be a segment of a path"
        );
        return None;
    }
    let (collection, end) = collection(base);
    // Of the exact length of most: else `Bytes` needs memory beside it.
    let length = root.len() + collection.len() + 1 + id.len() + end.len();
    let mut value = String::with_capacity(length);
    value.extend([root, collection, "/"]);
    value.extend(utf8_percent_encode(id, SEGMENT));
    value.push_str(end);
    HeaderValue::try_from(value).ok()
}

/// The path of the collection that the action belongs to, without its last slash, and that slash. The path of
/// a view is a collection.
fn collection<'r>(base: &Base<'r>) -> (&'r str, &'static str) {
    let (mut path, end) = match base.head.path().strip_suffix('/') {
        Some(path) => (path, "/"),
        None => (base.head.path(), ""),
    };
    if let Some(spec) = base.action.map(Action::spec) {
        let segments = spec
            .path()
            .split('/')
            .filter(|segment| !segment.is_empty())
            .count();
        for _ in 0..segments + usize::from(spec.is_detail()) {
            path = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        }
    }
    (path, end)
}

/// A path of the application below its root path. An absolute URI stays as it is.
fn absolute(root: &str, path: &str) -> Option<HeaderValue> {
    let is_uri = path.starts_with("https://") || path.starts_with("http://");
    let is_path = path.starts_with('/') && !path.starts_with("//") && !path.starts_with("/\\");
    if !is_uri && !is_path {
        // `//host` is a path to another host.
        tracing::error!(
            path,
            "the response gets no Location: it must start with one slash, `http://` or `https://`"
        );
        return None;
    }
    let root = if is_path { root } else { "" };
    let path = utf8_percent_encode(path, PATH);
    HeaderValue::try_from(format!("{root}{path}")).ok()
}

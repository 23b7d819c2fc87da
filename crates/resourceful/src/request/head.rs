//! [`Head`]: a request without its body, and the state that is computed once per request.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use http::header::{HeaderMap, HeaderName};
use http::request::Parts;

use crate::proto::connection_info::{ConnectionInfo, Mounted};
use crate::request::notes::Notes;
use crate::request::route::Route;
use crate::request::settings::Settings;
use crate::task::timeout::Timeout;

/// Static names make lookups faster.
static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
static TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The head of a request.
///
/// The request shares it with the response future, which needs it after the request is dropped. It is
/// in an `Arc` because it is too large to move often.
pub(crate) struct Head {
    pub(crate) parts: Parts,
    /// The normalised path, if it differs from the URI's.
    path: Option<String>,
    pub(crate) route: Arc<Route>,
    pub(crate) origin: Option<ConnectionInfo>,
    started: OnceLock<Instant>,
    pub(crate) timeout: Duration,
    /// Whether the request is logged and measured outside the layers of the application.
    is_measured: bool,
    number: OnceLock<u64>,
    notes: OnceLock<Box<Notes>>,
}

/// The prefix of an application's paths: its `root_path` if set, else the path of its mount.
pub(crate) fn root_path<'p>(parts: &'p Parts, settings: &'p Settings) -> &'p str {
    let prefix = settings.root_path.as_str();
    match parts.extensions.get::<Mounted>() {
        Some(mounted) if prefix.is_empty() => &mounted.root_path,
        _ => prefix,
    }
}

/// A path or a route's pattern with the prefix that the client sees. An empty path stays empty.
pub(crate) fn below<'p>(root_path: Option<&Arc<str>>, path: &'p str) -> Cow<'p, str> {
    match root_path {
        Some(root_path) if !path.is_empty() => format!("{root_path}{path}").into(),
        _ => path.into(),
    }
}

impl Head {
    #[inline]
    pub(crate) fn new(
        parts: Parts,
        path: Option<String>,
        route: Arc<Route>,
        origin: Option<ConnectionInfo>,
        timeout: Duration,
    ) -> Self {
        Self {
            parts,
            path,
            route,
            origin,
            started: OnceLock::new(),
            timeout,
            is_measured: false,
            number: OnceLock::new(),
            notes: OnceLock::new(),
        }
    }

    /// The head of the same request inside the layers of the application.
    #[cfg(feature = "tower")]
    pub(crate) fn inside(&self, parts: Parts, timeout: Duration, is_measured: bool) -> Self {
        self.number();
        Self {
            parts,
            path: self.path.clone(),
            route: Arc::clone(&self.route),
            origin: self.origin,
            started: self.started.clone(),
            timeout,
            is_measured,
            number: self.number.clone(),
            notes: OnceLock::new(),
        }
    }

    pub(crate) fn path(&self) -> &str {
        self.path.as_deref().unwrap_or(self.parts.uri.path())
    }

    /// The prefix of this application's paths: its `root_path` if set, else the path of its mount.
    pub(crate) fn root_path(&self) -> &str {
        root_path(&self.parts, self.settings())
    }

    /// The path at which an application is nested, in the spelling of the request.
    pub(crate) fn nested_at(&self) -> &str {
        let path = self.path();
        let mut slashes = path.match_indices('/').map(|(at, _)| at);
        let end = slashes.nth(self.settings().nesting);
        &path[..end.unwrap_or(path.len())]
    }

    /// The path that the client requested, with the prefix of the mount.
    pub(crate) fn full_path(&self) -> Cow<'_, str> {
        below(self.mounted_at(), self.path())
    }

    /// The prefix at which an outer application has mounted this one.
    pub(crate) fn mounted_at(&self) -> Option<&Arc<str>> {
        let mounted: Option<&Mounted> = self.parts.extensions.get();
        mounted.map(|mounted| &mounted.root_path)
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.route.settings
    }

    pub(crate) fn id(&self) -> Cow<'_, str> {
        self.given_id()
            .map_or_else(|| self.made_id().into(), Cow::Borrowed)
    }

    /// Generates an id. Each run of the program has its own prefix, so ids of two runs differ in a log.
    fn made_id(&self) -> String {
        static RUN: OnceLock<u64> = OnceLock::new();
        let number = self.number();
        let run = RUN.get_or_init(|| {
            use std::hash::{BuildHasher, RandomState};
            RandomState::new().hash_one(std::process::id()) >> 32
        });
        format!("{run:08x}-{number:x}")
    }

    /// Whether the request is logged and measured outside the layers of this application, or of one that
    /// has mounted it.
    pub(crate) fn is_measured(&self) -> bool {
        let mounted: Option<&Mounted> = self.parts.extensions.get();
        self.is_measured || mounted.is_some_and(|mounted| mounted.is_measured)
    }

    fn number(&self) -> u64 {
        static NUMBER: AtomicU64 = AtomicU64::new(1);
        let next = || NUMBER.fetch_add(1, Ordering::Relaxed);
        *self.number.get_or_init(next)
    }

    /// The notes of the request, to add one.
    pub(crate) fn notes(&self) -> &Notes {
        self.notes.get_or_init(Box::default)
    }

    /// The notes of the request, if it has any.
    pub(crate) fn notes_if_any(&self) -> Option<&Notes> {
        self.notes.get().map(|notes| &**notes)
    }

    /// The start time of the request.
    ///
    /// The first call sets it, when a caller needs the time or the request first waits. The time before
    /// that call is negligible.
    pub(crate) fn started(&self) -> Instant {
        *self.started.get_or_init(Instant::now)
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.started().checked_add(self.timeout)
    }

    /// The timeout after which a safe request is cancelled. Other requests use
    /// [`response_timeout`](Self::response_timeout).
    pub(crate) fn cancel_timeout(&self) -> Timeout {
        if self.parts.method.is_safe() {
            Timeout::new(self.timeout)
        } else {
            Timeout::OFF
        }
    }

    /// The timeout after which the client of an unsafe request gets a response. The request runs on.
    pub(crate) fn response_timeout(&self) -> Timeout {
        if self.parts.method.is_safe() {
            Timeout::OFF
        } else {
            Timeout::new(self.timeout)
        }
    }

    /// The `traceparent` of the client, which may be any text.
    pub(crate) fn traceparent(&self) -> Option<&str> {
        self.headers().get(&TRACEPARENT)?.to_str().ok()
    }

    fn given_id(&self) -> Option<&str> {
        let id = self.headers().get(&X_REQUEST_ID);
        let id = id.and_then(|id| id.to_str().ok()).filter(|id| is_id(id));
        id.or_else(|| trace_id(self.traceparent()?))
    }
}

/// Whether `text` is a valid id, which is plain text to a log, a shell and a URL.
fn is_id(text: &str) -> bool {
    let mut bytes = text.bytes();
    (1..=128).contains(&text.len())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte))
}

/// The trace id of a `traceparent` (W3C Trace Context, section 3.2.2).
fn trace_id(traceparent: &str) -> Option<&str> {
    let (version, rest) = traceparent.split_once('-')?;
    let (trace, rest) = rest.split_once('-')?;
    let is_hex = |text: &str| {
        text.bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let is_known = version.len() == 2 && is_hex(version) && version != "ff";
    let is_trace = trace.len() == 32 && is_hex(trace) && trace.bytes().any(|byte| byte != b'0');
    (is_known && is_trace && rest.len() >= "0123456789abcdef-01".len()).then_some(trace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_word() {
        for id in ["a", "A-1_b.2:c", &"x".repeat(128)] {
            assert!(is_id(id), "{id}");
        }
        for bad in [
            "",
            "a b",
            "a}",
            "a\"",
            "a=b",
            "a/b",
            "a%0A",
            "é",
            &"x".repeat(129),
        ] {
            assert!(!is_id(bad), "{bad}");
        }
    }

    #[test]
    fn a_trace_is_read_from_its_parent() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let parent = format!("00-{trace}-00f067aa0ba902b7-01");
        assert_eq!(trace_id(&parent), Some(trace));
        for bad in [
            "",
            "00-x-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736",
        ] {
            assert_eq!(trace_id(bad), None, "{bad}");
        }
    }
}

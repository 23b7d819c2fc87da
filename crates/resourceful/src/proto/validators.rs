//! [`Validators`]: the fields that tell two states of an item apart (RFC 9110 section 8.8).

use std::fmt::Display;
use std::hash::{DefaultHasher, Hasher};
use std::time::SystemTime;

use http::header::HeaderValue;

/// The version of an item, the time of its last change, or both: its `ETag` and `Last-Modified`
/// (RFC 9110 section 8.8).
///
/// The tag consists of the version and a hash of the content: `"7-d2a84f4b8b650937"`. So it is strong: two responses
/// with one tag have the same bytes, also if the item contains others, or the program was changed.
///
/// # Examples
/// See [`AsyncResource::validators`](crate::AsyncResource::validators).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Validators {
    version: Option<String>,
    modified: Option<SystemTime>,
}

impl Validators {
    /// A version: a number that each change increases, or another text that each change replaces.
    pub fn version(version: impl Display) -> Self {
        Self {
            version: Some(version.to_string()),
            modified: None,
        }
    }

    /// The time of the last change. Clients compare whole seconds.
    pub fn last_modified(time: impl Into<SystemTime>) -> Self {
        Self::default().and_last_modified(time)
    }

    /// The same, and the time of the last change.
    pub fn and_last_modified(mut self, time: impl Into<SystemTime>) -> Self {
        self.modified = Some(time.into());
        self
    }

    /// The tag of this content.
    pub(crate) fn tag(&self, content: &[u8]) -> HeaderValue {
        let mut hasher = DefaultHasher::new();
        hasher.write(content);
        let version = self.version.as_deref().unwrap_or_default();
        // Of the exact length: else `Bytes` needs memory beside it.
        let mut tag = Vec::with_capacity(version.len() + 2 * size_of::<u64>() + 3);
        tag.push(b'"');
        for byte in version.bytes() {
            match byte {
                b'"' | b'%' | ..=b' ' | 0x7f.. => {
                    tag.push(b'%');
                    tag.extend(hex([byte]).flatten());
                }
                byte => tag.push(byte),
            }
        }
        if self.version.is_some() {
            tag.push(b'-');
        }
        tag.extend(hex(hasher.finish().to_be_bytes()).flatten());
        tag.push(b'"');
        HeaderValue::try_from(tag).expect("other characters are encoded")
    }

    /// The value of `Last-Modified`, which must not be later than now (section 8.8.2.1).
    pub(crate) fn date(&self) -> Option<HeaderValue> {
        let time = self.modified?.min(SystemTime::now());
        let is_representable = time >= SystemTime::UNIX_EPOCH;
        let date = is_representable.then(|| httpdate::fmt_http_date(time))?;
        HeaderValue::try_from(date).ok()
    }
}

fn hex<const N: usize>(bytes: [u8; N]) -> impl Iterator<Item = [u8; 2]> {
    let digit = |half: u8| b"0123456789abcdef"[usize::from(half)];
    bytes
        .into_iter()
        .map(move |byte| [digit(byte >> 4), digit(byte & 0xf)])
}

/// The version in a tag without its quotes.
#[must_use]
pub fn version_in(tag: &str) -> Option<&str> {
    tag.rsplit_once('-').map(|(version, _)| version)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_tag_has_the_version_and_depends_on_the_content() {
        let tag =
            |version: &str, content: &str| Validators::version(version).tag(content.as_bytes());
        let seven = tag("7", "{}");
        let text = seven.to_str().unwrap().trim_matches('"');
        assert_eq!(version_in(text), Some("7"));
        assert_eq!(seven, tag("7", "{}"));
        assert_ne!(seven, tag("8", "{}"));
        assert_ne!(seven, tag("7", "[]"));
        for version in ["a-b", "\"", "a b", "é", "\n", ""] {
            let tag = tag(version, "");
            let bytes = tag.as_bytes();
            let inner = &bytes[1..bytes.len() - 1];
            assert!(
                inner.iter().all(|byte| matches!(byte, b'!' | 0x23..=0x7e)),
                "{version:?}"
            );
        }
    }

    #[test]
    fn a_time_is_not_in_the_future() {
        let now = SystemTime::now();
        let later = Validators::last_modified(now + Duration::from_secs(1000))
            .date()
            .unwrap();
        let later = httpdate::parse_http_date(later.to_str().unwrap()).unwrap();
        assert!(later <= SystemTime::now());
        let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(Validators::last_modified(before).date(), None);
        assert_eq!(Validators::version(1).date(), None);
    }
}

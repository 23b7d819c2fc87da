//! The head of a part: its name, file name and type (RFC 7578 section 4).

use percent_encoding::percent_decode_str;

use crate::proto::parameters::{is_token, parameters, split_parameters};

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct PartHead {
    pub(super) name: Option<String>,
    pub(super) file_name: Option<String>,
    pub(super) content_type: Option<String>,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Malformed(&'static str);

impl PartHead {
    /// Parses a head. Its first line is the rest of the delimiter line.
    pub(super) fn parse(head: &[u8]) -> Result<Self, Malformed> {
        let text = std::str::from_utf8(head).map_err(|_| Malformed("a head is not UTF-8"))?;
        let mut lines = text.split("\r\n");
        let padding = lines.next().unwrap_or_default();
        if !padding.trim_matches([' ', '\t']).is_empty() {
            return Err(Malformed("a delimiter line has more than the delimiter"));
        }
        let mut disposition = None;
        let mut content_type = None;
        for line in lines {
            let field = line.split_once(':').filter(|(name, _)| is_token(name));
            let (name, value) = field.ok_or(Malformed("a line of a head is not a field"))?;
            if value.chars().any(|one| one.is_control() && one != '\t') {
                return Err(Malformed("a head has control characters"));
            }
            let value = value.trim_ascii();
            if name.eq_ignore_ascii_case("content-disposition") {
                once(&mut disposition, value)?;
            } else if name.eq_ignore_ascii_case("content-type") {
                once(&mut content_type, value)?;
            }
        }
        let mut head = Self::default();
        if let Some(disposition) = disposition {
            head.read_disposition(disposition)?;
        }
        head.content_type = content_type.and_then(media_type);
        Ok(head)
    }

    fn read_disposition(&mut self, value: &str) -> Result<(), Malformed> {
        let (disposition, rest) = split_parameters(value);
        if !disposition.eq_ignore_ascii_case("form-data") {
            return Err(Malformed("the disposition of a part is not form-data"));
        }
        let parameters = parameters(rest).ok_or(Malformed("a Content-Disposition is malformed"))?;
        let mut extended = None;
        for (name, value) in parameters {
            if name.eq_ignore_ascii_case("name") {
                once(&mut self.name, decode(&value))?;
            } else if name.eq_ignore_ascii_case("filename") {
                once(&mut self.file_name, decode(&value))?;
            } else if name.eq_ignore_ascii_case("filename*") {
                once(&mut extended, value)?;
            }
        }
        // RFC 7578 section 4.2 forbids `filename*`, so it counts only without `filename`.
        if self.file_name.is_none()
            && let Some(value) = extended
        {
            let file_name = decode_extended(&value).ok_or(Malformed("a filename* is malformed"))?;
            self.file_name = Some(file_name);
        }
        Ok(())
    }
}

/// Sets a value that may occur once. Of two values, another reader might use the other one.
fn once<T>(place: &mut Option<T>, value: T) -> Result<(), Malformed> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(Malformed("a head has a duplicate field or parameter")),
    }
}

/// Decodes the three escapes that browsers use, for quotes and line ends (HTML Standard, section
/// "Multipart form data").
fn decode(value: &str) -> String {
    value
        .replace("%22", "\"")
        .replace("%0D", "\r")
        .replace("%0A", "\n")
}

/// Decodes `UTF-8'en'na%C3%AFve` (RFC 8187 section 3.2).
fn decode_extended(value: &str) -> Option<String> {
    let (charset, rest) = value.split_once('\'')?;
    let (_language, text) = rest.split_once('\'')?;
    if !charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    let text = percent_decode_str(text).decode_utf8().ok()?;
    Some(text.into_owned())
}

/// The media type in lower case up to its parameters; `None` if it is invalid.
fn media_type(value: &str) -> Option<String> {
    let (essence, _) = split_parameters(value);
    let (kind, subtype) = essence.split_once('/')?;
    if !is_token(kind) || !is_token(subtype) {
        return None;
    }
    let mut value = value.to_owned();
    value[..kind.len() + 1 + subtype.len()].make_ascii_lowercase();
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(parameters: &str) -> (Option<String>, Option<String>) {
        let head = format!("\r\nContent-Disposition: form-data{parameters}");
        let head = PartHead::parse(head.as_bytes()).unwrap();
        (head.name, head.file_name)
    }

    #[test]
    fn names_are_read_from_their_own_parameters() {
        for (parameters, name, file_name) in [
            ("", None, None),
            ("; name=a", Some("a"), None),
            ("; name=\"\"; filename=\"\"", Some(""), Some("")),
            (r#"; name="a"; filename="b""#, Some("a"), Some("b")),
            (r#"; filename="b"; name="a""#, Some("a"), Some("b")),
            (r#";FILENAME="b";Name="a""#, Some("a"), Some("b")),
            // In the values of others.
            (
                r#"; name="a"; note="x; filename=evil.exe ""#,
                Some("a"),
                None,
            ),
            (r#"; note="; name=evil"; name="a""#, Some("a"), None),
            (
                r#"; name="filename=evil; name=b""#,
                Some("filename=evil; name=b"),
                None,
            ),
            (r#"; xname="x"; name-x="y"; name="a""#, Some("a"), None),
            // In the other notation.
            (
                r#"; filename*=UTF-8''x; name="a"; filename="b""#,
                Some("a"),
                Some("b"),
            ),
            (
                r#"; name="a"; filename="b"; filename*=UTF-8''x"#,
                Some("a"),
                Some("b"),
            ),
            (
                "; name=a; filename*=utf-8'en'na%C3%AFve",
                Some("a"),
                Some("na\u{ef}ve"),
            ),
            // As browsers escape, and as others do.
            (
                r#"; name="a%22%0D%0A%20b%2522""#,
                Some("a\"\r\n%20b%2522"),
                None,
            ),
            (
                r#"; name="a\"b"; filename="C:\d\\e""#,
                Some("a\"b"),
                Some(r"C:\d\e"),
            ),
            ("; name=\"\u{e4}\"", Some("\u{e4}"), None),
        ] {
            let expected = (name.map(str::to_owned), file_name.map(str::to_owned));
            assert_eq!(names(parameters), expected, "{parameters}");
        }
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_malformed() {
        for head in [
            "x",
            "\r\nno field",
            "\r\n folded: x",
            "\r\nA : x",
            "\r\nA: x\r\n\ty",
            "\r\nA: \0",
            "\r\nA: x\ny",
            "\r\nContent-Disposition: attachment; name=a",
            "\r\nContent-Disposition: form-data; name=a; name=b",
            "\r\nContent-Disposition: form-data; filename=a; FileName=b",
            "\r\nContent-Disposition: form-data; name=\"a",
            "\r\nContent-Disposition: form-data; name=\"a\"b\"",
            "\r\nContent-Disposition: form-data; filename*=latin1''a",
            "\r\nContent-Disposition: form-data; filename*=UTF-8''%FF",
            "\r\nContent-Disposition: form-data\r\ncontent-disposition: form-data",
            "\r\nContent-Type: a/b\r\nContent-Type: a/b",
        ] {
            assert!(PartHead::parse(head.as_bytes()).is_err(), "{head:?}");
        }
        assert!(PartHead::parse(b"\r\nA: \xff").is_err());
    }

    #[test]
    fn a_type_is_in_lower_case_up_to_its_parameters() {
        for (value, expected) in [
            ("image/png", Some("image/png")),
            (
                "Text/Plain ; charset=UTF-8",
                Some("text/plain ; charset=UTF-8"),
            ),
            ("image", None),
            ("a b/c", None),
        ] {
            let head = format!(" \t\r\ncontent-TYPE:{value} ");
            let head = PartHead::parse(head.as_bytes()).unwrap();
            assert_eq!(head.content_type.as_deref(), expected, "{value}");
        }
    }
}

//! Parameters of a header value: `; name=value; name="value"` after a media type or a disposition
//! (RFC 9110 section 5.6.6).

use std::borrow::Cow;

/// Splits a header value into the part before the parameters, trimmed, and the parameters.
///
/// For a media type, the first part is its essence: `text/html` of `text/html; charset=utf-8`.
pub(crate) fn split_parameters(value: &str) -> (&str, &str) {
    let (essence, parameters) = value.split_at(value.find(';').unwrap_or(value.len()));
    (essence.trim_ascii(), parameters)
}

/// Parses parameters: names as written, values without quotes. `None` if they are ambiguous.
///
/// In a quoted value only `\"` and `\\` are escapes. Any other backslash is kept, since browsers write
/// Windows paths that way.
pub(crate) fn parameters(mut text: &str) -> Option<Vec<(&str, Cow<'_, str>)>> {
    let mut parameters = Vec::new();
    loop {
        text = text.trim_ascii_start();
        if text.is_empty() {
            return Some(parameters);
        }
        text = text.strip_prefix(';')?.trim_ascii_start();
        if text.is_empty() || text.starts_with(';') {
            continue;
        }
        let (name, rest) = text.split_once('=')?;
        let name = name.trim_ascii_end();
        if !is_token(name) {
            return None;
        }
        let rest = rest.trim_ascii_start();
        let (value, rest) = match rest.strip_prefix('"') {
            Some(rest) => quoted(rest)?,
            None => bare(rest)?,
        };
        parameters.push((name, value));
        text = rest;
    }
}

/// The value up to the closing quote, and the rest.
fn quoted(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut is_escaped = false;
    loop {
        match bytes.get(at)? {
            b'"' => break,
            b'\\' if matches!(bytes.get(at + 1), Some(b'"' | b'\\')) => {
                is_escaped = true;
                at += 2;
            }
            _ => at += 1,
        }
    }
    let value = Cow::Borrowed(&text[..at]);
    let value = if is_escaped {
        unescape(&value).into()
    } else {
        value
    };
    Some((value, &text[at + 1..]))
}

fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let escaped = match character {
            '\\' => characters.next_if(|next| matches!(next, '"' | '\\')),
            _ => None,
        };
        plain.push(escaped.unwrap_or(character));
    }
    plain
}

/// The value up to the next semicolon, and the rest. For clients that do not quote, it may be more than
/// a token.
fn bare(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let (value, rest) = text.split_at(text.find(';').unwrap_or(text.len()));
    let value = value.trim_ascii_end();
    (!value.contains('"')).then_some((Cow::Borrowed(value), rest))
}

/// Whether the text is a token (RFC 9110 section 5.6.2).
pub(crate) fn is_token(text: &str) -> bool {
    let is_token_byte =
        |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_token_byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_bare_or_quoted() {
        for (text, expected) in [
            ("", vec![]),
            (" ; ;", vec![]),
            ("; a=b", vec![("a", "b")]),
            (";a=b;A=\"c\"", vec![("a", "b"), ("A", "c")]),
            ("; a = b c ; d=", vec![("a", "b c"), ("d", "")]),
            (r#"; a="x; b=c "; d=e"#, vec![("a", "x; b=c "), ("d", "e")]),
            (r#"; a="\"\\\c\" b""#, vec![("a", r#""\\c" b"#)]),
            ("; a*=UTF-8''b", vec![("a*", "UTF-8''b")]),
            ("; a=\"\u{e4}\"", vec![("a", "\u{e4}")]),
        ] {
            let found = parameters(text).unwrap();
            let found: Vec<_> = found
                .iter()
                .map(|(name, value)| (*name, &**value))
                .collect();
            assert_eq!(found, expected, "{text}");
        }
        for bad in [
            "a=b",
            "; a",
            "; =b",
            "; a b=c",
            "; a=\"b",
            "; a=\"b\\\"",
            "; a=\"b\"c",
            "; a=b\"c\"",
            "; \"a\"=b",
            "; a=\"b\" \"c\"",
        ] {
            assert_eq!(parameters(bad), None, "{bad}");
        }
    }
}

//! The value of `Content-Disposition` (RFC 6266, RFC 8187): a file name of any characters, from any
//! source, as one safe field value.

use std::fmt::Write as _;

use http::header::HeaderValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The longest name in bytes of UTF-8. File systems have the same limit.
const MAX_NAME: usize = 255;

/// The longest extension that a name keeps when it is cut.
const MAX_EXTENSION: usize = 16;

/// All but `attr-char` (RFC 8187 section 3.2.1).
const NOT_ATTR_CHAR: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// Whether browsers save the file or show it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Disposition {
    Attachment,
    Inline,
}

impl Disposition {
    /// The field value with this file name.
    ///
    /// Control characters and path separators become `_`. A name that is not plain ASCII is sent twice:
    /// as `filename*` in UTF-8, and as `filename` with `_` for the other characters (RFC 6266 appendix
    /// D). A name over 255 bytes loses the end of its stem.
    pub(super) fn header_value(self, name: &str) -> HeaderValue {
        let mut text = match self {
            Self::Attachment => "attachment",
            Self::Inline => "inline",
        }
        .to_owned();
        let name = harmless(name);
        let name = shortened(&name);
        if !name.is_empty() {
            let plain: String = name.chars().map(plain_or_underscore).collect();
            let _ = write!(text, "; filename=\"{plain}\"");
            if plain != name {
                let encoded = utf8_percent_encode(&name, NOT_ATTR_CHAR);
                let _ = write!(text, "; filename*=UTF-8''{encoded}");
            }
        }
        HeaderValue::try_from(text).expect("printable ASCII is a field value")
    }
}

/// The name without characters that a file name cannot have.
fn harmless(name: &str) -> String {
    let is_harmful = |character: char| character.is_control() || matches!(character, '/' | '\\');
    name.replace(is_harmful, "_")
}

/// The name in at most [`MAX_NAME`] bytes, with its extension.
fn shortened(name: &str) -> String {
    if name.len() <= MAX_NAME {
        return name.to_owned();
    }
    let extension = name.rfind('.').map_or("", |dot| &name[dot..]);
    let extension = Some(extension).filter(|extension| extension.len() <= MAX_EXTENSION);
    let extension = extension.unwrap_or_default();
    let mut end = MAX_NAME - extension.len();
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{extension}", &name[..end])
}

/// The character, if all clients read it alike in a quoted string. Some decode `%41` there, and some
/// do not know `\"` (RFC 6266 appendix D).
fn plain_or_underscore(character: char) -> char {
    match character {
        ' ' => ' ',
        '"' | '%' | '*' | ':' | '<' | '>' | '?' | '\\' | '|' | '/' => '_',
        character if character.is_ascii_graphic() => character,
        _ => '_',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attachment(name: &str) -> String {
        let value = Disposition::Attachment.header_value(name);
        value.to_str().unwrap().to_owned()
    }

    #[test]
    fn a_name_of_any_characters_is_one_parameter() {
        for (name, expected) in [
            ("report.pdf", r#"; filename="report.pdf""#),
            ("my report (2).pdf", r#"; filename="my report (2).pdf""#),
            ("it's.txt", r#"; filename="it's.txt""#),
            ("", ""),
            (
                "Übersicht.pdf",
                r#"; filename="_bersicht.pdf"; filename*=UTF-8''%C3%9Cbersicht.pdf"#,
            ),
            (
                "\u{1f98a}.png",
                r#"; filename="_.png"; filename*=UTF-8''%F0%9F%A6%8A.png"#,
            ),
            (
                r#"a"; filename="b.exe"#,
                r#"; filename="a_; filename=_b.exe"; filename*=UTF-8''a%22%3B%20filename%3D%22b.exe"#,
            ),
            (
                "a\r\nSet-Cookie: x=y",
                r#"; filename="a__Set-Cookie_ x=y"; filename*=UTF-8''a__Set-Cookie%3A%20x%3Dy"#,
            ),
            ("a\0b\u{7f}\u{85}c", r#"; filename="a_b__c""#),
            ("../../etc/passwd", r#"; filename=".._.._etc_passwd""#),
            (
                r"C:\boot.ini",
                r#"; filename="C__boot.ini"; filename*=UTF-8''C%3A_boot.ini"#,
            ),
            (
                "50%41.txt",
                r#"; filename="50_41.txt"; filename*=UTF-8''50%2541.txt"#,
            ),
        ] {
            assert_eq!(
                attachment(name),
                format!("attachment{expected}"),
                "{name:?}"
            );
        }
        let inline = Disposition::Inline.header_value("a.pdf");
        assert_eq!(inline, "inline; filename=\"a.pdf\"");
    }

    #[test]
    fn a_long_name_is_cut_before_its_extension() {
        let name = format!("{}.tar", "x".repeat(10_000));
        let expected = format!("attachment; filename=\"{}.tar\"", "x".repeat(251));
        assert_eq!(attachment(&name), expected);

        // Cut between characters: 83 of three bytes and 4 of the extension are 253.
        let wide = attachment(&format!("{}.pdf", "\u{20ac}".repeat(1000)));
        assert!(
            wide.ends_with(&format!("''{}.pdf", "%E2%82%AC".repeat(83))),
            "{wide}"
        );

        let no_extension = attachment(&format!("a.{}", "x".repeat(1000)));
        assert_eq!(no_extension.len(), "attachment; filename=\"\"".len() + 255);
    }
}

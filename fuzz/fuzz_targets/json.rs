//! JSON bodies: accepted if and only if serde (with normalised integers) and the rules accept, and
//! every error's pointer is valid.
#![no_main]

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::fmt;

use libfuzzer_sys::fuzz_target;
use percent_encoding::percent_decode_str;
use resourceful::prelude::*;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

#[derive(Deserialize, JsonSchema, Validate)]
#[allow(dead_code)]
struct Post {
    #[garde(length(chars, min = 1, max = 10))]
    title: String,
    #[garde(range(min = 1, max = 5))]
    rating: Option<u8>,
    #[garde(dive)]
    author: Option<Author>,
    #[serde(default)]
    #[garde(length(max = 3), dive)]
    comments: Vec<Comment>,
    #[serde(default)]
    #[garde(skip)]
    scores: BTreeMap<String, f64>,
    #[garde(skip)]
    kind: Option<Kind>,
    #[garde(skip)]
    pair: Option<(i32, bool)>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Author {
    #[garde(length(min = 1))]
    name: String,
    #[garde(range(min = 0))]
    age: Option<i32>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Comment {
    #[garde(ascii)]
    text: String,
    #[serde(default)]
    #[garde(dive)]
    replies: Vec<Comment>,
}

#[derive(Deserialize, JsonSchema)]
#[allow(dead_code)]
enum Kind {
    Draft,
    Moved(u32),
    Published { by: String },
}

fuzz_target!(|bytes: &[u8]| {
    let result = resourceful::from_json::<Post>(bytes);
    let document = serde_json::from_slice::<Value>(bytes);
    let text: Text = serde_json::from_slice(bytes).unwrap_or_default();
    let Some(document) = document.ok().filter(|_| text.depth <= 64) else {
        let error = result.err().expect("this JSON must be refused");
        assert!(
            error.is_malformed_body() && error.status() == 400,
            "{error}"
        );
        return;
    };
    let expected = serde_json::from_slice::<Post>(bytes)
        .or_else(|_| serde_json::from_slice(&with_integers(bytes)));
    let expected = expected.is_ok_and(|post| post.validate().is_ok()) && is_plain(&document);
    let Err(error) = result else {
        assert!(expected, "accepted, but serde or a rule refuses it");
        return;
    };
    assert!(
        !expected,
        "refused, but serde and the rules accept it: {error}"
    );
    assert_eq!(error.status(), 422);
    assert!(!error.fields().is_empty());
    let mut known = HashSet::new();
    for field in error.fields() {
        // Of duplicate members the value has the last one; the error may be in the first.
        if !text.has_duplicate {
            check(field, &document);
        }
        assert!(
            known.insert((field.location(), field.detail())),
            "{field} twice"
        );
    }
});

/// Rewrites integers without a point and exponent, except those too long for any of the members.
fn with_integers(json: &[u8]) -> Vec<u8> {
    let mut written = Vec::new();
    let (mut number, mut in_string, mut is_escaped) = (Vec::new(), false, false);
    for &byte in json {
        if !in_string && (byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)) {
            number.push(byte);
            continue;
        }
        written.extend(as_integer(&std::mem::take(&mut number)));
        written.push(byte);
        if byte == b'"' && !is_escaped {
            in_string = !in_string;
        }
        is_escaped = in_string && byte == b'\\' && !is_escaped;
    }
    written.extend(as_integer(&number));
    written
}

/// Moves the decimal point digit by digit; other words stay unchanged.
fn as_integer(word: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(word).to_ascii_lowercase();
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let sign = if whole.starts_with('-') { "-" } else { "" };
    let mut whole: VecDeque<char> = whole.trim_start_matches('-').chars().collect();
    let mut fraction: VecDeque<char> = fraction.chars().collect();
    let is_number = !whole.is_empty() && whole.iter().chain(&fraction).all(char::is_ascii_digit);
    let Some(mut exponent) = exponent.parse().ok().filter(|_| is_number) else {
        return word.to_vec();
    };
    if whole.iter().chain(&fraction).all(|digit| *digit == '0') {
        exponent = 0;
    }
    for _ in 0..exponent.clamp(0, 5000) {
        whole.push_back(fraction.pop_front().unwrap_or('0'));
    }
    for _ in exponent.clamp(-5000, 0)..0 {
        fraction.push_front(whole.pop_back().unwrap_or('0'));
    }
    let digits: String = whole
        .into_iter()
        .skip_while(|digit| *digit == '0')
        .collect();
    match (fraction.iter().all(|digit| *digit == '0'), digits.len()) {
        (true, 0) => b"0".to_vec(),
        (true, 1..=20) => format!("{sign}{digits}").into_bytes(),
        _ => word.to_vec(),
    }
}

/// Checks that the pointer names an existing value, or a missing member.
fn check(field: &FieldError, document: &Value) {
    let place = field.location();
    if field.detail() == "is required" {
        let (parent, name) = place.rsplit_once('/').expect("a member");
        let parent = document.pointer(parent).expect("the parent exists");
        assert!(parent.is_object() && parent.get(name).is_none(), "{field}");
    } else {
        assert!(document.pointer(place).is_some(), "{field}");
    }
    let written = serde_json::to_value(field).expect("a field error serializes");
    let fragment = written["pointer"]
        .as_str()
        .and_then(|text| text.strip_prefix('#'));
    let read = percent_decode_str(fragment.expect("a fragment")).decode_utf8();
    assert_eq!(read.expect("UTF-8"), place);
}

/// Whether no struct is given as an array, and no text has a NUL.
fn is_plain(post: &Value) -> bool {
    let has_text =
        |value: &Value, name: &str| value[name].as_str().is_none_or(|text| !text.contains('\0'));
    let author = &post["author"];
    let kind = &post["kind"];
    post.is_object()
        && has_text(post, "title")
        && (author.is_null() || author.is_object())
        && has_text(author, "name")
        && are_comments_plain(&post["comments"])
        && post["scores"]
            .as_object()
            .is_none_or(|scores| scores.keys().all(|name| !name.contains('\0')))
        && !kind["Published"].is_array()
        && has_text(&kind["Published"], "by")
}

fn are_comments_plain(comments: &Value) -> bool {
    let mut all = comments.as_array().into_iter().flatten();
    all.all(|comment| {
        let text = comment["text"].as_str().unwrap_or_default();
        comment.is_object() && !text.contains('\0') && are_comments_plain(&comment["replies"])
    })
}

/// Properties of a JSON text that its value lacks.
#[derive(Default)]
struct Text {
    /// Nesting depth of objects and arrays.
    depth: u32,
    /// Whether a member is duplicate.
    has_duplicate: bool,
}

impl Text {
    fn add(&mut self, inner: &Self) {
        self.depth = self.depth.max(inner.depth + 1);
        self.has_duplicate |= inner.has_duplicate;
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Text, E> {
        Ok(Text::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Text, E> {
        Ok(Text::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Text, E> {
        Ok(Text::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Text, E> {
        Ok(Text::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<Text, E> {
        Ok(Text::default())
    }

    fn visit_unit<E>(self) -> Result<Text, E> {
        Ok(Text::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Text, A::Error> {
        let mut whole = Text::default();
        whole.add(&Text::default());
        while let Some(element) = elements.next_element()? {
            whole.add(&element);
        }
        Ok(whole)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Text, A::Error> {
        let mut whole = Text::default();
        let mut names = HashSet::new();
        whole.add(&Text::default());
        while let Some((name, member)) = members.next_entry::<String, Text>()? {
            whole.add(&member);
            whole.has_duplicate |= !names.insert(name);
        }
        Ok(whole)
    }
}

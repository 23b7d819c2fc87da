//! Strings: of some length, after a pattern, in a format.

use proptest::collection::vec;
use proptest::prelude::{BoxedStrategy, Strategy};
use proptest::prop_oneof;
use proptest::string::string_regex;
use serde_json::Value;

use super::flat::Flat;
use super::foreign::taken_strings;
use super::schema::Schemas;

/// Characters that go wrong elsewhere: of two to four bytes, no letters, special in JSON, HTML,
/// SQL and paths.
const SPECIAL: [char; 20] = [
    'é', 'ß', 'Ж', '日', '😀', '\u{301}', '\u{200b}', '\u{202e}', ' ', '\n', '\t', '"', '\\', '\'',
    '<', '&', '%', '/', '.', '0',
];

/// So much longer than need be are most.
const SLACK: usize = 24;

/// From here on a string is one character repeated.
const LONG: usize = 64;

/// # Errors
/// What of it was not understood.
pub(super) fn strings(flat: &Flat, schemas: &Schemas) -> Result<BoxedStrategy<Value>, String> {
    let (least, most) = lengths(flat);
    if least > most {
        return Err("minLength is over maxLength".to_owned());
    }
    let pattern = flat.get("pattern").and_then(Value::as_str);
    let format = flat.get("format").and_then(Value::as_str);
    let strings = match (format.and_then(formatted), pattern, format) {
        (Some(expression), _, _) => matching(expression)?,
        (None, Some(pattern), _) => fitted(taken_strings(pattern), least, most)?,
        (None, None, None | Some("password" | "binary" | "char")) => plain(least, most),
        (None, None, Some(format)) => return Err(format!("the format {format}")),
    };
    let validator = schemas.validator(&flat.clone().into_schema())?;
    let strings = strings.prop_map(Value::String);
    Ok(strings
        .prop_filter("a string after the schema", move |text| {
            validator.is_valid(text)
        })
        .boxed())
}

/// In characters.
pub(super) fn lengths(flat: &Flat) -> (usize, usize) {
    let length = |keyword| flat.get(keyword).and_then(Value::as_u64);
    let length =
        |keyword| length(keyword).map(|length| usize::try_from(length).unwrap_or(usize::MAX));
    let least = length("minLength").unwrap_or(0);
    (least, length("maxLength").unwrap_or(usize::MAX))
}

/// Names of members that nobody knows.
pub(super) fn words() -> BoxedStrategy<String> {
    string_regex("[a-z]{1,8}")
        .expect("a regular expression")
        .boxed()
}

/// Mostly letters, and simpler ones before others. One number for each is much faster than a
/// choice of strategies.
fn characters() -> BoxedStrategy<char> {
    (0..1050_u32).prop_map(character).boxed()
}

fn character(choice: u32) -> char {
    let letter = || char::from_u32(u32::from('a') + choice % 26);
    let special = || SPECIAL.get(choice as usize % SPECIAL.len()).copied();
    let any = || char::from_u32(0xa1 + (choice - 950) * 11_003);
    let character = match choice {
        0..600 => letter(),
        600..950 => special(),
        _ => any(),
    };
    // What lies in a gap of Unicode.
    character.unwrap_or('z')
}

fn plain(least: usize, most: usize) -> BoxedStrategy<String> {
    if least >= LONG {
        return characters()
            .prop_map(move |c| c.to_string().repeat(least))
            .boxed();
    }
    let lengths = least..=most.min(least + SLACK);
    vec(characters(), lengths)
        .prop_map(String::from_iter)
        .boxed()
}

/// What matches, made as long as it must be.
fn fitted(pattern: &str, least: usize, most: usize) -> Result<BoxedStrategy<String>, String> {
    let is_anchored = pattern.starts_with('^') && pattern.ends_with('$');
    let core = matching(pattern)?;
    let slack = least..=most.min(least.saturating_add(SLACK));
    if is_anchored {
        let fit = |(text, length): (String, usize)| lengthened(&text, length);
        return Ok(prop_oneof![core.clone(), (core, slack).prop_map(fit)].boxed());
    }
    // The pattern is somewhere inside.
    let around = (core, plain(0, SLACK), slack).prop_map(|(core, rest, length)| {
        let room = length.saturating_sub(core.chars().count());
        let rest = lengthened(&rest, room);
        rest.chars()
            .take(room)
            .chain(core.chars())
            .collect::<String>()
    });
    Ok(around.boxed())
}

/// Of what repeats, as most patterns are, more or less of the same.
fn lengthened(text: &str, length: usize) -> String {
    text.chars().cycle().take(length).collect()
}

/// Strings that match a regular expression of JSON Schema's, as far as it is understood.
///
/// # Errors
/// When it is not.
pub(super) fn matching(pattern: &str) -> Result<BoxedStrategy<String>, String> {
    let core = pattern.strip_prefix('^').unwrap_or(pattern);
    let core = match core.strip_suffix('$') {
        Some(core) if !core.ends_with('\\') => core,
        _ => core,
    };
    // In ECMA-262 these are ASCII.
    let core = core.replace(r"\d", "[0-9]").replace(r"\w", "[0-9A-Za-z_]");
    string_regex(&core)
        .map(Strategy::boxed)
        .map_err(|_| format!("the pattern {pattern}"))
}

fn formatted(format: &str) -> Option<&'static str> {
    Some(match format {
        "date-time" => {
            r"(19[7-9]|20[0-3])\d-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?(Z|\+02:00)"
        }
        "partial-date-time" => {
            r"(19[7-9]|20[0-3])\d-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d"
        }
        "date" => r"(19[7-9]|20[0-3])\d-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])",
        "time" => r"([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ",
        "partial-time" => r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d",
        "zoned-date-time" => {
            r"(19[7-9]|20[0-3])\d-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\+00:00\[UTC\]"
        }
        "duration" => r"PT[1-9]\dS",
        "uuid" => "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
        "email" | "idn-email" => r"[a-z]{1,10}@[a-z]{1,10}\.(com|org)",
        "hostname" | "idn-hostname" => r"[a-z]{1,10}\.(com|org)",
        "uri" | "url" | "iri" => r"https://[a-z]{1,10}\.(com|org)/[a-z0-9]{0,8}",
        "uri-reference" | "iri-reference" => "/[a-z0-9]{1,8}",
        "ipv4" | "ip" => r"(1\d\d|[1-9]\d)\.\d\.\d\.[1-9]",
        "ipv6" => "2001:db8(:[1-9a-f][0-9a-f]{0,3}){6}",
        "byte" => "([A-Za-z0-9+/]{4}){0,6}",
        "json-pointer" => "(/[a-z]{1,8}){0,3}",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    use serde_json::json;

    use super::*;

    fn made(schema: Value) -> Vec<String> {
        let strings = strings(&Flat::default().with(schema), &Schemas::new(&json!({}))).unwrap();
        let mut runner = TestRunner::deterministic();
        let mut one = || strings.new_tree(&mut runner).unwrap().current();
        (0..50)
            .map(|_| one().as_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        let texts = made(json!({"type": "string", "minLength": 3, "maxLength": 5}));
        assert!(
            texts
                .iter()
                .all(|text| (3..=5).contains(&text.chars().count()))
        );
        assert!(texts.iter().any(|text| !text.is_ascii()));
        let long = made(json!({"type": "string", "minLength": 5000, "maxLength": 5000}));
        assert!(long.iter().all(|text| text.chars().count() == 5000));
    }

    #[test]
    fn patterns_are_matched_at_every_length() {
        let slug = json!({"pattern": "^[a-z0-9-]+$", "minLength": 100, "maxLength": 100});
        assert!(made(slug).iter().all(|text| text.len() == 100));
        let blank = json!({"pattern": "\\S", "not": {"pattern": "\\u0000"}, "maxLength": 200});
        assert!(made(blank).iter().all(|text| !text.trim().is_empty()));
        let number = made(json!({"pattern": r"^\d{3}$"}));
        assert!(number.iter().all(|text| text.parse::<u16>().is_ok()));
    }

    #[test]
    fn formats_are_what_they_say() {
        for format in [
            "date-time",
            "date",
            "time",
            "duration",
            "uuid",
            "email",
            "hostname",
            "uri",
            "uri-reference",
            "ipv4",
            "ipv6",
            "ip",
            "partial-date-time",
            "partial-time",
            "zoned-date-time",
        ] {
            assert_eq!(
                made(json!({"type": "string", "format": format})).len(),
                50,
                "{format}"
            );
        }
    }

    #[test]
    fn what_is_not_understood_is_said() {
        for (schema, reason) in [
            (json!({"format": "isbn"}), "the format isbn"),
            (json!({"pattern": "^(?!a)b$"}), "the pattern ^(?!a)b$"),
            (
                json!({"minLength": 2, "maxLength": 1}),
                "minLength is over maxLength",
            ),
        ] {
            let made = strings(&Flat::default().with(schema), &Schemas::new(&json!({})));
            assert_eq!(made.unwrap_err(), reason);
        }
    }
}

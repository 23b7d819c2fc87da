//! Generates strings by length, pattern and format.

use proptest::collection::vec;
use proptest::prelude::{BoxedStrategy, Strategy};
use proptest::prop_oneof;
use proptest::string::string_regex;
use serde_json::Value;

use super::normalise::Alternative;
use super::schema::Schemas;
use super::third_party::accepted_strings;

/// Characters that often cause errors: multi-byte characters, combining and invisible ones, and
/// special characters of JSON, HTML, SQL and paths.
const SPECIAL: [char; 20] = [
    'é', 'ß', 'Ж', '日', '😀', '\u{301}', '\u{200b}', '\u{202e}', ' ', '\n', '\t', '"', '\\', '\'',
    '<', '&', '%', '/', '.', '0',
];

/// Maximum length above the minimum.
const EXTRA_LENGTH: usize = 24;

/// Minimum length from which a string repeats one character.
const REPEAT_LENGTH: usize = 64;

/// # Errors
/// If a keyword is unsupported.
pub(super) fn strings(
    alternative: &Alternative,
    schemas: &Schemas,
) -> Result<BoxedStrategy<Value>, String> {
    let (least, most) = lengths(alternative);
    if least > most {
        return Err("minLength is greater than maxLength".to_owned());
    }
    let pattern = alternative.get("pattern").and_then(Value::as_str);
    let format = alternative.get("format").and_then(Value::as_str);
    let strings = match (format.and_then(format_pattern), pattern, format) {
        (Some(expression), _, _) => matching(expression)?,
        (None, Some(pattern), _) => fitted(accepted_strings(pattern), least, most)?,
        (None, None, None | Some("password" | "binary" | "char")) => plain(least, most),
        (None, None, Some(format)) => return Err(format!("the format {format}")),
    };
    let validator = schemas.validator(&alternative.clone().into_schema())?;
    let strings = strings.prop_map(Value::String);
    Ok(strings
        .prop_filter("a valid string", move |text| validator.is_valid(text))
        .boxed())
}

/// Minimum and maximum length in characters.
pub(super) fn lengths(alternative: &Alternative) -> (usize, usize) {
    let length = |keyword| alternative.get(keyword).and_then(Value::as_u64);
    let length =
        |keyword| length(keyword).map(|length| usize::try_from(length).unwrap_or(usize::MAX));
    let least = length("minLength").unwrap_or(0);
    (least, length("maxLength").unwrap_or(usize::MAX))
}

/// Short words, for names of unknown members.
pub(super) fn words() -> BoxedStrategy<String> {
    string_regex("[a-z]{1,8}")
        .expect("a regular expression")
        .boxed()
}

/// Characters, mostly letters; simpler ones come first for shrinking. Mapping one number is much
/// faster than a union of strategies.
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
    // `any` may hit a gap of Unicode.
    character.unwrap_or('z')
}

fn plain(least: usize, most: usize) -> BoxedStrategy<String> {
    if least >= REPEAT_LENGTH {
        return characters()
            .prop_map(move |c| c.to_string().repeat(least))
            .boxed();
    }
    let lengths = least..=most.min(least + EXTRA_LENGTH);
    vec(characters(), lengths)
        .prop_map(String::from_iter)
        .boxed()
}

/// Strings that match a pattern, adjusted to the length.
fn fitted(pattern: &str, least: usize, most: usize) -> Result<BoxedStrategy<String>, String> {
    let is_anchored = pattern.starts_with('^') && pattern.ends_with('$');
    let core = matching(pattern)?;
    let slack = least..=most.min(least.saturating_add(EXTRA_LENGTH));
    if is_anchored {
        let fit = |(text, length): (String, usize)| resized(&text, length);
        return Ok(prop_oneof![core.clone(), (core, slack).prop_map(fit)].boxed());
    }
    // Without anchors the pattern may match inside.
    let around = (core, plain(0, EXTRA_LENGTH), slack).prop_map(|(core, rest, length)| {
        let room = length.saturating_sub(core.chars().count());
        let rest = resized(&rest, room);
        rest.chars()
            .take(room)
            .chain(core.chars())
            .collect::<String>()
    });
    Ok(around.boxed())
}

/// Repeats or truncates the text to `length`: most patterns are repetitions.
fn resized(text: &str, length: usize) -> String {
    text.chars().cycle().take(length).collect()
}

/// Strings that match a regular expression of JSON Schema.
///
/// # Errors
/// If the expression is unsupported.
pub(super) fn matching(pattern: &str) -> Result<BoxedStrategy<String>, String> {
    let core = pattern.strip_prefix('^').unwrap_or(pattern);
    let core = match core.strip_suffix('$') {
        Some(core) if !core.ends_with('\\') => core,
        _ => core,
    };
    // In ECMA-262 these classes are ASCII.
    let core = core.replace(r"\d", "[0-9]").replace(r"\w", "[0-9A-Za-z_]");
    string_regex(&core)
        .map(Strategy::boxed)
        .map_err(|_| format!("the pattern {pattern}"))
}

fn format_pattern(format: &str) -> Option<&'static str> {
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

    fn generated(schema: Value) -> Vec<String> {
        let strings = strings(
            &Alternative::default().with(schema),
            &Schemas::new(&json!({})),
        )
        .unwrap();
        let mut runner = TestRunner::deterministic();
        let mut next = || strings.new_tree(&mut runner).unwrap().current();
        (0..50)
            .map(|_| next().as_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        let texts = generated(json!({"type": "string", "minLength": 3, "maxLength": 5}));
        assert!(
            texts
                .iter()
                .all(|text| (3..=5).contains(&text.chars().count()))
        );
        assert!(texts.iter().any(|text| !text.is_ascii()));
        let long = generated(json!({"type": "string", "minLength": 5000, "maxLength": 5000}));
        assert!(long.iter().all(|text| text.chars().count() == 5000));
    }

    #[test]
    fn patterns_are_matched_at_every_length() {
        let slug = json!({"pattern": "^[a-z0-9-]+$", "minLength": 100, "maxLength": 100});
        assert!(generated(slug).iter().all(|text| text.len() == 100));
        let blank = json!({"pattern": "\\S", "not": {"pattern": "\\u0000"}, "maxLength": 200});
        assert!(generated(blank).iter().all(|text| !text.trim().is_empty()));
        let number = generated(json!({"pattern": r"^\d{3}$"}));
        assert!(number.iter().all(|text| text.parse::<u16>().is_ok()));
    }

    #[test]
    fn strings_match_their_format() {
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
                generated(json!({"type": "string", "format": format})).len(),
                50,
                "{format}"
            );
        }
    }

    #[test]
    fn unsupported_keywords_are_errors() {
        for (schema, reason) in [
            (json!({"format": "isbn"}), "the format isbn"),
            (json!({"pattern": "^(?!a)b$"}), "the pattern ^(?!a)b$"),
            (
                json!({"minLength": 2, "maxLength": 1}),
                "minLength is greater than maxLength",
            ),
        ] {
            let generated = strings(
                &Alternative::default().with(schema),
                &Schemas::new(&json!({})),
            );
            assert_eq!(generated.unwrap_err(), reason);
        }
    }
}

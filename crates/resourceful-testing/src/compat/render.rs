//! Renders values and their changes in one line.

use serde_json::Value;

/// Maximum length of a common prefix; a longer one is cut.
const MAX_PREFIX: usize = 32;

/// Characters of a cut prefix that are kept as context.
const PREFIX_CONTEXT: usize = 12;

/// Maximum length of a rendered value.
const MAX_LENGTH: usize = 72;

/// "was 100, is 50", "is 50 now", "was 100, is gone"; `null` means a missing value.
pub(super) fn render_change(old: &Value, new: &Value) -> String {
    let (before, after) = (old.to_string(), new.to_string());
    match (old, new) {
        (Value::Null, _) => format!("is {} now", cut(&after, 0)),
        (_, Value::Null) => format!("was {}, is gone", cut(&before, 0)),
        _ => {
            let pairs = before.chars().zip(after.chars());
            let prefix = pairs.take_while(|(one, other)| one == other).count();
            let from = if prefix > MAX_PREFIX {
                prefix - PREFIX_CONTEXT
            } else {
                0
            };
            format!("was {}, is {}", cut(&before, from), cut(&after, from))
        }
    }
}

/// Renders values as JSON, separated by commas.
pub(super) fn render_values(values: &[&Value]) -> String {
    let texts: Vec<_> = values.iter().map(ToString::to_string).collect();
    cut(&texts.join(", "), 0)
}

fn cut(text: &str, from: usize) -> String {
    let begin = if from > 0 { "…" } else { "" };
    let shown: String = text.chars().skip(from).take(MAX_LENGTH).collect();
    let end = if text.chars().count() > from + MAX_LENGTH {
        "…"
    } else {
        ""
    };
    format!("{begin}{shown}{end}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{render_change, render_values};

    #[test]
    fn a_long_common_prefix_is_cut() {
        let long = "a word ".repeat(30);
        let (old, new) = (json!(format!("{long}one")), json!(format!("{long}two")));
        assert_eq!(
            render_change(&old, &new),
            r#"was …word a word one", is …word a word two""#
        );
    }

    #[test]
    fn long_values_are_cut() {
        let text = render_change(&json!(null), &json!("é".repeat(500)));
        assert!(text.ends_with("… now"), "{text}");
        assert!(text.chars().count() < 90, "{text}");
        assert_eq!(render_values(&[&json!("a"), &json!(1)]), r#""a", 1"#);
    }
}

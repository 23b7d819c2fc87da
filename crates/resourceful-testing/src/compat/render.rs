//! Two values side by side, short enough for a line.

use serde_json::Value;

/// Where two texts begin alike for longer than this, the beginning is left out.
const MOST_ALIKE: usize = 32;

/// How much of what is alike is kept, to be found again.
const KEPT: usize = 12;

/// The longest text that is shown whole.
const LONGEST: usize = 72;

/// "was 100, is 50", "is 50 now", "was 100, is gone"; `null` is what is not there.
pub(super) fn was_is(old: &Value, new: &Value) -> String {
    let (before, after) = (old.to_string(), new.to_string());
    match (old, new) {
        (Value::Null, _) => format!("is {} now", cut(&after, 0)),
        (_, Value::Null) => format!("was {}, is gone", cut(&before, 0)),
        _ => {
            let pairs = before.chars().zip(after.chars());
            let alike = pairs.take_while(|(one, other)| one == other).count();
            let from = if alike > MOST_ALIKE { alike - KEPT } else { 0 };
            format!("was {}, is {}", cut(&before, from), cut(&after, from))
        }
    }
}

/// "`a`, `b`": values as JSON.
pub(super) fn listed(values: &[&Value]) -> String {
    let texts: Vec<_> = values.iter().map(ToString::to_string).collect();
    cut(&texts.join(", "), 0)
}

fn cut(text: &str, from: usize) -> String {
    let begin = if from > 0 { "…" } else { "" };
    let shown: String = text.chars().skip(from).take(LONGEST).collect();
    let end = if text.chars().count() > from + LONGEST {
        "…"
    } else {
        ""
    };
    format!("{begin}{shown}{end}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{listed, was_is};

    #[test]
    fn what_is_alike_is_left_out_and_what_differs_is_shown() {
        let long = "a word ".repeat(30);
        let (old, new) = (json!(format!("{long}one")), json!(format!("{long}two")));
        assert_eq!(
            was_is(&old, &new),
            r#"was …word a word one", is …word a word two""#
        );
    }

    #[test]
    fn long_values_are_cut() {
        let text = was_is(&json!(null), &json!("é".repeat(500)));
        assert!(text.ends_with("… now"), "{text}");
        assert!(text.chars().count() < 90, "{text}");
        assert_eq!(listed(&[&json!("a"), &json!(1)]), r#""a", 1"#);
    }
}

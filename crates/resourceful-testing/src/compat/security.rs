//! Compares security requirements and schemes.

use serde_json::Value;

use super::change::Impact;
use super::differ::Differ;
use super::subject::Subject;

/// Compares the requirements of two operations.
///
/// Requirements are alternatives, so removing one breaks clients that use it.
pub(super) fn compare(differ: &mut Differ<'_>, subject: &Subject, old: &Value, new: &Value) {
    let (before, after) = (Requirements::of(old), Requirements::of(new));
    let gone = before.without(&after);
    let added = after.without(&before);
    let kept = gone.len() < before.alternatives.len();
    match (before.anonymous, after.anonymous) {
        (true, false) => {
            let text = format!("requires {} now", after.alternatives.join(" or "));
            differ.breaking(subject, text);
        }
        (false, true) => {
            let text = format!("no longer requires {}", before.alternatives.join(" or "));
            differ.additive(subject, text);
        }
        (false, false) if !kept => {
            let (added, gone) = (added.join(" or "), gone.join(" or "));
            differ.breaking(subject, format!("requires {added} now, required {gone}"));
        }
        _ => {
            for alternative in gone {
                differ.breaking(subject, format!("{alternative} is no longer accepted"));
            }
            for alternative in added {
                differ.additive(subject, format!("{alternative} is accepted too"));
            }
        }
    }
}

/// Compares two security schemes.
pub(super) fn scheme<'a>(differ: &mut Differ<'a>, name: &str, old: &'a Value, new: &'a Value) {
    let subject = Subject::operation(format!("security scheme `{name}`"));
    match (old, new) {
        (Value::Null, _) => differ.push(Impact::Additive, &subject, "is new".to_owned()),
        (_, Value::Null) => differ.push(Impact::Breaking, &subject, "is gone".to_owned()),
        _ => differ.others(&subject, old, new, &[]),
    }
}

struct Requirements {
    /// Whether a request without credentials is accepted.
    anonymous: bool,
    /// "`bearer`", "`oauth` (read) and `key`".
    alternatives: Vec<String>,
}

impl Requirements {
    fn of(security: &Value) -> Self {
        let render_values = security.as_array().map_or(&[][..], Vec::as_slice);
        let all: Vec<_> = render_values.iter().map(alternative).collect();
        Self {
            anonymous: all.is_empty() || all.contains(&String::new()),
            alternatives: all
                .into_iter()
                .filter(|alternative| !alternative.is_empty())
                .collect(),
        }
    }

    fn without(&self, other: &Self) -> Vec<&str> {
        let alternatives = self
            .alternatives
            .iter()
            .filter(|alternative| !other.alternatives.contains(alternative));
        alternatives.map(String::as_str).collect()
    }
}

fn alternative(requirement: &Value) -> String {
    let schemes = requirement.as_object().into_iter().flatten();
    let mut named: Vec<_> = schemes
        .map(|(name, scopes)| match scopes.as_array() {
            Some(scopes) if !scopes.is_empty() => {
                let scopes: Vec<_> = scopes.iter().filter_map(Value::as_str).collect();
                format!("`{name}` ({})", scopes.join(", "))
            }
            _ => format!("`{name}`"),
        })
        .collect();
    named.sort();
    named.join(" and ")
}

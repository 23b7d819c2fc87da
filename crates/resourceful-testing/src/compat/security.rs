//! What a caller has to show.

use serde_json::Value;

use super::change::Kind;
use super::differ::Differ;
use super::place::Place;

/// Compares what two operations ask for.
///
/// Requirements are alternatives: each that is gone shuts somebody out.
pub(super) fn compare(differ: &mut Differ<'_>, place: &Place, old: &Value, new: &Value) {
    let (before, after) = (Needs::of(old), Needs::of(new));
    let gone = before.without(&after);
    let added = after.without(&before);
    let kept = gone.len() < before.ways.len();
    match (before.anonymous, after.anonymous) {
        (true, false) => {
            let text = format!("needs {} now", after.ways.join(" or "));
            differ.breaking(place, text);
        }
        (false, true) => {
            let text = format!("does not need {} any more", before.ways.join(" or "));
            differ.additive(place, text);
        }
        (false, false) if !kept => {
            let (added, gone) = (added.join(" or "), gone.join(" or "));
            differ.breaking(place, format!("needs {added} now, needed {gone}"));
        }
        _ => {
            for way in gone {
                differ.breaking(place, format!("{way} is not taken any more"));
            }
            for way in added {
                differ.additive(place, format!("{way} is taken, too"));
            }
        }
    }
}

/// Compares the schemes that requirements name.
pub(super) fn scheme<'a>(differ: &mut Differ<'a>, name: &str, old: &'a Value, new: &'a Value) {
    let place = Place::operation(format!("security scheme `{name}`"));
    match (old, new) {
        (Value::Null, _) => differ.push(Kind::Additive, &place, "is new".to_owned()),
        (_, Value::Null) => differ.push(Kind::Breaking, &place, "is gone".to_owned()),
        _ => differ.others(&place, old, new, &[]),
    }
}

struct Needs {
    /// May one come with nothing?
    anonymous: bool,
    /// "`bearer`", "`oauth` (read) and `key`".
    ways: Vec<String>,
}

impl Needs {
    fn of(security: &Value) -> Self {
        let listed = security.as_array().map_or(&[][..], Vec::as_slice);
        let all: Vec<_> = listed.iter().map(way).collect();
        Self {
            anonymous: all.is_empty() || all.contains(&String::new()),
            ways: all.into_iter().filter(|way| !way.is_empty()).collect(),
        }
    }

    fn without(&self, other: &Self) -> Vec<&str> {
        let ways = self.ways.iter().filter(|way| !other.ways.contains(way));
        ways.map(String::as_str).collect()
    }
}

fn way(requirement: &Value) -> String {
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

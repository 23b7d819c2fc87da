//! The variants of an enum (`anyOf`, `oneOf`): which was which?

use serde_json::Value;

use super::document::Document;
use super::place::Place;
use super::schema::{Walk, type_names};
use super::view::View;
use super::words::listed;

type Alternatives<'v, 'a> = &'v [(&'a str, Vec<&'a Value>)];

impl<'a> Walk<'_, 'a> {
    /// Alternatives beside other keywords: a value must be one of them, too.
    pub(super) fn alternatives(
        &mut self,
        place: &Place,
        old: Alternatives<'_, 'a>,
        new: Alternatives<'_, 'a>,
    ) {
        for ((before, old), (after, new)) in old.iter().zip(new) {
            match (*before, *after) {
                ("oneOf", "anyOf") => self.wider(place, place.says("was oneOf, is anyOf")),
                ("anyOf", "oneOf") => self.narrower(place, place.says("was anyOf, is oneOf")),
                _ => {}
            }
            self.variants(place, old, new);
        }
        // With the variants their members are gone, whoever sends them.
        for (_, variants) in old.iter().skip(new.len()) {
            let labels = labels(&self.differ.old, variants);
            let text = format!("is not one of {labels} any more");
            self.differ.breaking(place, place.says(&text));
        }
        for (_, variants) in new.iter().skip(old.len()) {
            let text = format!("is one of {} now", labels(&self.differ.new, variants));
            self.narrower(place, place.says(&text));
        }
    }

    /// What is written alike is the same variant; then what has the same name, then what looks
    /// most alike.
    pub(super) fn variants(&mut self, place: &Place, old: &[&'a Value], new: &[&'a Value]) {
        let mut gone: Vec<_> = old
            .iter()
            .map(|schema| Variant::new(&self.differ.old, schema))
            .collect();
        let mut added: Vec<_> = new
            .iter()
            .map(|schema| Variant::new(&self.differ.new, schema))
            .collect();
        let likenesses: [fn(&Variant<'_>, &Variant<'_>) -> bool; 4] = [
            |one, other| one.schema == other.schema,
            |one, other| one.reference.is_some() && one.reference == other.reference,
            |one, other| one.label == other.label,
            |one, other| one.family == other.family,
        ];
        for alike in likenesses {
            gone.retain(|one| {
                let Some(index) = added.iter().position(|other| alike(one, other)) else {
                    return true;
                };
                let other = added.remove(index);
                let place = place.variant(&one.label);
                self.schema(&place, one.schema, other.schema);
                false
            });
        }
        for variant in gone {
            let text = format!("cannot be {} any more", variant.label);
            self.narrower(place, place.says(&text));
        }
        for variant in added {
            let text = format!("can be {} now", variant.label);
            self.wider(place, place.says(&text));
        }
    }
}

fn labels<'a>(document: &Document<'a>, variants: &[&'a Value]) -> String {
    let all = variants.iter().map(|schema| Variant::new(document, schema));
    let labels: Vec<_> = all.map(|variant| variant.label).collect();
    labels.join(" / ")
}

struct Variant<'a> {
    schema: &'a Value,
    reference: Option<&'a str>,
    /// `kind: "card"`, `string`, `{name, number}`.
    label: String,
    /// The label, but of objects without a tag, which may have got another member.
    family: String,
}

impl<'a> Variant<'a> {
    fn new(document: &Document<'a>, schema: &'a Value) -> Self {
        let view = View::of(document, schema);
        let tag = view.members.iter().find_map(|(name, schemas)| {
            let values = View::of(document, schemas[0]).values?;
            (values.len() == 1).then(|| format!("{name}: {}", listed(&values)))
        });
        let types = type_names(view.types.as_ref());
        let members: Vec<_> = view.members.keys().copied().collect();
        let label = match (&tag, &view.values) {
            (Some(tag), _) => tag.clone(),
            (None, Some(values)) => listed(values),
            (None, None) if members.is_empty() => types.clone(),
            (None, None) => format!("{{{}}}", members.join(", ")),
        };
        Self {
            schema,
            reference: schema["$ref"].as_str(),
            family: tag.unwrap_or(types),
            label,
        }
    }
}

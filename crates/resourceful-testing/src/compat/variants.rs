//! Compares the variants of `anyOf` and `oneOf`.

use serde_json::Value;

use super::merged_schema::MergedSchema;
use super::render::render_values;
use super::resolver::Resolver;
use super::schema::{SchemaDiff, type_names};
use super::subject::Subject;

type Alternatives<'v, 'a> = &'v [(&'a str, Vec<&'a Value>)];

impl<'a> SchemaDiff<'_, 'a> {
    /// Compares `anyOf` and `oneOf` beside other keywords.
    pub(super) fn alternatives(
        &mut self,
        subject: &Subject,
        old: Alternatives<'_, 'a>,
        new: Alternatives<'_, 'a>,
    ) {
        for ((before, old), (after, new)) in old.iter().zip(new) {
            match (*before, *after) {
                ("oneOf", "anyOf") => {
                    self.widened(subject, subject.sentence("was oneOf, is anyOf"));
                }
                ("anyOf", "oneOf") => {
                    self.narrowed(subject, subject.sentence("was anyOf, is oneOf"));
                }
                _ => {}
            }
            self.variants(subject, old, new);
        }
        // The members of the variants are removed in both directions, so this is breaking.
        for (_, variants) in old.iter().skip(new.len()) {
            let labels = labels(&self.differ.old, variants);
            let text = format!("is no longer one of {labels}");
            self.differ.breaking(subject, subject.sentence(&text));
        }
        for (_, variants) in new.iter().skip(old.len()) {
            let text = format!("is one of {} now", labels(&self.differ.new, variants));
            self.narrowed(subject, subject.sentence(&text));
        }
    }

    /// Pairs the variants of both sides: first equal schemas, then equal references, then equal
    /// labels, then equal families.
    pub(super) fn variants(&mut self, subject: &Subject, old: &[&'a Value], new: &[&'a Value]) {
        let mut gone: Vec<_> = old
            .iter()
            .map(|schema| Variant::new(&self.differ.old, schema))
            .collect();
        let mut added: Vec<_> = new
            .iter()
            .map(|schema| Variant::new(&self.differ.new, schema))
            .collect();
        let matchers: [fn(&Variant<'_>, &Variant<'_>) -> bool; 4] = [
            |before, after| before.schema == after.schema,
            |before, after| before.reference.is_some() && before.reference == after.reference,
            |before, after| before.label == after.label,
            |before, after| before.family == after.family,
        ];
        for is_match in matchers {
            gone.retain(|before| {
                let Some(index) = added.iter().position(|after| is_match(before, after)) else {
                    return true;
                };
                let after = added.remove(index);
                let subject = subject.variant(&before.label);
                self.schema(&subject, before.schema, after.schema);
                false
            });
        }
        for variant in gone {
            let text = format!("can no longer be {}", variant.label);
            self.narrowed(subject, subject.sentence(&text));
        }
        for variant in added {
            let text = format!("can be {} now", variant.label);
            self.widened(subject, subject.sentence(&text));
        }
    }
}

fn labels<'a>(resolver: &Resolver<'a>, variants: &[&'a Value]) -> String {
    let all = variants.iter().map(|schema| Variant::new(resolver, schema));
    let labels: Vec<_> = all.map(|variant| variant.label).collect();
    labels.join(" / ")
}

struct Variant<'a> {
    schema: &'a Value,
    reference: Option<&'a str>,
    /// `kind: "card"`, `string`, `{name, number}`.
    label: String,
    /// The label; for objects without a tag only the type, because members may have been added.
    family: String,
}

impl<'a> Variant<'a> {
    fn new(resolver: &Resolver<'a>, schema: &'a Value) -> Self {
        let merged = MergedSchema::of(resolver, schema);
        let tag = merged.members.iter().find_map(|(name, schemas)| {
            let values = MergedSchema::of(resolver, schemas[0]).values?;
            (values.len() == 1).then(|| format!("{name}: {}", render_values(&values)))
        });
        let types = type_names(merged.types.as_ref());
        let members: Vec<_> = merged.members.keys().copied().collect();
        let label = match (&tag, &merged.values) {
            (Some(tag), _) => tag.clone(),
            (None, Some(values)) => render_values(values),
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

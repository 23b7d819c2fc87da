//! Rules that the schema knows, for a value of a type that cannot be read, so that garde cannot judge it.

use serde_json::Value;

use super::Check;
use crate::input::check::instance::Subject;
use crate::input::json_text::tape::Kind;
use crate::input::schema::subschema::Schema;

impl Check<'_, '_> {
    /// In garde's words.
    pub(crate) fn limits(&mut self, subject: &Subject<'_>, selected: &[&Schema]) {
        let tape = self.fitting.tape;
        let size = match subject.kind {
            Kind::String => Some((
                tape.string(subject.id).chars().count(),
                "minLength",
                "maxLength",
            )),
            Kind::Array => Some((tape.elements(subject.id).count(), "minItems", "maxItems")),
            _ => None,
        };
        let number: Option<f64> = match subject.kind {
            Kind::Number => subject.text.parse().ok(),
            _ => None,
        };
        for schema in selected {
            let limit = |name| schema.keyword(name);
            if let Some((size, least, most)) = size {
                let limit = |name| limit(name).and_then(Value::as_u64);
                let size = size as u64;
                if let Some(least) = limit(least).filter(|least| size < *least) {
                    self.refused(format!("length is lower than {least}"), Vec::new());
                }
                if let Some(most) = limit(most).filter(|most| size > *most) {
                    self.refused(format!("length is greater than {most}"), Vec::new());
                }
            }
            if let Some(number) = number {
                let limit = |name| limit(name).and_then(Value::as_f64);
                if let Some(least) = limit("minimum").filter(|least| number < *least) {
                    self.refused(format!("lower than {least}"), Vec::new());
                }
                if let Some(most) = limit("maximum").filter(|most| number > *most) {
                    self.refused(format!("greater than {most}"), Vec::new());
                }
            }
        }
    }
}

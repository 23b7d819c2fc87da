//! A body during its repair: the edits so far, and the errors that they repair.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::{DeserializeOwned, Deserializer};
use serde_path_to_error::Segment;

use crate::input::check::diagnostic::{Diagnostic, Fix};
use crate::input::check::validation_error::ValidationError;
use crate::input::json_text::path::{Path, Step};
use crate::input::json_text::tape::Tape;
use crate::input::repair::budget::spend;
use crate::input::repair::edits::{EditTarget, Edits, Resolved};
use crate::input::repair::placeholder::PlaceholderFactory;
use crate::input::schema::input_schema::InputSchema;
use crate::input::schema::subschema::SchemaId;

/// The origin of the JSON text. In a query, every value is a string, whatever its type.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum InputSource {
    Body,
    Query,
}

/// An error of serde, and its position as far as serde knows it.
pub(super) struct DeserializeError {
    pub(super) path: Path,
    pub(super) text: String,
}

/// An error, and the targets of the edits that repair it.
pub(super) struct RecordedError {
    pub(super) error: ValidationError,
    pub(super) targets: Vec<EditTarget>,
    pub(super) is_refused_by_serde: bool,
}

/// A body that is edited and read until the type accepts it.
pub(super) struct RepairState<'a, 'j, F> {
    pub(super) tape: &'a Tape<'j>,
    pub(super) schema: &'static InputSchema,
    pub(super) source: InputSource,
    read: F,
    /// The cost of one read, in bytes.
    cost: usize,
    pub(super) errors: Vec<RecordedError>,
    pub(super) edits: Edits,
    /// The targets with placeholders, and the schemas that apply there.
    pub(super) placeholders: BTreeMap<EditTarget, Vec<SchemaId>>,
    pub(super) factory: PlaceholderFactory,
}

impl<'a, 'j, F> RepairState<'a, 'j, F> {
    pub(super) fn new(
        tape: &'a Tape<'j>,
        schema: &'static InputSchema,
        source: InputSource,
        read: F,
    ) -> Self {
        Self {
            tape,
            schema,
            source,
            read,
            cost: schema.cost(tape.json().len(), tape.depth()),
            errors: Vec::new(),
            edits: Edits::default(),
            placeholders: BTreeMap::new(),
            factory: PlaceholderFactory::default(),
        }
    }

    /// Reads the body with `edits`, whatever it costs.
    pub(super) fn read_unmetered<T>(&self, edits: &Edits) -> Result<T, DeserializeError>
    where
        F: Fn(&str) -> Result<T, DeserializeError>,
    {
        (self.read)(&edits.render(self.tape))
    }

    /// Reads the body with `edits`; `None` if the budget is spent.
    pub(super) fn read<T>(&self, edits: &Edits) -> Option<Result<T, DeserializeError>>
    where
        F: Fn(&str) -> Result<T, DeserializeError>,
    {
        spend(self.cost).then(|| self.read_unmetered(edits))
    }

    /// Whether a path leads to or into a value that is known to be wrong.
    pub(super) fn is_edited(&self, path: &[Step]) -> bool {
        let is_within = |recorded: &RecordedError| path.starts_with(&recorded.error.path);
        self.errors.iter().any(is_within)
            || matches!(self.edits.resolve(self.tape, path), Resolved::Edited(target)
                if self.errors.iter().any(|recorded| recorded.targets.contains(&target)))
    }

    /// Records an error and applies its fixes.
    pub(super) fn record(&mut self, diagnostic: Diagnostic) {
        diagnostic.fixes.iter().for_each(|fix| self.apply(fix));
        self.errors.push(RecordedError {
            error: diagnostic.error,
            targets: diagnostic.fixes.into_iter().map(target).collect(),
            is_refused_by_serde: diagnostic.is_refused_by_serde,
        });
    }

    /// Records an error that was found by reading, so that its fix is known to be needed.
    pub(super) fn record_refused(&mut self, path: Path, detail: String, fix: Fix) {
        self.record(Diagnostic {
            error: ValidationError::new(path, detail),
            fixes: vec![fix],
            is_refused_by_serde: false,
        });
    }

    pub(super) fn apply(&mut self, fix: &Fix) {
        let (target, json) = match fix {
            Fix::Remove(value) => (EditTarget::Value(*value), None),
            Fix::Write(value, json) => (EditTarget::Value(*value), Some(json.clone())),
            Fix::Replace(value, schemas) => {
                return self.insert_placeholder(EditTarget::Value(*value), schemas);
            }
            Fix::Add(object, name, schemas) => {
                let member = EditTarget::Member(*object, name.clone());
                return self.insert_placeholder(member, schemas);
            }
        };
        self.edits.set(target, json);
    }

    fn insert_placeholder(&mut self, target: EditTarget, schemas: &[SchemaId]) {
        let placeholder = self.factory.placeholder(self.schema, schemas);
        self.edits.set(target.clone(), Some(placeholder.json));
        self.placeholders.insert(target, schemas.to_vec());
    }

    /// Takes back an edit.
    pub(super) fn revert(&mut self, target: &EditTarget) {
        self.edits.revert(target);
        self.placeholders.remove(target);
    }

    /// The schemas with candidates in the placeholders for `places`.
    pub(super) fn candidate_schemas<'i>(
        &self,
        factory: &PlaceholderFactory,
        places: impl Iterator<Item = &'i Vec<SchemaId>>,
    ) -> BTreeSet<SchemaId> {
        places
            .flat_map(|ids| factory.placeholder(self.schema, ids).candidate_schemas)
            .collect()
    }

    /// The edits with the placeholders of `factory`.
    pub(super) fn edits_with(&self, factory: &PlaceholderFactory) -> Edits {
        let mut edits = self.edits.clone();
        for (target, schemas) in &self.placeholders {
            let placeholder = factory.placeholder(self.schema, schemas);
            edits.set(target.clone(), Some(placeholder.json));
        }
        edits
    }
}

/// Reads a type and keeps the position of an error.
pub(super) fn deserialize<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, DeserializeError>
where
    D::Error: std::fmt::Display,
{
    let mut track = serde_path_to_error::Track::new();
    let deserializer = serde_path_to_error::Deserializer::new(deserializer, &mut track);
    T::deserialize(deserializer).map_err(|error| {
        let path = track.path();
        let steps = path.iter().filter_map(|segment| match segment {
            Segment::Seq { index } => Some(Step::Element(*index)),
            Segment::Map { key } => Some(Step::Member(key.clone())),
            Segment::Enum { variant } => Some(Step::Member(variant.clone())),
            Segment::Unknown => None,
        });
        let text = error.to_string();
        // serde_json appends the line, which is that of the edited body.
        let text = text.split(" at line ").next().unwrap_or_default();
        DeserializeError {
            path: steps.collect(),
            text: text.to_owned(),
        }
    })
}

fn target(fix: Fix) -> EditTarget {
    match fix {
        Fix::Replace(value, _) | Fix::Remove(value) | Fix::Write(value, _) => {
            EditTarget::Value(value)
        }
        Fix::Add(object, name, _) => EditTarget::Member(object, name),
    }
}

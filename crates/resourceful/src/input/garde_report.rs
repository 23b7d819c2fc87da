//! garde's errors at the member names that the client uses.

use std::cell::OnceCell;

use garde::Report;
use serde::Deserialize;

use crate::input::check::validation_error::{ValidationError, distinct};
use crate::input::check::{Mode, check};
use crate::input::json_text::path::{Path, Step};
use crate::input::json_text::tape::{NodeId, Tape, ValueKind};
use crate::input::schema::input_schema::InputSchema;
use crate::input::schema::subschema::{Additional, Schema, SchemaId};

/// The errors of a garde report.
pub(crate) fn rule_errors(
    report: &Report,
    tape: &Tape<'_>,
    schema: &InputSchema,
) -> Vec<ValidationError> {
    let paths = PathTranslator {
        tape,
        schema,
        violated_limits: OnceCell::new(),
    };
    let to_error = |(path, error): &(garde::Path, garde::Error)| {
        ValidationError::new(paths.follow(path), error.message())
    };
    distinct(report.iter().map(to_error))
}

/// Translates garde's paths to paths in the body.
///
/// garde has the Rust name of a field, the client the name that serde uses. The schema has the latter,
/// usually in another case at most (`#[serde(rename_all)]`).
///
/// A step of garde is not always a step in JSON: a newtype is its content, and the members of a flattened
/// struct are members of the outer struct. Variants in turn have steps in JSON that garde omits. So the
/// path is followed through the body. The result is an existing value or a missing member.
struct PathTranslator<'a, 'j> {
    tape: &'a Tape<'j>,
    schema: &'a InputSchema,
    /// Paths to values that violate limits of the schema.
    violated_limits: OnceCell<Vec<Path>>,
}

type GardeStep = (String, String);

impl PathTranslator<'_, '_> {
    fn follow(&self, path: &garde::Path) -> Path {
        // garde documents only the serialised form: `[["key", "title"], ["index", "0"]]`.
        let steps: Vec<GardeStep> = serde_json::to_value(path)
            .and_then(Vec::deserialize)
            .unwrap_or_default();
        let mut at = Position {
            path: Path::new(),
            value: Some(NodeId::ROOT),
            schemas: vec![InputSchema::ROOT],
        };
        for (index, step) in steps.iter().enumerate() {
            match self.step(&at, step) {
                Some(next) => at = next,
                None if step.0 == "index" => {}
                None => {
                    return self
                        .find_renamed(&at, &steps[index + 1..])
                        .unwrap_or(at)
                        .path;
                }
            }
        }
        at.path
    }

    fn step(&self, at: &Position, (kind, text): &GardeStep) -> Option<Position> {
        match kind.as_str() {
            "index" => at.element(self.tape, self.schema, text.parse().unwrap_or_default()),
            _ => at.member(self.tape, self.schema, text),
        }
    }

    /// The position of a field that is not in the schema: it is flattened or renamed (`#[serde(rename)]`).
    /// The rest of the path identifies the member. If several members have such a rest, the one counts
    /// that violates a limit.
    fn find_renamed(&self, at: &Position, rest: &[GardeStep]) -> Option<Position> {
        let walk = |from: Position| {
            let mut steps = rest.iter();
            steps.try_fold(from, |at, step| self.step(&at, step))
        };
        let closure = self.schema.closure(&at.schemas);
        let names = closure
            .iter()
            .flat_map(|id| self.schema.schema(*id).properties.keys());
        let renamed = names.filter_map(|name| walk(at.member(self.tape, self.schema, name)?));
        let flattened = walk(at.clone()).filter(|_| !rest.is_empty());
        let mut all: Vec<Position> = flattened.into_iter().chain(renamed).collect();
        if all.len() > 1 || rest.is_empty() {
            let violated = self.violated_limits.get_or_init(|| {
                let diagnostics = check(self.tape, self.schema, Mode::Limits).diagnostics;
                diagnostics
                    .into_iter()
                    .map(|diagnostic| diagnostic.error.path)
                    .collect()
            });
            all.retain(|position| violated.contains(&position.path));
        }
        all.pop().filter(|_| all.is_empty())
    }
}

/// The largest depth of nested variants that is searched.
const MAX_VARIANTS: usize = 4;

/// A value, or the place of a missing one, during the walk along a path.
#[derive(Clone)]
struct Position {
    path: Path,
    /// `None` if missing.
    value: Option<NodeId>,
    schemas: Vec<SchemaId>,
}

impl Position {
    fn step(&self, tape: &Tape<'_>, step: Step, schemas: Vec<SchemaId>) -> Self {
        let value = self.value.and_then(|value| tape.child(value, &step));
        let mut path = self.path.clone();
        path.push(step);
        Self {
            path,
            value,
            schemas,
        }
    }

    fn element(&self, tape: &Tape<'_>, schema: &InputSchema, index: usize) -> Option<Self> {
        let mut inside = self.with_contents(tape, schema);
        let is_list = |position: &Self| {
            let value = position.value.map(|value| tape.kind(value));
            value == Some(ValueKind::Array)
        };
        if let Some(list) = inside.iter().find(|position| is_list(position)) {
            let schemas = schema.elements(&list.schemas, index);
            return Some(list.step(tape, Step::Element(index), schemas));
        }
        // A map may have numeric keys; a newtype is its content.
        self.member(tape, schema, &index.to_string())
            .or_else(|| inside.pop())
    }

    fn member(&self, tape: &Tape<'_>, schema: &InputSchema, name: &str) -> Option<Self> {
        let mut inside = self.with_contents(tape, schema).into_iter();
        inside.find_map(|position| {
            let known = position.member_name(tape, schema, name)?;
            let schemas = schema.members(&position.schemas, &known);
            Some(position.step(tape, Step::Member(known), schemas))
        })
    }

    /// The member name of a Rust field.
    fn member_name(&self, tape: &Tape<'_>, schema: &InputSchema, name: &str) -> Option<String> {
        let closure = schema.closure(&self.schemas);
        let schemas = || closure.iter().map(|id| schema.schema(*id));
        let names = || {
            let fields = schemas().filter(|subschema| subschema.external_tag().is_none());
            fields.flat_map(|subschema| subschema.properties.keys())
        };
        let found = names()
            .find(|known| **known == name)
            .or_else(|| names().find(|known| fold_case(known) == fold_case(name)));
        if let Some(found) = found {
            return Some((*found).to_owned());
        }
        let step = Step::Member(name.to_owned());
        let is_there = self
            .value
            .is_some_and(|value| tape.child(value, &step).is_some());
        let mut maps =
            schemas().filter(|subschema| matches!(subschema.additional, Additional::Map(_)));
        (is_there && maps.next().is_some()).then(|| name.to_owned())
    }

    /// This position and the contents of the variants that it may hold, outer ones first.
    fn with_contents(&self, tape: &Tape<'_>, schema: &InputSchema) -> Vec<Self> {
        let mut found = vec![self.clone()];
        let mut from = 0;
        for _ in 0..MAX_VARIANTS {
            let inside = found[from..]
                .iter()
                .flat_map(|position| position.contents(tape, schema));
            let inside: Vec<Self> = inside.collect();
            from = found.len();
            found.extend(inside);
        }
        found
    }

    /// The contents of `{"card": {..}}` and `{"type": "card", "content": {..}}`.
    fn contents(&self, tape: &Tape<'_>, schema: &InputSchema) -> Vec<Self> {
        let Some(value) = self.value else {
            return Vec::new();
        };
        let closure = schema.closure(&self.schemas);
        let names = closure
            .iter()
            .filter_map(|id| content_of(schema, schema.schema(*id)));
        let steps = names.map(|name| Step::Member(name.to_owned()));
        let there = steps.filter(|step| tape.child(value, step).is_some());
        there
            .map(|step| {
                let Step::Member(name) = &step else {
                    return self.clone();
                };
                let schemas = schema.members(&self.schemas, name);
                self.step(tape, step.clone(), schemas)
            })
            .collect()
    }
}

/// The member that holds the content of a variant.
fn content_of(schema: &InputSchema, variant: &Schema) -> Option<&'static str> {
    if let Some(tag) = variant.external_tag() {
        return Some(tag);
    }
    let is_tag = |name: &&&str| {
        let member = variant.properties.get(**name);
        member.is_some_and(|id| schema.schema(*id).is_tag())
    };
    let tags = variant.required.iter().filter(is_tag).count();
    let mut others = variant.required.iter().filter(|name| !is_tag(name));
    match (tags, others.next(), others.next()) {
        (1, Some(content), None) if variant.properties.len() == 2 => Some(content),
        _ => None,
    }
}

/// One spelling for `postCode`, `post-code`, `PostCode` and `post_code`.
fn fold_case(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

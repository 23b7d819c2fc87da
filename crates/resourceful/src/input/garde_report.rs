//! garde's findings as faults.

use std::cell::OnceCell;

use garde::Report;
use serde::Deserialize;

use crate::input::check::validation_error::{Fault, each_once};
use crate::input::check::{Purpose, check};
use crate::input::json_text::path::{Path, Step};
use crate::input::json_text::tape::{Kind, NodeId, Tape};
use crate::input::schema::input_schema::InputSchema;
use crate::input::schema::subschema::{Additional, Schema, SchemaId};

/// What the rules found, in the client's names.
pub(crate) fn broken_rules(report: &Report, tape: &Tape<'_>, schema: &InputSchema) -> Vec<Fault> {
    let paths = RulePaths {
        tape,
        schema,
        broken_limits: OnceCell::new(),
    };
    let fault = |(path, error): &(garde::Path, garde::Error)| {
        Fault::new(paths.follow(path), error.message())
    };
    each_once(report.iter().map(fault))
}

/// garde's paths in the names that the client uses.
///
/// garde knows a field by its Rust name, the client by the name that serde was given; the
/// schema has the latter, spelled in another case at most (`#[serde(rename_all)]`).
///
/// What is a step to garde need not be one in JSON: a newtype is its content, the members of a flattened
/// struct are those of the struct around it. And variants have steps in JSON that garde does not know.
/// So the path is followed through the body; it leads to something that is there, or to where
/// something is missing.
struct RulePaths<'a, 'j> {
    tape: &'a Tape<'j>,
    schema: &'a InputSchema,
    /// Where the body breaks rules that the schema knows.
    broken_limits: OnceCell<Vec<Path>>,
}

type RuleStep = (String, String);

impl RulePaths<'_, '_> {
    fn follow(&self, path: &garde::Path) -> Path {
        // Its serialised form, `[["key", "title"], ["index", "0"]]`, is what garde promises.
        let steps: Vec<RuleStep> = serde_json::to_value(path)
            .and_then(Vec::deserialize)
            .unwrap_or_default();
        let mut at = Position {
            path: Path::new(),
            value: Some(NodeId::ROOT),
            schemas: vec![InputSchema::ROOT],
        };
        for (done, step) in steps.iter().enumerate() {
            match self.step(&at, step) {
                Some(next) => at = next,
                None if step.0 == "index" => {}
                None => return self.unknown(&at, &steps[done + 1..]).unwrap_or(at).path,
            }
        }
        at.path
    }

    fn step(&self, at: &Position, (kind, text): &RuleStep) -> Option<Position> {
        match kind.as_str() {
            "index" => at.element(self.tape, self.schema, text.parse().unwrap_or_default()),
            _ => at.member(self.tape, self.schema, text),
        }
    }

    /// A field that the schema does not know is flattened, or has a name of its own for serde
    /// (`#[serde(rename)]`). Which member it is, is told by the rest of its path, and where several
    /// have such a rest, by which of them breaks a rule.
    fn unknown(&self, at: &Position, rest: &[RuleStep]) -> Option<Position> {
        let walk = |from: Position| {
            let mut steps = rest.iter();
            steps.try_fold(from, |at, step| self.step(&at, step))
        };
        let closure = self.schema.closure(&at.schemas);
        let names = closure
            .iter()
            .flat_map(|id| self.schema.schema(*id).properties.keys());
        let renamed = names.filter_map(|name| walk(at.member(self.tape, self.schema, name)?));
        let flattened = walk(at.again()).filter(|_| !rest.is_empty());
        let mut all: Vec<Position> = flattened.into_iter().chain(renamed).collect();
        if all.len() > 1 || rest.is_empty() {
            let broken = self.broken_limits.get_or_init(|| {
                let findings = check(self.tape, self.schema, Purpose::Limits).findings;
                findings.into_iter().map(|one| one.fault.path).collect()
            });
            all.retain(|one| broken.contains(&one.path));
        }
        all.pop().filter(|_| all.is_empty())
    }
}

/// How many variants of variants are looked into.
const MAX_VARIANTS: usize = 4;

struct Position {
    path: Path,
    /// `None` where it is missing.
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
        let is_list = |one: &Self| {
            let value = one.value.map(|value| tape.kind(value));
            value == Some(Kind::Array)
        };
        if let Some(list) = inside.iter().find(|one| is_list(one)) {
            let schemas = schema.elements(&list.schemas, index);
            return Some(list.step(tape, Step::Element(index), schemas));
        }
        // A map may have numbers for keys; a newtype is its content.
        self.member(tape, schema, &index.to_string())
            .or_else(|| inside.pop())
    }

    fn member(&self, tape: &Tape<'_>, schema: &InputSchema, name: &str) -> Option<Self> {
        let mut inside = self.with_contents(tape, schema).into_iter();
        inside.find_map(|one| {
            let known = one.known_name(tape, schema, name)?;
            let schemas = schema.members(&one.schemas, &known);
            Some(one.step(tape, Step::Member(known), schemas))
        })
    }

    /// The name of a field as the client writes it.
    fn known_name(&self, tape: &Tape<'_>, schema: &InputSchema, name: &str) -> Option<String> {
        let closure = schema.closure(&self.schemas);
        let schemas = || closure.iter().map(|id| schema.schema(*id));
        let names = || {
            let fields = schemas().filter(|one| one.external_tag().is_none());
            fields.flat_map(|one| one.properties.keys())
        };
        let found = names()
            .find(|known| **known == name)
            .or_else(|| names().find(|known| folded(known) == folded(name)));
        if let Some(found) = found {
            return Some((*found).to_owned());
        }
        let step = Step::Member(name.to_owned());
        let is_there = self
            .value
            .is_some_and(|value| tape.child(value, &step).is_some());
        let mut maps = schemas().filter(|one| matches!(one.additional, Additional::Map(_)));
        (is_there && maps.next().is_some()).then(|| name.to_owned())
    }

    /// This, and the contents of the variants that it may be, each after what it is in.
    fn with_contents(&self, tape: &Tape<'_>, schema: &InputSchema) -> Vec<Self> {
        let mut found = vec![self.again()];
        let mut from = 0;
        for _ in 0..MAX_VARIANTS {
            let inside = found[from..]
                .iter()
                .flat_map(|one| one.contents(tape, schema));
            let inside: Vec<Self> = inside.collect();
            from = found.len();
            found.extend(inside);
        }
        found
    }

    fn again(&self) -> Self {
        Self {
            path: self.path.clone(),
            value: self.value,
            schemas: self.schemas.clone(),
        }
    }

    /// `{"card": {..}}`, and `{"type": "card", "content": {..}}`.
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
                    return self.again();
                };
                let schemas = schema.members(&self.schemas, name);
                self.step(tape, step.clone(), schemas)
            })
            .collect()
    }
}

/// The member that has the content of a variant.
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

/// `postCode`, `post-code` and `PostCode` are all `post_code`.
fn folded(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

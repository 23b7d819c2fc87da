//! Checks a body against its schema and reports every violation at its position.
//!
//! Each value is visited once. Violations that only the type itself can detect (an invalid date, a
//! custom rule of the application) are found later, when [`super::repair`] reads the type.

pub(crate) mod diagnostic;
mod instance;
mod limits;
pub(crate) mod message;
mod select;
pub(crate) mod validation_error;
mod variants;

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::Value;

use crate::input::check::diagnostic::{Diagnostic, Fix, Leaf};
use crate::input::check::instance::Instance;
use crate::input::check::limits::violated_limits;
use crate::input::check::message::{must_be, must_be_one_of, must_have_one_of, range};
use crate::input::check::select::{Selection, Selector};
use crate::input::check::validation_error::{MAX_ERRORS, ValidationError};
use crate::input::check::variants::{Variants, constants};
use crate::input::json_text::integers::{Integer, IntegerRange};
use crate::input::json_text::path::{Path, Step};
use crate::input::json_text::tape::{NodeId, Tape, ValueKind};
use crate::input::schema::input_schema::InputSchema;
use crate::input::schema::subschema::{Additional, Schema, SchemaId};
use crate::input::schema::types::Types;

/// With more leaves, none is reported.
pub(crate) const MAX_LEAVES: usize = 256;

/// The purpose of a check.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mode {
    /// Wrong types, missing and unexpected members, everything but limits.
    Structure,
    /// Leaves below this value: scalars and empty containers.
    Leaves(NodeId),
    /// Lengths and ranges as well, for a type that cannot be read and therefore not be validated.
    Limits,
}

/// The result of a check.
#[derive(Debug, Default)]
pub(crate) struct CheckReport {
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// The body with plain integers, if some were written as fractions (`1.0`).
    pub(crate) rewritten: Option<String>,
    pub(crate) leaves: Vec<Leaf>,
}

/// Checks a body.
pub(crate) fn check(tape: &Tape<'_>, schema: &InputSchema, mode: Mode) -> CheckReport {
    let mut checker = Checker {
        selector: Selector { tape, schema },
        mode,
        segments: Vec::new(),
        nul_allowed_before: NodeId::ROOT,
        report: CheckReport::default(),
        copied: 0,
    };
    checker.check_value(NodeId::ROOT, &[InputSchema::ROOT]);
    if let Some(rewritten) = &mut checker.report.rewritten {
        rewritten.push_str(&tape.json()[checker.copied..]);
    }
    checker.report
}

#[derive(Debug, Clone, Copy)]
enum Segment {
    Name(NodeId),
    Missing(&'static str),
    Index(usize),
}

struct Checker<'a, 'j> {
    selector: Selector<'a, 'j>,
    mode: Mode,
    /// The steps to the current value.
    segments: Vec<Segment>,
    /// Values before this node may have U+0000.
    nul_allowed_before: NodeId,
    report: CheckReport,
    /// The text is in `rewritten` up to this byte.
    copied: usize,
}

impl<'j> Checker<'_, 'j> {
    fn check_value(&mut self, id: NodeId, schemas: &[SchemaId]) {
        // Values without schema are ignored.
        if schemas.is_empty()
            || self.report.diagnostics.len() >= MAX_ERRORS
            || self.report.leaves.len() > MAX_LEAVES
            || self.is_plain(id, schemas)
        {
            return;
        }
        let Selector { tape, schema } = self.selector;
        let instance = Instance::new(tape, schema, id);
        let selection = match schemas {
            // The usual case: there is nothing to choose from.
            [id] if schema.schema(schema.resolve(*id)).is_self_contained() => {
                let id = schema.resolve(*id);
                let has_type = schema.schema(id).types.intersects(instance.types());
                has_type.then(|| Selection::of(id))
            }
            ids => {
                let scores = ids.iter().map(|id| self.selector.score(&instance, *id));
                let has_type = scores.max().is_some_and(|score| score.has_type);
                has_type.then(|| self.selector.select(&instance, ids))
            }
        };
        let Some(selection) = selection else {
            let types = schema.types(schemas);
            let replace = Fix::Replace(id, schemas.to_vec());
            // Serde reads an array as a struct.
            let is_accepted_by_serde =
                instance.kind == ValueKind::Array && types.intersects(Types::OBJECT);
            return self.report_error(
                must_be(&types.names()),
                vec![replace],
                !is_accepted_by_serde,
            );
        };
        let selected = selection.schemas.iter().map(|id| schema.schema(*id));
        let selected: Vec<&Schema> = selected.collect();
        // `Bulk` reads each item separately.
        if selected
            .iter()
            .any(|subschema| subschema.has_flag("x-read-one-by-one"))
        {
            return;
        }
        if selected
            .iter()
            .any(|subschema| subschema.has_flag("x-allow-nul"))
        {
            self.nul_allowed_before = self.nul_allowed_before.max(tape.after(id));
        }
        if let Some(alternatives) = &selection.untagged {
            self.report_variant(&instance, schemas, &selected, alternatives);
        }
        if let Mode::Limits = self.mode {
            for text in violated_limits(tape, &instance, &selected) {
                self.report_refused(text, Vec::new());
            }
        }
        match instance.kind {
            ValueKind::Object => self.check_object(&instance, &selection),
            ValueKind::Array => self.check_array(&instance, schemas, &selection.schemas),
            _ => {
                let is_wrong = |subschema: &&Schema| !self.selector.is_constant(subschema, id);
                if selected.iter().any(is_wrong) {
                    self.report_constants(id, schemas, schemas);
                } else if instance.kind == ValueKind::Number {
                    self.check_number(&instance, schemas, &selected);
                } else if instance.kind == ValueKind::String {
                    self.check_string(id);
                }
            }
        }
        if let Mode::Leaves(within) = self.mode
            && tape.contains(within, id)
            && tape.after(id) == id.next()
        {
            let path = self.path();
            let schemas = schemas.to_vec();
            self.report.leaves.push(Leaf { id, path, schemas });
        }
    }

    /// Whether the value is valid by a quick look: a string, boolean, null or short number of one plain schema.
    fn is_plain(&mut self, id: NodeId, schemas: &[SchemaId]) -> bool {
        let (Mode::Structure, [schema]) = (self.mode, schemas) else {
            return false;
        };
        let schema = self.selector.schema.schema(*schema);
        if !schema.is_self_contained() {
            return false;
        }
        let text = self.selector.tape.text(id);
        match self.selector.tape.kind(id) {
            ValueKind::String => schema.types.intersects(Types::STRING) && !text.contains('\\'),
            ValueKind::Boolean => schema.types.intersects(Types::BOOLEAN),
            ValueKind::Null => schema.types.intersects(Types::NULL),
            ValueKind::Number if schema.types.intersects(Types::NUMBER) => {
                schema.format() != Some("float")
            }
            ValueKind::Number => {
                // JavaScript writes `1`, other languages write `1.0`.
                let digits = text.strip_suffix(".0").unwrap_or(text);
                let is_plain = schema.types.intersects(Types::INTEGER)
                    && digits.len() <= schema.safe_digits
                    && digits.bytes().all(|byte| byte.is_ascii_digit());
                if is_plain && digits.len() < text.len() {
                    self.rewrite(id, digits);
                }
                is_plain
            }
            ValueKind::Array | ValueKind::Object => false,
        }
    }

    fn check_object(&mut self, instance: &Instance<'j>, selection: &Selection) {
        let ids = &selection.schemas;
        let Selector { tape, schema } = self.selector;
        let schemas: Vec<(SchemaId, &Schema)> =
            ids.iter().map(|id| (*id, schema.schema(*id))).collect();
        let mut missing: Vec<&'static str> = Vec::new();
        for name in schemas
            .iter()
            .flat_map(|(_, subschema)| &subschema.required)
        {
            if instance.member(name).is_none() && !missing.contains(name) {
                missing.push(name);
                let member = schema.members(ids, name);
                let add = Fix::Add(instance.id, (*name).to_owned(), member);
                self.within(Segment::Missing(name), |checker| {
                    checker.report_refused("is required".to_owned(), vec![add]);
                });
            }
        }
        let mut structs = schemas
            .iter()
            .filter(|(_, subschema)| !subschema.properties.is_empty())
            .peekable();
        // Without a tag, the variant and its members are unknown.
        let is_closed = selection.untagged.is_none()
            && structs.peek().is_some()
            && structs.all(|(_, subschema)| subschema.additional == Additional::Denied);
        // The names of map entries. `instance` has those of properties.
        let mut names: HashSet<Cow<'j, str>> = HashSet::new();
        for (name, value) in tape.members(instance.id) {
            let text = tape.string(name);
            let (only, mut all);
            let members: &[SchemaId] = if let [(id, subschema)] = &schemas[..] {
                only = subschema.member(*id, &text);
                only.as_slice()
            } else {
                let known = schemas
                    .iter()
                    .filter_map(|(id, subschema)| subschema.member(*id, &text));
                all = known.collect::<Vec<_>>();
                all.dedup();
                &all
            };
            let is_property = schemas
                .iter()
                .any(|(_, subschema)| subschema.properties.contains_key(&*text));
            let is_twice = if is_property {
                instance.member(&text).is_some_and(|first| first != value)
            } else {
                !members.is_empty() && !names.insert(text.clone())
            };
            self.within(Segment::Name(name), |checker| {
                if is_twice {
                    checker.report_error(
                        "is given more than once".to_owned(),
                        vec![Fix::Remove(value)],
                        is_property,
                    );
                } else if members.is_empty() && is_closed {
                    checker.report_refused("is not known".to_owned(), vec![Fix::Remove(value)]);
                } else {
                    checker.check_value(value, members);
                }
            });
            if text.contains('\0') && !members.is_empty() {
                self.report_accepted("must not have names with U+0000".to_owned(), Vec::new());
            }
        }
    }

    fn check_array(&mut self, instance: &Instance<'j>, schemas: &[SchemaId], ids: &[SchemaId]) {
        let Selector { tape, schema } = self.selector;
        let selected = || ids.iter().map(|id| schema.schema(*id));
        let count = tape.elements(instance.id).count();
        if let Some(tuple) = selected()
            .map(|subschema| &subschema.tuple)
            .find(|tuple| !tuple.is_empty())
            && tuple.len() != count
        {
            let replace = Fix::Replace(instance.id, schemas.to_vec());
            return self
                .report_refused(format!("must have {} elements", tuple.len()), vec![replace]);
        }
        let mut lists = selected()
            .filter(|subschema| subschema.items.is_some())
            .peekable();
        if lists.peek().is_some() && lists.all(|subschema| subschema.has_flag("uniqueItems")) {
            let mut known = HashSet::new();
            let mut elements = tape.elements(instance.id);
            if !elements.all(|element| known.insert((tape.kind(element), self.canonical(element))))
            {
                self.report_accepted("must not have duplicate elements".to_owned(), Vec::new());
            }
        }
        let is_tuple = selected().any(|subschema| !subschema.tuple.is_empty());
        let mut elements = schema.elements(ids, 0);
        for (index, element) in tape.elements(instance.id).enumerate() {
            if is_tuple {
                elements = schema.elements(ids, index);
            }
            if elements.is_empty() {
                break;
            }
            self.within(Segment::Index(index), |checker| {
                checker.check_value(element, &elements);
            });
        }
    }

    fn check_number(
        &mut self,
        instance: &Instance<'j>,
        schemas: &[SchemaId],
        selected: &[&Schema],
    ) {
        let types = self.selector.schema.types(schemas);
        let mut numbers = selected
            .iter()
            .filter(|subschema| {
                subschema.types != Types::ANY && subschema.types.intersects(Types::NUMBER)
            })
            .peekable();
        let is_single = numbers.peek().is_some()
            && numbers.all(|subschema| subschema.format() == Some("float"));
        if is_single && is_infinite(instance.text) {
            let replace = Fix::Replace(instance.id, schemas.to_vec());
            return self.report_accepted("must be a number in range".to_owned(), vec![replace]);
        }
        if types.intersects(Types::NUMBER) {
            return;
        }
        let Some(integer) = &instance.integer else {
            return;
        };
        let ranges = selected
            .iter()
            .filter_map(|subschema| IntegerRange::of_format(subschema.format()?));
        let ranges: Vec<IntegerRange> = ranges.collect();
        if let Some(first) = ranges.first()
            && !ranges.iter().any(|range| range.contains(integer))
        {
            let limit = |name: &str| {
                let numbers = selected
                    .iter()
                    .filter_map(|subschema| subschema.keyword(name));
                numbers
                    .filter(|limit| limit.is_number())
                    .map(Value::to_string)
                    .next()
            };
            let minimum = limit("minimum").unwrap_or_else(|| first.minimum.to_string());
            let maximum = limit("maximum").unwrap_or_else(|| first.maximum.to_string());
            let replace = Fix::Replace(instance.id, schemas.to_vec());
            self.report_refused(range(&minimum, &maximum), vec![replace]);
        } else if let Integer::Digits(digits) = integer
            && digits != instance.text
        {
            self.rewrite(instance.id, digits);
        }
    }

    /// Writes an integer anew. The calls come in text order.
    fn rewrite(&mut self, number: NodeId, digits: &str) {
        let all = self.selector.tape.json();
        let number = self.selector.tape.range(number);
        let rewritten = self.report.rewritten.get_or_insert_default();
        rewritten.push_str(&all[self.copied..number.start]);
        rewritten.push_str(digits);
        self.copied = number.end;
    }

    fn check_string(&mut self, id: NodeId) {
        let text = self.selector.tape.string(id);
        if text.contains('\0') && id >= self.nul_allowed_before {
            let rest = Value::String(text.replace('\0', ""));
            self.report_accepted(
                "must not contain U+0000".to_owned(),
                vec![Fix::Write(id, rest.to_string())],
            );
        }
    }

    /// Reports a value that is none of the constants.
    fn report_constants(&mut self, id: NodeId, schemas: &[SchemaId], alternatives: &[SchemaId]) {
        let constants = constants(self.selector.schema, alternatives);
        let replace = Fix::Replace(id, schemas.to_vec());
        self.report_refused(must_be_one_of(&constants), vec![replace]);
    }

    /// Reports a value that matches no variant.
    fn report_variant(
        &mut self,
        instance: &Instance<'j>,
        schemas: &[SchemaId],
        selected: &[&Schema],
        alternatives: &[SchemaId],
    ) {
        if instance.kind != ValueKind::Object {
            return self.report_constants(instance.id, schemas, alternatives);
        }
        let variants = Variants::of(self.selector.schema, alternatives);
        // A struct with a flattened enum has further members, which must stay.
        let is_flattened = selected
            .iter()
            .any(|subschema| !subschema.properties.is_empty());
        let fixes = if is_flattened {
            variants.fixes_to_first(instance, selected)
        } else {
            vec![Fix::Replace(instance.id, schemas.to_vec())]
        };
        match variants.tag(instance) {
            Some((name, Some(value))) => {
                let detail = must_be_one_of(&variants.tag_values(name));
                let name = value.name();
                self.within(Segment::Name(name), |checker| {
                    checker.report_refused(detail, fixes);
                });
            }
            Some((name, None)) => self.within(Segment::Missing(name), |checker| {
                checker.report_refused("is required".to_owned(), fixes);
            }),
            None => self.report_refused(must_have_one_of(&variants.external_tags()), fixes),
        }
    }

    /// The form in which elements of a set are compared: strings unescaped, other values as written.
    fn canonical(&self, id: NodeId) -> Cow<'j, str> {
        let tape = self.selector.tape;
        match tape.kind(id) {
            ValueKind::String => tape.string(id),
            _ => Cow::Borrowed(tape.text(id)),
        }
    }

    fn within(&mut self, segment: Segment, check: impl FnOnce(&mut Self)) {
        self.segments.push(segment);
        check(self);
        self.segments.pop();
    }

    fn path(&self) -> Path {
        let step = |segment: &Segment| match segment {
            Segment::Name(name) => Step::Member(self.selector.tape.string(*name).into_owned()),
            Segment::Missing(name) => Step::Member((*name).to_owned()),
            Segment::Index(index) => Step::Element(*index),
        };
        self.segments.iter().map(step).collect()
    }

    /// Reports a violation that serde refuses, too.
    fn report_refused(&mut self, detail: String, fixes: Vec<Fix>) {
        self.report_error(detail, fixes, true);
    }

    /// Reports a violation that serde accepts.
    fn report_accepted(&mut self, detail: String, fixes: Vec<Fix>) {
        self.report_error(detail, fixes, false);
    }

    fn report_error(&mut self, detail: String, fixes: Vec<Fix>, is_refused_by_serde: bool) {
        if self.report.diagnostics.len() < MAX_ERRORS {
            let error = ValidationError::new(self.path(), detail);
            self.report.diagnostics.push(Diagnostic {
                error,
                fixes,
                is_refused_by_serde,
            });
        }
    }
}

/// Whether the number overflows an `f32`.
#[expect(clippy::cast_possible_truncation, reason = "serde truncates, too")]
fn is_infinite(number: &str) -> bool {
    let number: f64 = serde_json::from_str(number).unwrap_or_default();
    (number as f32).is_infinite()
}

//! A body beside its schema: everything that has the wrong form, at its place.
//!
//! Each value is looked at once, whatever its type. What only the type itself can know (a date that is
//! none, a rule of the application's own) is found later, by reading it ([`super::repair`]).

pub(crate) mod diagnostic;
pub(crate) mod instance;
mod limits;
pub(crate) mod message;
mod select;
pub(crate) mod validation_error;
mod variants;

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::Value;

use crate::input::check::diagnostic::{Finding, Fix, MethodTable};
use crate::input::check::instance::Subject;
use crate::input::check::message::{must_be, must_be_one_of, must_have_one_of, range};
use crate::input::check::select::{Fitting, Selection};
use crate::input::check::validation_error::{Fault, MAX_FAULTS};
use crate::input::check::variants::{Variants, constants};
use crate::input::json_text::integers::{Bounds, Integer};
use crate::input::json_text::path::{Path, Step};
use crate::input::json_text::tape::{Kind, NodeId, Tape};
use crate::input::schema::input_schema::InputSchema;
use crate::input::schema::subschema::{Additional, Schema, SchemaId};
use crate::input::schema::types::Types;

/// Among more leaves none is looked for.
pub(crate) const MAX_LEAVES: usize = 256;

/// What is noted while a body is walked.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    /// What has the wrong form.
    Form,
    /// Leaves below this value: scalars and empty containers.
    Leaves(NodeId),
    /// What is too long, too short, too small or too large, where no value can be had that could be
    /// validated.
    Limits,
}

/// What was noted.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub(crate) findings: Vec<Finding>,
    /// The body with integers that were written as fractions written as such, if there are any.
    pub(crate) rewritten: Option<String>,
    pub(crate) leaves: Vec<MethodTable>,
}

/// Walks a body.
pub(crate) fn check(tape: &Tape<'_>, schema: &InputSchema, purpose: Purpose) -> Notes {
    let mut check = Check {
        fitting: Fitting { tape, schema },
        purpose,
        trail: Vec::new(),
        may_have_nul: NodeId::ROOT,
        notes: Notes::default(),
        copied: 0,
    };
    check.value(NodeId::ROOT, &[InputSchema::ROOT]);
    if let Some(rewritten) = &mut check.notes.rewritten {
        rewritten.push_str(&tape.json()[check.copied..]);
    }
    check.notes
}

#[derive(Debug, Clone, Copy)]
enum Crumb {
    Name(NodeId),
    Missing(&'static str),
    Index(usize),
}

struct Check<'a, 'j> {
    fitting: Fitting<'a, 'j>,
    purpose: Purpose,
    /// Where we are.
    trail: Vec<Crumb>,
    /// Values before this one may have U+0000.
    may_have_nul: NodeId,
    notes: Notes,
    /// How much of the text is written anew.
    copied: usize,
}

impl<'j> Check<'_, 'j> {
    fn value(&mut self, id: NodeId, schemas: &[SchemaId]) {
        // What no schema knows is ignored anyway.
        if schemas.is_empty()
            || self.notes.findings.len() >= MAX_FAULTS
            || self.notes.leaves.len() > MAX_LEAVES
            || self.is_plain(id, schemas)
        {
            return;
        }
        let Fitting { tape, schema } = self.fitting;
        let subject = Subject::new(tape, schema, id);
        let selection = match schemas {
            // Most have nothing to choose from.
            [one] if schema.schema(schema.resolve(*one)).is_alone() => {
                let one = schema.resolve(*one);
                let has_type = schema.schema(one).types.meets(subject.types());
                has_type.then(|| Selection::of(one))
            }
            several => {
                let fits = several.iter().map(|one| self.fitting.fit(&subject, *one));
                let has_type = fits.max().is_some_and(|fit| fit.has_type);
                has_type.then(|| self.fitting.select(&subject, several))
            }
        };
        let Some(selection) = selection else {
            let types = schema.types(schemas);
            let replace = Fix::Replace(id, schemas.to_vec());
            // Serde takes an array for a struct.
            let may_be_taken = subject.kind == Kind::Array && types.meets(Types::OBJECT);
            return self.finding(must_be(&types.names()), vec![replace], !may_be_taken);
        };
        let selected = selection.schemas.iter().map(|id| schema.schema(*id));
        let selected: Vec<&Schema> = selected.collect();
        // A bulk reads each of its items by itself.
        if selected.iter().any(|one| one.says("x-read-one-by-one")) {
            return;
        }
        if selected.iter().any(|one| one.says("x-allow-nul")) {
            self.may_have_nul = self.may_have_nul.max(tape.after(id));
        }
        if let Some(alternatives) = &selection.untagged {
            self.variant(&subject, schemas, &selected, alternatives);
        }
        if let Purpose::Limits = self.purpose {
            self.limits(&subject, &selected);
        }
        match subject.kind {
            Kind::Object => self.object(&subject, &selection),
            Kind::Array => self.array(&subject, schemas, &selection.schemas),
            _ => {
                let is_wrong = |one: &&Schema| !self.fitting.is_constant(one, id);
                if selected.iter().any(is_wrong) {
                    self.constant(id, schemas, schemas);
                } else if subject.kind == Kind::Number {
                    self.number(&subject, schemas, &selected);
                } else if subject.kind == Kind::String {
                    self.string(id);
                }
            }
        }
        if let Purpose::Leaves(within) = self.purpose
            && tape.contains(within, id)
            && tape.after(id) == id.next()
        {
            let path = self.path();
            let schemas = schemas.to_vec();
            self.notes.leaves.push(MethodTable { id, path, schemas });
        }
    }

    /// Most values are texts and short integers of one plain schema.
    fn is_plain(&mut self, id: NodeId, schemas: &[SchemaId]) -> bool {
        let (Purpose::Form, [schema]) = (self.purpose, schemas) else {
            return false;
        };
        let schema = self.fitting.schema.schema(*schema);
        if !schema.is_alone() {
            return false;
        }
        let text = self.fitting.tape.text(id);
        match self.fitting.tape.kind(id) {
            Kind::String => schema.types.meets(Types::STRING) && !text.contains('\\'),
            Kind::Boolean => schema.types.meets(Types::BOOLEAN),
            Kind::Null => schema.types.meets(Types::NULL),
            Kind::Number if schema.types.meets(Types::NUMBER) => schema.format() != Some("float"),
            Kind::Number => {
                // JavaScript writes `1`, other languages write `1.0`.
                let digits = text.strip_suffix(".0").unwrap_or(text);
                let is_plain = schema.types.meets(Types::INTEGER)
                    && digits.len() <= schema.safe_digits
                    && digits.bytes().all(|byte| byte.is_ascii_digit());
                if is_plain && digits.len() < text.len() {
                    self.rewrite(id, digits);
                }
                is_plain
            }
            Kind::Array | Kind::Object => false,
        }
    }

    fn object(&mut self, subject: &Subject<'j>, selection: &Selection) {
        let ids = &selection.schemas;
        let Fitting { tape, schema } = self.fitting;
        let schemas: Vec<(SchemaId, &Schema)> =
            ids.iter().map(|id| (*id, schema.schema(*id))).collect();
        let mut missing: Vec<&'static str> = Vec::new();
        for name in schemas.iter().flat_map(|(_, one)| &one.required) {
            if subject.member(name).is_none() && !missing.contains(name) {
                missing.push(name);
                let member = schema.members(ids, name);
                let add = Fix::Add(subject.id, (*name).to_owned(), member);
                self.within(Crumb::Missing(name), |check| {
                    check.refused("is required".to_owned(), vec![add]);
                });
            }
        }
        let mut structs = schemas
            .iter()
            .filter(|(_, one)| !one.properties.is_empty())
            .peekable();
        // Of which variant its members are is not known without a tag.
        let is_closed = selection.untagged.is_none()
            && structs.peek().is_some()
            && structs.all(|(_, one)| one.additional == Additional::Denied);
        // Of a map or anything; structs have few names, which `subject` has.
        let mut names: HashSet<Cow<'j, str>> = HashSet::new();
        for (name, value) in tape.members(subject.id) {
            let text = tape.string(name);
            let (only, mut all);
            let members: &[SchemaId] = if let [(id, one)] = &schemas[..] {
                only = one.member(*id, &text);
                only.as_slice()
            } else {
                let known = schemas
                    .iter()
                    .filter_map(|(id, one)| one.member(*id, &text));
                all = known.collect::<Vec<_>>();
                all.dedup();
                &all
            };
            let is_property = schemas
                .iter()
                .any(|(_, one)| one.properties.contains_key(&*text));
            let is_twice = if is_property {
                subject.member(&text).is_some_and(|first| first != value)
            } else {
                !members.is_empty() && !names.insert(text.clone())
            };
            self.within(Crumb::Name(name), |check| {
                if is_twice {
                    check.finding(
                        "is given more than once".to_owned(),
                        vec![Fix::Remove(value)],
                        is_property,
                    );
                } else if members.is_empty() && is_closed {
                    check.refused("is not known".to_owned(), vec![Fix::Remove(value)]);
                } else {
                    check.value(value, members);
                }
            });
            if text.contains('\0') && !members.is_empty() {
                self.taken("must not have names with U+0000".to_owned(), Vec::new());
            }
        }
    }

    fn array(&mut self, subject: &Subject<'j>, schemas: &[SchemaId], ids: &[SchemaId]) {
        let Fitting { tape, schema } = self.fitting;
        let selected = || ids.iter().map(|id| schema.schema(*id));
        let count = tape.elements(subject.id).count();
        if let Some(tuple) = selected()
            .map(|one| &one.tuple)
            .find(|tuple| !tuple.is_empty())
            && tuple.len() != count
        {
            let replace = Fix::Replace(subject.id, schemas.to_vec());
            return self.refused(format!("must have {} elements", tuple.len()), vec![replace]);
        }
        let mut lists = selected().filter(|one| one.items.is_some()).peekable();
        if lists.peek().is_some() && lists.all(|one| one.says("uniqueItems")) {
            let mut known = HashSet::new();
            let mut elements = tape.elements(subject.id);
            if !elements.all(|one| known.insert((tape.kind(one), self.canonical(one)))) {
                self.taken("must not have anything twice".to_owned(), Vec::new());
            }
        }
        let is_tuple = selected().any(|one| !one.tuple.is_empty());
        let mut elements = schema.elements(ids, 0);
        for (index, element) in tape.elements(subject.id).enumerate() {
            if is_tuple {
                elements = schema.elements(ids, index);
            }
            if elements.is_empty() {
                break;
            }
            self.within(Crumb::Index(index), |check| check.value(element, &elements));
        }
    }

    fn number(&mut self, subject: &Subject<'j>, schemas: &[SchemaId], selected: &[&Schema]) {
        let types = self.fitting.schema.types(schemas);
        let mut numbers = selected
            .iter()
            .filter(|one| one.types != Types::ANY && one.types.meets(Types::NUMBER))
            .peekable();
        let is_single =
            numbers.peek().is_some() && numbers.all(|one| one.format() == Some("float"));
        if is_single && is_infinite(subject.text) {
            let replace = Fix::Replace(subject.id, schemas.to_vec());
            return self.taken("must be a number in range".to_owned(), vec![replace]);
        }
        if types.meets(Types::NUMBER) {
            return;
        }
        let Some(integer) = &subject.integer else {
            return;
        };
        let bounds = selected.iter().filter_map(|one| Bounds::of(one.format()?));
        let bounds: Vec<Bounds> = bounds.collect();
        if let Some(first) = bounds.first()
            && !bounds.iter().any(|bounds| bounds.hold(integer))
        {
            let limit = |name: &str| {
                let numbers = selected.iter().filter_map(|one| one.keyword(name));
                numbers
                    .filter(|limit| limit.is_number())
                    .map(Value::to_string)
                    .next()
            };
            let minimum = limit("minimum").unwrap_or_else(|| first.minimum.to_string());
            let maximum = limit("maximum").unwrap_or_else(|| first.maximum.to_string());
            let replace = Fix::Replace(subject.id, schemas.to_vec());
            self.refused(range(&minimum, &maximum), vec![replace]);
        } else if let Integer::Digits(digits) = integer
            && digits != subject.text
        {
            self.rewrite(subject.id, digits);
        }
    }

    /// Values come in the order of the text.
    fn rewrite(&mut self, number: NodeId, digits: &str) {
        let all = self.fitting.tape.json();
        let number = self.fitting.tape.range(number);
        let rewritten = self.notes.rewritten.get_or_insert_default();
        rewritten.push_str(&all[self.copied..number.start]);
        rewritten.push_str(digits);
        self.copied = number.end;
    }

    fn string(&mut self, id: NodeId) {
        let text = self.fitting.tape.string(id);
        if text.contains('\0') && id >= self.may_have_nul {
            let rest = Value::String(text.replace('\0', ""));
            self.taken(
                "must not contain U+0000".to_owned(),
                vec![Fix::Write(id, rest.to_string())],
            );
        }
    }

    /// None of the constants.
    fn constant(&mut self, id: NodeId, schemas: &[SchemaId], alternatives: &[SchemaId]) {
        let constants = constants(self.fitting.schema, alternatives);
        let replace = Fix::Replace(id, schemas.to_vec());
        self.refused(must_be_one_of(&constants), vec![replace]);
    }

    /// None of the variants.
    fn variant(
        &mut self,
        subject: &Subject<'j>,
        schemas: &[SchemaId],
        selected: &[&Schema],
        alternatives: &[SchemaId],
    ) {
        if subject.kind != Kind::Object {
            return self.constant(subject.id, schemas, alternatives);
        }
        let variants = Variants::of(self.fitting.schema, alternatives);
        // The rest of a struct that an enum is flattened into is read all the same.
        let is_flattened = selected.iter().any(|one| !one.properties.is_empty());
        let fixes = if is_flattened {
            variants.members_of_first(subject, selected)
        } else {
            vec![Fix::Replace(subject.id, schemas.to_vec())]
        };
        match variants.tag(subject) {
            Some((name, Some(value))) => {
                let detail = must_be_one_of(&variants.values_of(name));
                let name = value.name();
                self.within(Crumb::Name(name), |check| check.refused(detail, fixes));
            }
            Some((name, None)) => self.within(Crumb::Missing(name), |check| {
                check.refused("is required".to_owned(), fixes);
            }),
            None => self.refused(must_have_one_of(&variants.names()), fixes),
        }
    }

    /// A value as it is compared with others of a set: strings by what they mean, the rest as written.
    fn canonical(&self, id: NodeId) -> Cow<'j, str> {
        let tape = self.fitting.tape;
        match tape.kind(id) {
            Kind::String => tape.string(id),
            _ => Cow::Borrowed(tape.text(id)),
        }
    }

    fn within(&mut self, crumb: Crumb, look: impl FnOnce(&mut Self)) {
        self.trail.push(crumb);
        look(self);
        self.trail.pop();
    }

    fn path(&self) -> Path {
        let step = |crumb: &Crumb| match crumb {
            Crumb::Name(name) => Step::Member(self.fitting.tape.string(*name).into_owned()),
            Crumb::Missing(name) => Step::Member((*name).to_owned()),
            Crumb::Index(index) => Step::Element(*index),
        };
        self.trail.iter().map(step).collect()
    }

    /// Serde refuses it, too.
    fn refused(&mut self, detail: String, fixes: Vec<Fix>) {
        self.finding(detail, fixes, true);
    }

    /// Serde takes it without a word.
    fn taken(&mut self, detail: String, fixes: Vec<Fix>) {
        self.finding(detail, fixes, false);
    }

    fn finding(&mut self, detail: String, fixes: Vec<Fix>, is_refused_by_serde: bool) {
        if self.notes.findings.len() < MAX_FAULTS {
            let fault = Fault::new(self.path(), detail);
            self.notes.findings.push(Finding {
                fault,
                fixes,
                is_refused_by_serde,
            });
        }
    }
}

/// Is it too large for an `f32`?
#[expect(clippy::cast_possible_truncation, reason = "so does serde")]
fn is_infinite(number: &str) -> bool {
    let number: f64 = serde_json::from_str(number).unwrap_or_default();
    (number as f32).is_infinite()
}

//! All errors at once: repair and retry.
//!
//! Serde stops at the first error. So whatever a body's form shows to be wrong ([`super::check`]) is
//! replaced by something plausible, and the type is read. What it refuses then is noted at its place,
//! replaced, and the type read again, until it is taken; then its rules run, and what they find outside of
//! the replaced places is noted, too. Nobody has to derive anything more than `Deserialize` for this, and
//! only bad requests pay for it: as much as [`super::budget`] allows.

mod bisect;
pub(crate) mod budget;
mod edits;
mod placeholder;
mod query_deserializer;
mod serde_error;

use std::collections::{BTreeMap, BTreeSet};

use serde::de::{DeserializeOwned, Deserializer};
use serde_json::Value;
use serde_path_to_error::Segment;

use crate::error::Error;
use crate::error::field_error::FieldError;
use crate::input::bounds::Readable;
use crate::input::check::diagnostic::{Finding, Fix};
use crate::input::check::validation_error::{Fault, MAX_FAULTS, each_once};
use crate::input::check::{Purpose, check};
use crate::input::garde_report::broken_rules;
use crate::input::json_text::path::{Path, Step};
use crate::input::json_text::scan::syntax;
use crate::input::json_text::tape::{NodeId, Tape};
use crate::input::repair::budget::{Budget, spend};
use crate::input::repair::edits::{Edits, Place, Target};
use crate::input::repair::placeholder::Guesses;
use crate::input::repair::query_deserializer::Text;
use crate::input::repair::serde_error::{Explanation, explain};
use crate::input::schema::input_schema::InputSchema;
use crate::input::schema::subschema::SchemaId;

/// Why a body was not read.
pub(crate) enum Unread {
    /// Everything that is wrong.
    Wrong(Error),
    /// Integers were written as fractions: this is the same body with integers.
    Rewritten(String),
}

/// Reads a body that failed, or that serde takes otherwise than we do.
pub(crate) fn read_body<T: Readable>(json: &[u8]) -> Result<T, Unread> {
    let tape = Tape::new(json).map_err(|error| Unread::Wrong(syntax(json, &error)))?;
    let schema = InputSchema::of::<T>();
    let notes = check(&tape, schema, Purpose::Form);
    let attempt = |json: &str| attempt::<T, _>(&mut serde_json::Deserializer::from_str(json));
    if let Some(rewritten) = notes.rewritten {
        return Err(Unread::Rewritten(rewritten));
    }
    let mut reader = Reader::new(&tape, schema, Source::Body, attempt);
    notes
        .findings
        .into_iter()
        .for_each(|finding| reader.note(finding));
    reader
        .read()
        .map_err(|faults| Error::invalid_input(faults.into_iter().map(Fault::in_body)))
        .map_err(Unread::Wrong)
}

/// The parameters of a query string, as an object of strings; those called `undecodable` had
/// values that are no text.
pub(crate) fn read_text<T: Readable>(
    document: &Value,
    undecodable: Vec<String>,
) -> Result<T, Vec<FieldError>> {
    let schema = InputSchema::of::<T>();
    let with_nul = parameters_with_nul(document, schema);
    if undecodable.is_empty()
        && with_nul.is_empty()
        && let Ok(value) = T::deserialize(Text::new(document, schema))
        && value.validate().is_ok()
    {
        return Ok(value);
    }
    let json = document.to_string();
    let _budget = Budget::of_body(json.len());
    let Ok(tape) = Tape::new(json.as_bytes()) else {
        return Err(Vec::new());
    };
    let attempt = |json: &str| {
        let document: Value = serde_json::from_str(json).unwrap_or_default();
        attempt::<T, _>(Text::new(&document, schema))
    };
    let mut reader = Reader::new(&tape, schema, Source::Query, attempt);
    for name in undecodable {
        reader.note_parameter(name, "is not UTF-8");
    }
    for name in with_nul {
        reader.note_parameter(name, "must not contain U+0000");
    }
    reader.read().map_err(|faults| {
        let mut errors: Vec<_> = faults.into_iter().map(Fault::in_query).collect();
        // Two elements of a list may be wrong alike.
        errors.dedup();
        errors
    })
}

/// The names of parameters with U+0000 in their values, where it is not allowed.
fn parameters_with_nul(document: &Value, schema: &InputSchema) -> Vec<String> {
    let has_nul = |value: &Value| value.as_str().is_some_and(|text| text.contains('\0'));
    let parameters = document.as_object().into_iter().flatten();
    let with_nul = parameters.filter(|(name, value)| {
        let mut values = value.as_array().into_iter().flatten();
        (has_nul(value) || values.any(has_nul)) && !schema.may_have_nul(name)
    });
    with_nul.map(|(name, _)| name.clone()).collect()
}

/// Why a type was not read: the place as serde knows it, and its words.
type Failure = (Path, String);

fn attempt<'de, T: DeserializeOwned, D: Deserializer<'de>>(deserializer: D) -> Result<T, Failure>
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
        // serde_json adds where it stopped; the path says it better.
        let text = text.split(" at line ").next().unwrap_or_default();
        (steps.collect(), text.to_owned())
    })
}

/// A finding, and what was changed because of it.
struct Noted {
    fault: Fault,
    targets: Vec<Target>,
    is_refused_by_serde: bool,
}

/// What is read: in a query everything is a string, whatever its type.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Body,
    Query,
}

/// Reads a body again and again.
struct Reader<'a, 'j, F> {
    tape: &'a Tape<'j>,
    schema: &'static InputSchema,
    source: Source,
    attempt: F,
    /// Of an attempt, in bytes that are read.
    cost: usize,
    noted: Vec<Noted>,
    edits: Edits,
    /// Places with placeholders, and the schemas that hold there.
    placed: BTreeMap<Target, Vec<SchemaId>>,
    guesses: Guesses,
}

impl<'a, 'j, T: Readable, F: Fn(&str) -> Result<T, Failure>> Reader<'a, 'j, F> {
    fn new(tape: &'a Tape<'j>, schema: &'static InputSchema, source: Source, attempt: F) -> Self {
        Self {
            tape,
            schema,
            source,
            attempt,
            cost: schema.cost(tape.json().len(), tape.depth()),
            noted: Vec::new(),
            edits: Edits::default(),
            placed: BTreeMap::new(),
            guesses: Guesses::default(),
        }
    }

    fn read(mut self) -> Result<T, Vec<Fault>> {
        loop {
            // At least one fault is named, whatever it costs.
            let result = if self.noted.is_empty() {
                Some(self.attempt_now(&self.edits))
            } else {
                self.attempt(&self.edits)
            };
            let failure = match result {
                Some(Ok(value)) => return self.judge(value),
                Some(Err(failure)) if self.noted.len() < MAX_FAULTS => failure,
                _ => break,
            };
            if !self.repair(&failure) {
                break;
            }
        }
        // No value can be had that could be validated; the schema knows most rules, too.
        let limits = check(self.tape, self.schema, Purpose::Limits).findings;
        let limits = limits.into_iter().map(|finding| finding.fault);
        let limits: Vec<Fault> = limits
            .filter(|fault| !self.is_changed(&fault.path))
            .collect();
        Err(self.faults(limits))
    }

    fn attempt_now(&self, edits: &Edits) -> Result<T, Failure> {
        (self.attempt)(&edits.render(self.tape))
    }

    /// `None` when the budget is spent.
    fn attempt(&self, edits: &Edits) -> Option<Result<T, Failure>> {
        spend(self.cost).then(|| self.attempt_now(edits))
    }

    /// The rules run on the repaired value; what lies in changed places says nothing.
    fn judge(mut self, value: T) -> Result<T, Vec<Fault>> {
        if self.withdraw_untrue() {
            return self.read();
        }
        let mut broken = match value.validate() {
            Ok(()) => Vec::new(),
            Err(report) => broken_rules(&report, self.tape, self.schema),
        };
        broken.retain(|fault| !self.is_changed(&fault.path));
        if broken.is_empty() && self.noted.is_empty() {
            return Ok(value);
        }
        Err(self.faults(broken))
    }

    /// A type may take more than its schema says: what is taken is no fault.
    fn withdraw_untrue(&mut self) -> bool {
        let mut untrue = Vec::new();
        for (index, noted) in self.noted.iter().enumerate() {
            if !noted.is_refused_by_serde || noted.targets.is_empty() {
                continue;
            }
            let mut edits = self.edits.clone();
            noted
                .targets
                .iter()
                .for_each(|target| edits.withdraw(target));
            match self.attempt(&edits) {
                Some(Ok(_)) => untrue.push(index),
                Some(Err(_)) => {}
                None => break,
            }
        }
        for index in untrue.iter().rev() {
            let noted = self.noted.remove(*index);
            for target in &noted.targets {
                self.edits.withdraw(target);
                self.placed.remove(target);
            }
        }
        !untrue.is_empty()
    }

    /// All that is wrong, nothing twice.
    fn faults(self, more: Vec<Fault>) -> Vec<Fault> {
        let noted = self.noted.into_iter().map(|noted| noted.fault);
        each_once(noted.chain(more))
    }

    /// Does a path lead into what is known to be wrong?
    fn is_changed(&self, path: &[Step]) -> bool {
        let is_within = |noted: &Noted| path.starts_with(&noted.fault.path);
        self.noted.iter().any(is_within)
            || matches!(self.edits.follow(self.tape, path), Place::Changed(target)
                if self.noted.iter().any(|noted| noted.targets.contains(&target)))
    }

    fn note(&mut self, finding: Finding) {
        finding.fixes.iter().for_each(|fix| self.apply(fix));
        self.noted.push(Noted {
            fault: finding.fault,
            targets: finding.fixes.into_iter().map(target).collect(),
            is_refused_by_serde: finding.is_refused_by_serde,
        });
    }

    /// Notes what reading has found.
    fn note_refused(&mut self, path: Path, detail: String, fix: Fix) {
        self.note(Finding {
            fault: Fault::new(path, detail),
            fixes: vec![fix],
            is_refused_by_serde: false,
        });
    }

    fn note_parameter(&mut self, name: String, detail: &str) {
        let members = self.schema.members(&[InputSchema::ROOT], &name);
        if members.is_empty() {
            return;
        }
        let root = NodeId::ROOT;
        let path = vec![Step::Member(name.clone())];
        let fix = match self.tape.child(root, &path[0]) {
            Some(value) => Fix::Replace(value, members),
            None => Fix::Add(root, name, members),
        };
        self.note_refused(path, detail.to_owned(), fix);
    }

    fn apply(&mut self, fix: &Fix) {
        let (target, json) = match fix {
            Fix::Remove(value) => (Target::Value(*value), None),
            Fix::Write(value, json) => (Target::Value(*value), Some(json.clone())),
            Fix::Replace(value, schemas) => return self.place(Target::Value(*value), schemas),
            Fix::Add(object, name, schemas) => {
                return self.place(Target::Member(*object, name.clone()), schemas);
            }
        };
        self.edits.set(target, json);
    }

    fn place(&mut self, target: Target, schemas: &[SchemaId]) {
        let placeholder = self.guesses.placeholder(self.schema, schemas);
        self.edits.set(target.clone(), Some(placeholder.json));
        self.placed.insert(target, schemas.to_vec());
    }

    /// Changes the body so that the failure does not come again.
    fn repair(&mut self, failure: &Failure) -> bool {
        match self.edits.follow(self.tape, &failure.0) {
            Place::Changed(target) => {
                let schemas = self.placed.get(&target).into_iter();
                let ids = self.guessed(&self.guesses, schemas);
                let is_new = self.guesses.advance(self.schema, &ids);
                self.edits = self.edits_with(&self.guesses);
                is_new
            }
            Place::At(id, path) => self.repair_at(id, path, failure),
        }
    }

    /// For which schemas something is guessed in placeholders for these.
    fn guessed<'i>(
        &self,
        guesses: &Guesses,
        places: impl Iterator<Item = &'i Vec<SchemaId>>,
    ) -> BTreeSet<SchemaId> {
        places
            .flat_map(|ids| guesses.placeholder(self.schema, ids).guessed)
            .collect()
    }

    fn edits_with(&self, guesses: &Guesses) -> Edits {
        let mut edits = self.edits.clone();
        for (target, schemas) in &self.placed {
            let placeholder = guesses.placeholder(self.schema, schemas);
            edits.set(target.clone(), Some(placeholder.json));
        }
        edits
    }

    fn repair_at(&mut self, id: NodeId, mut path: Path, failure: &Failure) -> bool {
        let schemas = self.schema.at(&path);
        let described = self.schema.described(&schemas);
        let (name, detail) = match explain(&failure.1, self.tape.kind(id), described) {
            Explanation::Here(detail) => return self.repair_here(id, path, detail, failure),
            Explanation::Missing(name) => {
                let members = self.schema.members(&schemas, &name);
                let member = Target::Member(id, name.clone());
                path.push(Step::Member(name.clone()));
                let is_new = !self.edits.has(&member);
                let add = Fix::Add(id, name, members);
                if is_new {
                    self.note_refused(path, "is required".to_owned(), add);
                }
                return is_new;
            }
            Explanation::Twice(name) => (name, "is given more than once"),
            Explanation::Unwanted(name) => (name, "is not known"),
        };
        // A member that we added, and that is there by another name.
        let added = Target::Member(id, name.clone());
        if self.edits.has(&added) {
            self.edits.withdraw(&added);
            self.placed.remove(&added);
            self.noted.retain(|noted| !noted.targets.contains(&added));
            return true;
        }
        let step = Step::Member(name);
        if path.last() == Some(&step) {
            // Some types tell of the member itself.
            self.note_refused(path, detail.to_owned(), Fix::Remove(id));
            return true;
        }
        let Some(value) = self.tape.child(id, &step) else {
            // In an enum or a flattened struct, serde does not know where.
            return self.note_last(path, detail);
        };
        // A member that was added may have chosen the variant that does not know this one.
        let is_added = |target: &Target| matches!(target, Target::Member(at, _) if *at == id);
        if self.placed.keys().any(is_added) {
            self.apply(&Fix::Remove(value));
            return true;
        }
        path.push(step);
        self.note_refused(path, detail.to_owned(), Fix::Remove(value));
        true
    }

    /// The last fault that is found.
    fn note_last(&mut self, path: Path, detail: &str) -> bool {
        self.noted.push(Noted {
            fault: Fault::new(path, detail),
            targets: Vec::new(),
            is_refused_by_serde: false,
        });
        false
    }
}

fn target(fix: Fix) -> Target {
    match fix {
        Fix::Replace(value, _) | Fix::Remove(value) | Fix::Write(value, _) => Target::Value(value),
        Fix::Add(object, name, _) => Target::Member(object, name),
    }
}

//! Finds every error of a body or a query: repairs the first error and reads again.
//!
//! Serde stops at the first error. So placeholders replace everything that [`check`] finds wrong, and the
//! type is read. If it refuses a value, the error is recorded, a placeholder replaces the value, and the
//! type is read again until it accepts the body. Then garde's rules run; their errors count outside of
//! the replaced values. This needs no derive besides `Deserialize`. Only invalid requests pay for it,
//! within [`budget`].

mod bisect;
pub(crate) mod budget;
mod edits;
mod placeholder;
mod query_deserializer;
mod serde_error;
mod state;

use serde_json::Value;

use crate::error::Error;
use crate::input::check::diagnostic::Fix;
use crate::input::check::validation_error::{MAX_ERRORS, ValidationError, distinct};
use crate::input::check::{Mode, check};
use crate::input::garde_report::rule_errors;
use crate::input::input_type::InputType;
use crate::input::json_text::path::{Path, Step};
use crate::input::json_text::scan::syntax_error;
use crate::input::json_text::tape::{NodeId, Tape};
use crate::input::parameters::Parameters;
use crate::input::repair::bisect::Cause;
use crate::input::repair::budget::Budget;
use crate::input::repair::edits::{EditTarget, Resolved};
use crate::input::repair::query_deserializer::QueryDeserializer;
use crate::input::repair::serde_error::{SerdeError, explain};
use crate::input::repair::state::{
    DeserializeError, InputSource, RecordedError, RepairState, deserialize,
};
use crate::input::schema::input_schema::InputSchema;

/// The reason why a body was not read.
pub(crate) enum ReadError {
    /// Everything that is wrong.
    Invalid(Error),
    /// Integers were written as fractions (`1.0`). This is the body with integers, to be read again.
    Rewritten(String),
}

/// Reads a body that serde refuses, or accepts although the schema forbids it.
pub(crate) fn read_body<T: InputType>(json: &[u8]) -> Result<T, ReadError> {
    let tape = Tape::new(json).map_err(|error| ReadError::Invalid(syntax_error(json, &error)))?;
    let schema = InputSchema::of::<T>();
    let report = check(&tape, schema, Mode::Structure);
    let read = |json: &str| deserialize::<T, _>(&mut serde_json::Deserializer::from_str(json));
    if let Some(rewritten) = report.rewritten {
        return Err(ReadError::Rewritten(rewritten));
    }
    let mut state = RepairState::new(&tape, schema, InputSource::Body, read);
    for diagnostic in report.diagnostics {
        state.record(diagnostic);
    }
    state
        .run()
        .map_err(|errors| Error::invalid_input(errors.into_iter().map(ValidationError::in_body)))
        .map_err(ReadError::Invalid)
}

/// Reads the parameters of a query or the fields of a form. Those in `repeated` are refused.
pub(crate) fn read_parameters<T: InputType>(
    parameters: &Parameters,
    repeated: &[String],
) -> Result<T, Vec<ValidationError>> {
    let schema = InputSchema::of::<T>();
    let Parameters {
        values,
        undecodable,
        ..
    } = parameters;
    let with_nul = parameters_with_nul(values, schema);
    if undecodable.is_empty()
        && repeated.is_empty()
        && with_nul.is_empty()
        && let Ok(value) = T::deserialize(QueryDeserializer::new(values, schema))
        && value.validate().is_ok()
    {
        return Ok(value);
    }
    let json = values.to_string();
    let _budget = Budget::for_body(json.len());
    let Ok(tape) = Tape::new(json.as_bytes()) else {
        return Err(Vec::new());
    };
    let read = |json: &str| {
        let parameters: Value = serde_json::from_str(json).unwrap_or_default();
        deserialize::<T, _>(QueryDeserializer::new(&parameters, schema))
    };
    let mut state = RepairState::new(&tape, schema, InputSource::Query, read);
    for name in undecodable {
        state.record_parameter(name, "is not UTF-8");
    }
    for name in &with_nul {
        state.record_parameter(name, "must not contain U+0000");
    }
    for name in repeated {
        state.record_parameter(name, "is given more than once");
    }
    state.run()
}

/// The names of parameters with a forbidden U+0000 in their values.
fn parameters_with_nul(parameters: &Value, schema: &InputSchema) -> Vec<String> {
    let has_nul = |value: &Value| value.as_str().is_some_and(|text| text.contains('\0'));
    let parameters = parameters.as_object().into_iter().flatten();
    let with_nul = parameters.filter(|(name, value)| {
        let mut values = value.as_array().into_iter().flatten();
        (has_nul(value) || values.any(has_nul)) && !schema.may_have_nul(name)
    });
    with_nul.map(|(name, _)| name.clone()).collect()
}

impl<T: InputType, F: Fn(&str) -> Result<T, DeserializeError>> RepairState<'_, '_, F> {
    /// Reads and repairs until the type accepts the body or no repair is left.
    fn run(mut self) -> Result<T, Vec<ValidationError>> {
        loop {
            // At least one error is named, whatever it costs.
            let result = if self.errors.is_empty() {
                Some(self.read_unmetered(&self.edits))
            } else {
                self.read(&self.edits)
            };
            let error = match result {
                Some(Ok(value)) => return self.finish(value),
                Some(Err(error)) if self.errors.len() < MAX_ERRORS => error,
                _ => break,
            };
            if !self.repair(&error) {
                break;
            }
        }
        // Without a value, garde cannot run. The schema has most limits, too.
        let diagnostics = check(self.tape, self.schema, Mode::Limits).diagnostics;
        let limits = diagnostics.into_iter().map(|diagnostic| diagnostic.error);
        let limits: Vec<ValidationError> = limits
            .filter(|error| !self.is_edited(&error.path))
            .collect();
        Err(self.into_errors(limits))
    }

    /// Runs garde's rules on the repaired value. Errors at edited values do not count.
    fn finish(mut self, value: T) -> Result<T, Vec<ValidationError>> {
        if self.drop_false_positives() {
            return self.run();
        }
        let mut errors = match value.validate() {
            Ok(()) => Vec::new(),
            Err(report) => rule_errors(&report, self.tape, self.schema),
        };
        errors.retain(|error| !self.is_edited(&error.path));
        if errors.is_empty() && self.errors.is_empty() {
            return Ok(value);
        }
        Err(self.into_errors(errors))
    }

    /// Drops errors whose values the type accepts, since a type may accept more than its schema.
    fn drop_false_positives(&mut self) -> bool {
        let mut accepted = Vec::new();
        for (index, recorded) in self.errors.iter().enumerate() {
            if !recorded.is_refused_by_serde || recorded.targets.is_empty() {
                continue;
            }
            let mut edits = self.edits.clone();
            for target in &recorded.targets {
                edits.revert(target);
            }
            match self.read(&edits) {
                Some(Ok(_)) => accepted.push(index),
                Some(Err(_)) => {}
                None => break,
            }
        }
        for index in accepted.iter().rev() {
            let recorded = self.errors.remove(*index);
            for target in &recorded.targets {
                self.revert(target);
            }
        }
        !accepted.is_empty()
    }

    /// All errors without duplicates.
    fn into_errors(self, more: Vec<ValidationError>) -> Vec<ValidationError> {
        let recorded = self.errors.into_iter().map(|recorded| recorded.error);
        distinct(recorded.chain(more))
    }

    fn record_parameter(&mut self, name: &str, detail: &str) {
        let members = self.schema.members(&[InputSchema::ROOT], name);
        if members.is_empty() {
            return;
        }
        let root = NodeId::ROOT;
        let path = vec![Step::Member(name.to_owned())];
        let fix = match self.tape.child(root, &path[0]) {
            Some(value) => Fix::Replace(value, members),
            None => Fix::Add(root, name.to_owned(), members),
        };
        self.record_refused(path, detail.to_owned(), fix);
    }

    /// Edits the body so that the error does not recur; false if that is impossible.
    fn repair(&mut self, error: &DeserializeError) -> bool {
        match self.edits.resolve(self.tape, &error.path) {
            Resolved::Edited(target) => {
                let schemas = self.placeholders.get(&target).into_iter();
                let ids = self.candidate_schemas(&self.factory, schemas);
                let is_new = self.factory.advance(self.schema, &ids);
                self.edits = self.edits_with(&self.factory);
                is_new
            }
            Resolved::At(id, path) => self.repair_at(id, path, error),
        }
    }

    fn repair_at(&mut self, id: NodeId, mut path: Path, error: &DeserializeError) -> bool {
        let schemas = self.schema.schemas_at(&path);
        let keywords = self.schema.type_keywords(&schemas);
        let (name, detail) = match explain(&error.text, self.tape.kind(id), keywords) {
            SerdeError::Invalid(detail) => return self.repair_value(id, path, detail, error),
            SerdeError::MissingField(name) => {
                let members = self.schema.members(&schemas, &name);
                let member = EditTarget::Member(id, name.clone());
                path.push(Step::Member(name.clone()));
                let is_new = !self.edits.contains(&member);
                let add = Fix::Add(id, name, members);
                if is_new {
                    self.record_refused(path, "is required".to_owned(), add);
                }
                return is_new;
            }
            SerdeError::DuplicateField(name) => (name, "is given more than once"),
            SerdeError::UnknownField(name) => (name, "is not known"),
        };
        // A repair added this member although the body has it under another name.
        let added = EditTarget::Member(id, name.clone());
        if self.edits.contains(&added) {
            self.revert(&added);
            self.errors
                .retain(|recorded| !recorded.targets.contains(&added));
            return true;
        }
        let step = Step::Member(name);
        if path.last() == Some(&step) {
            // Some types report the path of the member itself.
            self.record_refused(path, detail.to_owned(), Fix::Remove(id));
            return true;
        }
        let Some(value) = self.tape.child(id, &step) else {
            // In an enum or a flattened struct, serde has lost the position.
            return self.record_last(path, detail);
        };
        // An added member may have selected a variant that does not have this one.
        let is_added =
            |target: &EditTarget| matches!(target, EditTarget::Member(at, _) if *at == id);
        if self.placeholders.keys().any(is_added) {
            self.apply(&Fix::Remove(value));
            return true;
        }
        path.push(step);
        self.record_refused(path, detail.to_owned(), Fix::Remove(value));
        true
    }

    /// Records an error of a value or of something inside it.
    fn repair_value(
        &mut self,
        id: NodeId,
        path: Path,
        detail: String,
        error: &DeserializeError,
    ) -> bool {
        match self.find_cause(id, error) {
            Cause::Placeholder => {}
            Cause::Value => {
                let schemas = self.schema.schemas_at(&path);
                self.record_refused(path, detail, Fix::Replace(id, schemas));
            }
            Cause::Leaf(leaf) => {
                let keywords = self.schema.type_keywords(&leaf.schemas);
                let detail = match explain(&error.text, self.tape.kind(leaf.id), keywords) {
                    SerdeError::Invalid(detail) => detail,
                    _ => detail,
                };
                let replace = Fix::Replace(leaf.id, leaf.schemas);
                self.record_refused(leaf.path, detail, replace);
            }
        }
        true
    }

    /// Records an error that cannot be repaired, so that it is the last one.
    fn record_last(&mut self, path: Path, detail: &str) -> bool {
        self.errors.push(RecordedError {
            error: ValidationError::new(path, detail),
            targets: Vec::new(),
            is_refused_by_serde: false,
        });
        false
    }
}

//! All errors at once: repair and retry.
//!
//! Serde stops at the first error. So each error is noted at its place, a plausible value
//! from the type's schema is put there, and the type is tried again until it succeeds; then
//! its rules run, and what they find outside the repaired places is noted too. Nobody has to
//! derive anything more than `Deserialize` for this, and only bad requests pay for it.

use serde::de::{DeserializeOwned, Deserializer};
use serde_json::Value;
use serde_path_to_error::Segment;

use super::Readable;
use super::fault::{Fault, MAX_FAULTS, Path, Step, locate, put};
use super::message::{Finding, explain};
use super::misread::misread;
use super::rules::broken_rules;
use super::shape::Shape;
use super::strict::syntax;
use super::text::Text;
use crate::error::Error;
use crate::field_error::FieldError;

/// What all the tries together may read: a body over 80 KiB gets fewer of them, down to 8, so
/// that a large one full of faults is not a way to keep a processor busy.
const MAX_BYTES_READ: usize = 8 * 1024 * 1024;

/// What is wrong with JSON bytes that failed the happy path: every fault.
pub(super) fn faults_of<T: Readable>(bytes: &[u8]) -> Error {
    let document: Value = match serde_json::from_slice(bytes) {
        Ok(document) => document,
        Err(error) => return syntax(bytes, &error),
    };
    let most = (MAX_BYTES_READ / bytes.len().max(1)).clamp(8, MAX_FAULTS);
    let attempt_document = |value: &Value| attempt::<T, _>(value);
    let faults = match collect(
        document,
        Vec::new(),
        most,
        Shape::of::<T>(),
        attempt_document,
    ) {
        Err(faults) => faults,
        // A document has forgotten that a member was given twice; the bytes have not.
        Ok(_) => match attempt::<T, _>(&mut serde_json::Deserializer::from_slice(bytes)) {
            Err(failure) => vec![as_fault(failure)],
            Ok(_) => Vec::new(),
        },
    };
    Error::invalid_input(faults.into_iter().map(Fault::in_body))
}

/// Is there something in these bytes that serde would take without a word?
pub(super) fn is_misread<T: Readable>(bytes: &[u8]) -> bool {
    let Ok(mut document) = serde_json::from_slice(bytes) else {
        return false;
    };
    let mut faults = Vec::new();
    misread(&mut document, Shape::of::<T>(), &mut faults);
    !faults.is_empty()
}

/// The parameters of a query string, as an object of strings; those called `undecodable` had
/// values that are no text.
pub(super) fn read_text<T: Readable>(
    mut document: Value,
    undecodable: Vec<String>,
) -> Result<T, Vec<FieldError>> {
    let shape = Shape::of::<T>();
    let mut faults = Vec::new();
    for name in undecodable {
        let path = vec![Step::Member(name)];
        if let Some(schema) = shape.at(&path) {
            put(&mut document, &path, shape.plausible(schema));
            faults.push(Fault::new(path, "is not UTF-8"));
        }
    }
    let attempt = |value: &Value| attempt(Text(value));
    let outcome = collect(document, faults, MAX_FAULTS, shape, attempt);
    outcome.map_err(|faults| {
        let mut errors: Vec<_> = faults.into_iter().map(Fault::in_query).collect();
        // Two elements of a list may be wrong alike.
        errors.dedup();
        errors
    })
}

fn attempt<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, (Path, String)>
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

fn collect<T: Readable>(
    mut document: Value,
    mut faults: Vec<Fault>,
    most: usize,
    shape: &Shape,
    attempt: impl Fn(&Value) -> Result<T, (Path, String)>,
) -> Result<T, Vec<Fault>> {
    misread(&mut document, shape, &mut faults);
    loop {
        let (path, error) = match attempt(&document) {
            Ok(value) => return judge(value, shape, faults),
            Err(failure) => failure,
        };
        let fault = repair(&mut document, path, &error, shape);
        // Where our own plausible value is at fault, what was found so far is the answer.
        let stuck = is_repaired(&fault.path, &faults);
        if !stuck {
            faults.push(fault);
        }
        if stuck || faults.len() >= most {
            return Err(faults);
        }
    }
}

/// The rules run on the repaired value; what lies in repaired places says nothing.
fn judge<T: Readable>(value: T, shape: &Shape, mut faults: Vec<Fault>) -> Result<T, Vec<Fault>> {
    if let Err(report) = value.validate() {
        let mut broken = broken_rules(&report, shape);
        broken.retain(|fault| !is_repaired(&fault.path, &faults));
        faults.extend(broken);
    }
    if faults.is_empty() {
        Ok(value)
    } else {
        Err(faults)
    }
}

fn is_repaired(path: &Path, faults: &[Fault]) -> bool {
    faults.iter().any(|fault| path.starts_with(&fault.path))
}

/// Notes the error and puts something plausible in its place.
fn repair(document: &mut Value, mut path: Path, error: &str, shape: &Shape) -> Fault {
    // A step that is not in the document is a variant's name, which serde adds.
    while !path.is_empty() && locate(document, &path).is_none() {
        path.pop();
    }
    let found = locate(document, &path).map_or(&Value::Null, |value| &*value);
    let finding = explain(error, found, shape.at(&path));
    let is_unwanted = matches!(finding, Finding::Unwanted(_));
    let fault = fault(path, finding);
    if is_unwanted && let Some((Step::Member(name), parent)) = fault.path.split_last() {
        if let Some(Value::Object(members)) = locate(document, parent) {
            members.remove(name);
        }
    } else {
        let plausible = shape.at(&fault.path).map(|schema| shape.plausible(schema));
        put(document, &fault.path, plausible.unwrap_or_default());
    }
    fault
}

/// What an error says that cannot be repaired.
fn as_fault((path, error): (Path, String)) -> Fault {
    let finding = explain(&error, &Value::Null, None);
    fault(path, finding)
}

/// The finding at its place; serde sometimes names a member as part of the path, sometimes
/// in the text alone.
fn fault(mut path: Path, finding: Finding) -> Fault {
    let (name, detail) = match finding {
        Finding::Here(detail) => return Fault::new(path, detail),
        Finding::Member(name, detail) => (name, detail),
        Finding::Unwanted(name) => (name, "is not known".to_owned()),
    };
    let member = Step::Member(name);
    if path.last() != Some(&member) {
        path.push(member);
    }
    Fault::new(path, detail)
}

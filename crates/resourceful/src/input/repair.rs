//! All errors at once: repair and retry.
//!
//! Serde stops at the first error. So each error is noted at its place, a plausible value
//! from the type's schema is put there, and the type is tried again until it succeeds; then
//! its rules run, and what they find outside the repaired places is noted too. Nobody has to
//! derive anything more than `Deserialize` for this, and only bad requests pay for it.

use garde::Report;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer};
use serde_json::Value;
use serde_path_to_error::Segment;

use super::message::{Finding, explain};
use super::shape::{Shape, Step};
use super::strict::malformed;
use super::text::Text;
use super::{Readable, message};
use crate::error::{Error, Result};
use crate::field_error::FieldError;

/// More faults than these in one body help nobody, and each costs another try.
const MAX_FAULTS: usize = 100;

/// What all the tries together may read: a body over 80 KiB gets fewer of them, down to 8, so
/// that a large one full of faults is not a way to keep a processor busy.
const MAX_BYTES_READ: usize = 8 * 1024 * 1024;

type Path = Vec<Step>;

struct Fault {
    path: Path,
    detail: String,
}

/// JSON bytes that failed the happy path, or may have passed it wrongly.
pub(super) fn read_json<T: Readable>(bytes: &[u8]) -> Result<T> {
    let document: Value = serde_json::from_slice(bytes).map_err(|error| syntax(bytes, &error))?;
    let most = (MAX_BYTES_READ / bytes.len().max(1)).clamp(8, MAX_FAULTS);
    let outcome = collect(document, Vec::new(), most, Shape::of::<T>(), |value| {
        attempt::<T, _>(value)
    });
    // A document has forgotten that a member was given twice; the bytes have not.
    let again = || attempt(&mut serde_json::Deserializer::from_slice(bytes));
    let outcome = outcome.and_then(|_| again().map_err(|failure| vec![as_fault(failure)]));
    outcome.map_err(|faults| {
        let field = |fault: Fault| FieldError::body(pointer(&fault.path), fault.detail);
        Error::invalid(faults.into_iter().map(field))
    })
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
            faults.push(Fault {
                path,
                detail: "is not UTF-8".to_owned(),
            });
        }
    }
    let attempt = |value: &Value| attempt(Text(value));
    let outcome = collect(document, faults, MAX_FAULTS, shape, attempt);
    outcome.map_err(|faults| {
        let field = |fault: Fault| {
            let name = match fault.path.into_iter().next() {
                Some(Step::Member(name)) => name,
                _ => String::new(),
            };
            FieldError::query(name, fault.detail)
        };
        faults.into_iter().map(field).collect()
    })
}

/// What the rules found in a value that deserialised at once.
pub(super) fn failed_rules(report: &Report, shape: &Shape) -> Vec<FieldError> {
    let found = rule_faults(report, shape);
    found
        .into_iter()
        .map(|fault| FieldError::body(pointer(&fault.path), fault.detail))
        .collect()
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
    misread(
        &mut document,
        shape.root(),
        shape,
        &mut Vec::new(),
        &mut faults,
    );
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
        let mut broken = rule_faults(&report, shape);
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
        Finding::Here(detail) => return Fault { path, detail },
        Finding::Member(name, detail) => (name, detail),
        Finding::Unwanted(name) => (name, "is not known".to_owned()),
    };
    let member = Step::Member(name);
    if path.last() != Some(&member) {
        path.push(member);
    }
    Fault { path, detail }
}

fn locate<'d>(document: &'d mut Value, path: &[Step]) -> Option<&'d mut Value> {
    path.iter().try_fold(document, |value, step| match step {
        Step::Member(name) => value.get_mut(name),
        Step::Element(index) => value.get_mut(index),
    })
}

fn put(document: &mut Value, path: &[Step], value: Value) {
    match path.split_last() {
        None => *document = value,
        Some((Step::Member(name), parent)) => {
            if let Some(Value::Object(members)) = locate(document, parent) {
                members.insert(name.clone(), value);
            }
        }
        Some((Step::Element(_), _)) => {
            if let Some(place) = locate(document, path) {
                *place = value;
            }
        }
    }
}

/// What serde would take without a word: an array for a struct, U+0000 in a string.
fn misread(
    value: &mut Value,
    schema: &Value,
    shape: &Shape,
    path: &mut Path,
    faults: &mut Vec<Fault>,
) {
    if faults.len() >= MAX_FAULTS {
        return;
    }
    if value.is_array() && shape.allows(schema, "object") && !shape.allows(schema, "array") {
        faults.push(Fault {
            path: path.clone(),
            detail: message::must_be("object"),
        });
        *value = shape.plausible(schema);
        return;
    }
    match value {
        Value::String(text) if text.contains('\0') && schema.get("x-allow-nul").is_none() => {
            faults.push(Fault {
                path: path.clone(),
                detail: "must not contain U+0000".to_owned(),
            });
            text.retain(|character| character != '\0');
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter_mut().enumerate() {
                descend(element, Step::Element(index), schema, shape, path, faults);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                descend(
                    member,
                    Step::Member(name.clone()),
                    schema,
                    shape,
                    path,
                    faults,
                );
            }
        }
        _ => {}
    }
}

/// Only into what the schema knows: the rest is ignored anyway.
fn descend(
    value: &mut Value,
    step: Step,
    schema: &Value,
    shape: &Shape,
    path: &mut Path,
    faults: &mut Vec<Fault>,
) {
    if let Some(schema) = shape.child(schema, &step) {
        path.push(step);
        misread(value, schema, shape, path, faults);
        path.pop();
    }
}

fn rule_faults(report: &Report, shape: &Shape) -> Vec<Fault> {
    let fault = |(path, error): &(garde::Path, garde::Error)| Fault {
        path: rule_path(path, shape),
        detail: error.message().to_owned(),
    };
    report.iter().take(MAX_FAULTS).map(fault).collect()
}

/// garde's path in the names that the client uses.
///
/// garde knows a field by its Rust name, the client by the name that serde was given; the
/// schema has the latter, spelled in another case at most (`#[serde(rename_all)]`). A field
/// with a `#[serde(rename)]` of its own says so to garde too: `#[garde(rename = "..")]`.
fn rule_path(path: &garde::Path, shape: &Shape) -> Path {
    // Its serialised form, `[["key", "title"], ["index", "0"]]`, is what garde promises.
    let steps: Vec<(String, String)> = serde_json::to_value(path)
        .and_then(Vec::deserialize)
        .unwrap_or_default();
    let mut known = Path::new();
    for (kind, text) in steps {
        match kind.as_str() {
            "index" => known.push(Step::Element(text.parse().unwrap_or_default())),
            "key" => {
                let names = shape.at(&known).and_then(|schema| schema.get("properties"));
                let names = names.and_then(Value::as_object);
                let renamed = names.filter(|names| !names.contains_key(&text));
                let renamed = renamed
                    .and_then(|names| names.keys().find(|name| folded(name) == folded(&text)));
                known.push(Step::Member(renamed.cloned().unwrap_or(text)));
            }
            _ => {}
        }
    }
    known
}

/// `postCode`, `post-code` and `PostCode` are all `post_code`.
fn folded(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// RFC 6901.
fn pointer(path: &[Step]) -> String {
    path.iter().fold(String::new(), |pointer, step| match step {
        Step::Member(name) => pointer + "/" + &name.replace('~', "~0").replace('/', "~1"),
        Step::Element(index) => pointer + "/" + &index.to_string(),
    })
}

/// `serde_json` says where; what is wrong we say in our own words.
fn syntax(bytes: &[u8], error: &serde_json::Error) -> Error {
    let line_start = match error.line() {
        0 | 1 => 0,
        line => bytes
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == b'\n')
            .nth(line - 2)
            .map_or(0, |(at, _)| at + 1),
    };
    let at = (line_start + error.column())
        .saturating_sub(1)
        .min(bytes.len());
    if error.is_eof() {
        return malformed(bytes, bytes.len(), "it ends too early");
    }
    let rest = String::from_utf8_lossy(&bytes[at..bytes.len().min(at + 4)]);
    match rest
        .chars()
        .next()
        .filter(|character| !character.is_control())
    {
        Some(character) => malformed(bytes, at, &format!("unexpected `{character}`")),
        None => malformed(bytes, at, "unexpected control character"),
    }
}

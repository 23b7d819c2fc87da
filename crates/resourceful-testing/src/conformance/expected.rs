//! How a request must be answered.

use serde_json::Value;

use super::alteration::Alteration;
use super::document::Operation;
use super::exchange::Answer;
use super::finding::Complaint;
use super::session::Session;

pub(super) enum Expected<'e> {
    /// As one that is right; what it meets is the application's business.
    Accepted,
    /// As one in which these places are wrong.
    Refused(&'e [Alteration]),
    /// As one of an item that is not there.
    NotFound,
}

impl Expected<'_> {
    pub(super) fn complaint(&self, operation: &Operation, answer: &Answer) -> Option<Complaint> {
        match self {
            _ if Session::is_turned_away(operation, answer) => None,
            Self::Accepted => not_accepted(answer),
            Self::Refused(alterations) => not_refused(operation, alterations, answer),
            Self::NotFound => not_missing(answer),
        }
    }
}

fn not_accepted(answer: &Answer) -> Option<Complaint> {
    let is_refused = [400, 405, 413, 415].contains(&answer.status.as_u16());
    let is_refused = is_refused || answer.is_invalid_input;
    is_refused.then(|| {
        let advice = if answer.is_invalid_input {
            ": describe the rule in the schema, or check it in the hook"
        } else {
            ""
        };
        let message = format!(
            "the schema allows this request, but the answer is {}{advice}",
            said(answer)
        );
        Complaint::new("valid-request", answer.status.as_str(), message)
    })
}

fn not_refused(
    operation: &Operation,
    alterations: &[Alteration],
    answer: &Answer,
) -> Option<Complaint> {
    let places: Vec<_> = alterations
        .iter()
        .map(|one| format!("{} {}", one.name(), one.what))
        .collect();
    let places = places.join(" and ");
    let complaint = |message| Some(Complaint::new("broken-field", places.clone(), message));
    if answer.status == 400 && !operation.promises(422) {
        return None;
    }
    if answer.status != 422 {
        let message = format!(
            "{places}: expected 422 that names it, came {}",
            said(answer)
        );
        return complaint(message);
    }
    let problem = answer.json().unwrap_or_default();
    let errors = problem.get("errors").and_then(Value::as_array);
    let errors = errors.map_or(&[][..], Vec::as_slice);
    let is_unnamed = |one: &&Alteration| !errors.iter().any(|error| one.is_named_by(error));
    let unnamed = alterations.iter().find(is_unnamed)?;
    let named = Value::from(errors);
    complaint(format!(
        "{places}: expected an error of {}, came {named}",
        unnamed.name()
    ))
}

fn not_missing(answer: &Answer) -> Option<Complaint> {
    (answer.status != 404).then(|| {
        let message = format!(
            "expected 404 of an item that is not there, came {}",
            said(answer)
        );
        Complaint::new("unknown-id", "", message)
    })
}

/// Its status, and its problem's own words.
pub(super) fn said(answer: &Answer) -> String {
    let problem = answer.json().unwrap_or_default();
    let errors = problem.get("errors").map(Value::to_string);
    let detail = problem
        .get("detail")
        .and_then(Value::as_str)
        .map(str::to_owned);
    match errors.or(detail) {
        Some(words) if !answer.is_success() => format!("{}: {words}", answer.status),
        _ => answer.status.to_string(),
    }
}

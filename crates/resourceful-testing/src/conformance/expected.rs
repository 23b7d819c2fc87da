//! [`Expected`]: the required kind of response.

use serde_json::Value;

use super::exchange::TestResponse;
use super::finding::Violation;
use super::mutation::Mutation;
use super::operation::Operation;
use super::session::Session;

pub(super) enum Expected<'e> {
    /// The request is valid. The application may still refuse it by a rule of its own.
    Accepted,
    /// The request is invalid at these pointers.
    Refused(&'e [Mutation]),
    /// The item does not exist.
    NotFound,
}

impl Expected<'_> {
    pub(super) fn violation(
        &self,
        operation: &Operation,
        response: &TestResponse,
    ) -> Option<Violation> {
        match self {
            _ if Session::is_denied(operation, response) => None,
            Self::Accepted => accepted_violation(response),
            Self::Refused(mutations) => refused_violation(operation, mutations, response),
            Self::NotFound => not_found_violation(response),
        }
    }
}

fn accepted_violation(response: &TestResponse) -> Option<Violation> {
    let is_refused = [400, 405, 413, 415].contains(&response.status.as_u16());
    let is_refused = is_refused || response.is_invalid_input;
    is_refused.then(|| {
        let advice = if response.is_invalid_input {
            ": add the rule to the schema, or check it in the hook"
        } else {
            ""
        };
        let message = format!(
            "the schema allows this request, but the response is {}{advice}",
            summary(response)
        );
        Violation::new("valid-request", response.status.as_str(), message)
    })
}

fn refused_violation(
    operation: &Operation,
    mutations: &[Mutation],
    response: &TestResponse,
) -> Option<Violation> {
    let names: Vec<_> = mutations
        .iter()
        .map(|mutation| format!("{} {}", mutation.name(), mutation.predicate))
        .collect();
    let names = names.join(" and ");
    let violation = |message| Some(Violation::new("broken-field", names.clone(), message));
    if response.status == 400 && !operation.documents(422) {
        return None;
    }
    if response.status != 422 {
        let message = format!(
            "{names}: expected 422 that names this field, got {}",
            summary(response)
        );
        return violation(message);
    }
    let problem = response.json().unwrap_or_default();
    let errors = problem.get("errors").and_then(Value::as_array);
    let errors = errors.map_or(&[][..], Vec::as_slice);
    let is_missing = |mutation: &&Mutation| !errors.iter().any(|error| mutation.is_named_by(error));
    let missing = mutations.iter().find(is_missing)?;
    let reported = Value::from(errors);
    violation(format!(
        "{names}: expected an error for {}, got {reported}",
        missing.name()
    ))
}

fn not_found_violation(response: &TestResponse) -> Option<Violation> {
    (response.status != 404).then(|| {
        let message = format!("expected 404 for an unknown id, got {}", summary(response));
        Violation::new("unknown-id", "", message)
    })
}

/// Status of the response with the errors or detail of its problem.
pub(super) fn summary(response: &TestResponse) -> String {
    let problem = response.json().unwrap_or_default();
    let errors = problem.get("errors").map(Value::to_string);
    let detail = problem
        .get("detail")
        .and_then(Value::as_str)
        .map(str::to_owned);
    match errors.or(detail) {
        Some(text) if !response.is_success() => format!("{}: {text}", response.status),
        _ => response.status.to_string(),
    }
}

//! Turns errors into responses.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::Error;
use crate::error::problem::Problem;
use crate::request::head::Head;
use crate::response::problem_reply::problem_reply;
use crate::response::reply::Reply;
use crate::task::catch_panic::panic_message;

/// Turns an error into a response. No other code does. A 5xx is logged once, with its cause.
pub(crate) fn error_response(error: &Error, head: &Head) -> Reply {
    let mut problem = Problem::from(error);
    if error.status().is_server_error() {
        let id = head.id();
        tracing::error!(
            request_id = %id,
            method = %head.parts.method,
            path = &*head.full_path(),
            error = error.to_string(),
            "request failed"
        );
        problem = problem.with("request_id", id.into_owned());
    }
    mapped(error, problem, head)
}

/// Turns an error into a response without logging it: a 5xx may be no failure, for example the
/// response of a readiness check.
pub(crate) fn unlogged_error_response(error: &Error, head: &Head) -> Reply {
    mapped(error, Problem::from(error), head)
}

/// Calls the application's problem hook.
fn mapped(error: &Error, mut problem: Problem, head: &Head) -> Reply {
    if let Some(change) = &head.settings().map_problem {
        let plain = problem.clone();
        let changed = catch_unwind(AssertUnwindSafe(|| change(error, problem)));
        problem = changed.unwrap_or_else(|panic| {
            tracing::error!(
                panic = panic_message(&*panic),
                "the application's problem hook panicked"
            );
            plain
        });
    }
    problem_reply(&problem, error)
}

//! The end of the walk: an outcome becomes the response, and the log learns of it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::problem::Problem;
use crate::error::{Error, Result};
use crate::request::head::Head;
use crate::response::problem_reply::problem_reply;
use crate::response::reply::Reply;
use crate::task::catch_panic::panic_message;

/// The one place where errors become responses. Those of the server's own making are
/// logged, once and with their cause.
#[inline]
pub(crate) fn conclude(outcome: Result<Reply>, head: &Head) -> Reply {
    outcome.unwrap_or_else(|error| problem_of(&error, head))
}

fn problem_of(error: &Error, head: &Head) -> Reply {
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
    as_reply(error, problem, head)
}

/// The same for an error that is an answer by design, and nothing to log.
pub(crate) fn conclude_unlogged(error: &Error, head: &Head) -> Reply {
    as_reply(error, Problem::from(error), head)
}

fn as_reply(error: &Error, mut problem: Problem, head: &Head) -> Reply {
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

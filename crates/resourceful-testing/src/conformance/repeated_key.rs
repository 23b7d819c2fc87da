//! Checks that a request which is sent again with its `Idempotency-Key` gets the first response, and that another
//! request with the key is refused.

use super::exchange::{IDEMPOTENCY_KEY, TestRequest, new_key};
use super::expected::summary;
use super::finding::Violation;
use super::generate::OptionalMembers;
use super::operation::Operation;
use super::session::{Fixture, Session};

const CHECK: &str = "repeated-key";

pub(super) async fn check(session: &Session, operation: &Operation, fixture: &Fixture) {
    let Some(parameter) = operation.header(IDEMPOTENCY_KEY) else {
        return;
    };
    let inputs = session.inputs(operation, &fixture.path_params, OptionalMembers::Most);
    let generate = || {
        let input = session.input(operation, inputs.as_ref()?, session.next_fresh_index());
        Some(TestRequest::new(operation, &input?))
    };
    let (Some(first), Some(other)) = (generate(), generate()) else {
        return;
    };
    let key = new_key();
    let send =
        |request: &TestRequest| session.send(request.clone().with_header(IDEMPOTENCY_KEY, &key));
    let (request, response) = send(&first).await;
    if !response.is_success() {
        return;
    }
    let report = |message: String| {
        let violation = Violation::new(CHECK, "", message);
        session.report(operation, violation, Some(&request));
    };
    let (_, again) = send(&first).await;
    if again.status != response.status || again.bytes() != response.bytes() {
        report(format!(
            "expected the first response, {}, to the same request with the same `Idempotency-Key`, got {}",
            summary(&response),
            summary(&again)
        ));
    }
    if other.differs_from(&first) {
        let (_, refused) = send(&other).await;
        if refused.status != 422 {
            report(format!(
                "expected 422 to another request with the same `Idempotency-Key`, got {}",
                summary(&refused)
            ));
        }
    }
    if parameter.is_required {
        let without = first.without_header(IDEMPOTENCY_KEY);
        let (_, refused) = session.send(without).await;
        if refused.status != 400 {
            report(format!(
                "expected 400 to a request without `Idempotency-Key`, got {}",
                summary(&refused)
            ));
        }
    }
}

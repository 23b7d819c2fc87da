//! Checks that a request which is sent again with its `Idempotency-Key` gets the first response, and that another
//! request with the key is refused.

use super::exchange::{IDEMPOTENCY_KEY, TestRequest, TestResponse, new_key};
use super::expected::summary;
use super::finding::Violation;
use super::generate::OptionalMembers;
use super::operation::Operation;
use super::session::{Fixture, Session};

const CHECK: &str = "repeated-key";

pub(super) async fn check(session: &Session, operation: &Operation, fixture: &Fixture) {
    let Some(parameter) = operation.idempotency_key() else {
        return;
    };
    let inputs = session.inputs(operation, &fixture.path_params, OptionalMembers::Most);
    let request = || {
        let input = session.input(operation, inputs.as_ref()?, session.next_fresh_index());
        Some(TestRequest::new(operation, &input?))
    };
    let (Some(first), Some(other)) = (request(), request()) else {
        return;
    };
    let key = new_key();
    let (sent, response) = send(session, &first, &key).await;
    if !response.is_success() {
        return;
    }
    let report = |message: String| {
        let violation = Violation::new(CHECK, "", message);
        session.report(operation, violation, Some(&sent));
    };
    let (_, again) = send(session, &first, &key).await;
    if again.status != response.status || again.bytes() != response.bytes() {
        report(format!(
            "expected the first response, {}, to the same request with the same `Idempotency-Key`, got {}",
            summary(&response),
            summary(&again)
        ));
    }
    if other.differs_from(&first) {
        let (_, refused) = send(session, &other, &key).await;
        if refused.status != 422 {
            report(format!(
                "expected 422 to another request with the same `Idempotency-Key`, got {}",
                summary(&refused)
            ));
        }
    }
    if parameter.is_required {
        let mut without = first;
        without.headers.retain(|(name, _)| name != IDEMPOTENCY_KEY);
        let (_, refused) = session.send(without).await;
        if refused.status != 400 {
            report(format!(
                "expected 400 to a request without `Idempotency-Key`, got {}",
                summary(&refused)
            ));
        }
    }
}

async fn send(session: &Session, request: &TestRequest, key: &str) -> (TestRequest, TestResponse) {
    let mut request = request.clone();
    request.headers.retain(|(name, _)| name != IDEMPOTENCY_KEY);
    let field = (IDEMPOTENCY_KEY.to_owned(), key.to_owned());
    request.headers.push(field);
    session.send(request).await
}

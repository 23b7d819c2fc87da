//! Checks that a response belongs to the caller of its request, not to that of another one.

use http::Method;

use super::exchange::{ResponseBody, TestRequest, TestResponse};
use super::expected::summary;
use super::finding::Violation;
use super::operation::{Operation, Security};
use super::session::Session;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Caller {
    Alice,
    Bob,
    Nobody,
}

use Caller::{Alice, Bob, Nobody};

/// Each caller after each.
const SEQUENCE: [Caller; 11] = [
    Alice, Alice, Alice, Bob, Bob, Nobody, Nobody, Alice, Nobody, Bob, Alice,
];

/// Number of times that all send requests at the same time.
const AT_ONCE: usize = 2;

struct Exchange {
    caller: Caller,
    /// The caller before, unless they were at the same time.
    previous: Option<Caller>,
    request: TestRequest,
    response: TestResponse,
}

/// Sends the requests of a safe operation after and beside each other.
pub(super) async fn check(alice: &Session, bob: &Session, operation: &Operation) {
    let has_callers = matches!(operation.security, Security::Required | Security::Optional);
    // A response after a change is another one.
    let changes = alice.has_finding(operation, "foreign-change");
    if operation.method != Method::GET || !has_callers || changes {
        return;
    }
    let fixture = alice.fixture(&operation.path).await;
    let Some(input) = alice.simplest(operation, &fixture.path_params) else {
        return;
    };
    let request = TestRequest::new(operation, &input);
    let send = async |caller, previous| {
        let (request, response) = match caller {
            Alice => alice.send(request.clone()).await,
            Bob => bob.send(request.clone()).await,
            Nobody => {
                let response = alice.send_without_credentials(&request).await;
                (request.clone(), response)
            }
        };
        Exchange {
            caller,
            previous,
            request,
            response,
        }
    };
    let mut exchanges = Vec::new();
    let mut previous = None;
    for caller in SEQUENCE {
        exchanges.push(send(caller, previous).await);
        previous = Some(caller);
    }
    for _ in 0..AT_ONCE {
        let (nobody, bob, alice) =
            tokio::join!(send(Nobody, None), send(Bob, None), send(Alice, None));
        exchanges.extend([nobody, bob, alice]);
    }
    if let Some((exchange, message)) = first_mix(&exchanges) {
        let violation = Violation::new("mixed-callers", "", message);
        alice.report(operation, violation, Some(&exchange.request));
    }
}

/// Returns the first response that is another one than after a request of the same caller.
fn first_mix(exchanges: &[Exchange]) -> Option<(&Exchange, String)> {
    if exchanges
        .iter()
        .any(|exchange| exchange.response.status == 429)
    {
        return None;
    }
    let after_itself = |caller: Caller| {
        let mut same = exchanges.iter();
        same.find(|exchange| exchange.caller == caller && exchange.previous == Some(caller))
    };
    // A response may have a time or a random value.
    let is_stable = body(&exchanges[1].response) == body(&exchanges[2].response);
    let differs = |response: &TestResponse, expected: &TestResponse| {
        response.status != expected.status || (is_stable && body(response) != body(expected))
    };
    let mixed = |exchange: &&Exchange| {
        after_itself(exchange.caller)
            .is_some_and(|expected| differs(&exchange.response, &expected.response))
    };
    // The request before the first one is unknown.
    let exchange = exchanges.iter().skip(1).find(mixed)?;
    let expected = after_itself(exchange.caller)?;
    let name = match exchange.caller {
        Alice => "the first caller",
        Bob => "the second caller",
        Nobody => "a client without credentials",
    };
    let when = match exchange.previous {
        None => "at the same time as requests of others",
        Some(Alice) => "after a request of the first caller",
        Some(Bob) => "after a request of the second caller",
        Some(Nobody) => "after a request without credentials",
    };
    let got = if exchange.response.status == expected.response.status {
        "another body".to_owned()
    } else {
        summary(&exchange.response)
    };
    let message = format!(
        "expected the response to {name} to depend on its own request ({}), got {got} {when}",
        summary(&expected.response)
    );
    Some((exchange, message))
}

fn body(response: &TestResponse) -> Option<&[u8]> {
    match &response.body {
        ResponseBody::Complete(bytes) => Some(bytes),
        ResponseBody::Stream | ResponseBody::Incomplete => None,
    }
}

//! Checks that credentials are required as documented, and before the body is read.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::callers::Callers;
use super::exchange::{Payload, TestRequest, TestResponse};
use super::expected::summary;
use super::finding::Violation;
use super::operation::{Operation, Security};
use super::session::{Fixture, REFUSED_CALLER, Session};

/// The length of a body that is announced and must not be awaited.
const HUGE: u64 = 1 << 40;

/// Runs the checks of an operation's documented security.
pub(super) async fn check(session: &Session, operation: &Operation, fixture: &Fixture) {
    let security = operation.security;
    if security == Security::Required {
        check_no_credentials(session, operation, fixture).await;
    }
    let Some(callers) = &session.callers else {
        return;
    };
    if matches!(security, Security::Required | Security::Optional) {
        check_bad_credentials(session, callers, operation, fixture).await;
    }
    if matches!(security, Security::Public | Security::Optional) {
        check_public(session, operation, fixture).await;
    }
}

async fn check_no_credentials(session: &Session, operation: &Operation, fixture: &Fixture) {
    let (expected, statuses) = match &session.callers {
        Some(_) => ("401", &[401][..]),
        None => ("401 or 403", &REFUSED_CALLER[..]),
    };
    for probe in Probe::all(session, operation, fixture) {
        let response = session.send_without_credentials(&probe.request).await;
        let message = format!("expected {expected} without credentials");
        probe.check(session, operation, &response, "access", statuses, &message);
    }
}

/// Checks wrong credentials, also where a request without any is allowed.
async fn check_bad_credentials(
    session: &Session,
    callers: &Callers,
    operation: &Operation,
    fixture: &Fixture,
) {
    for (index, (name, bad)) in callers.alice.bad().into_iter().enumerate() {
        // The bodies are tried once: checking a password takes long.
        let bodies = if index == 0 { usize::MAX } else { 1 };
        let probes = Probe::all(session, operation, fixture);
        for mut probe in probes.into_iter().take(bodies) {
            let fields = session.shared_headers.iter().chain(bad.fields());
            probe.request.headers.extend(fields.cloned());
            let response = session.send_without_credentials(&probe.request).await;
            let message = format!("expected 401 to {name}");
            let check = "bad-credentials";
            probe.check(session, operation, &response, check, &[401], &message);
        }
    }
}

/// Checks that nobody is refused where the document demands no credentials.
async fn check_public(session: &Session, operation: &Operation, fixture: &Fixture) {
    let Some(input) = session.simplest(operation, &fixture.path_params) else {
        return;
    };
    let request = TestRequest::new(operation, &input);
    let response = session.send_without_credentials(&request).await;
    if response.status != 401 {
        return;
    }
    // A wrong password in the body is 401 to a caller, too.
    let (_, with_credentials) = session.send(request.clone()).await;
    if with_credentials.status != 401 {
        let message = format!(
            "the document demands no credentials, but the response without them is {}",
            summary(&response)
        );
        let violation = Violation::new("public", "", message);
        session.report(operation, violation, Some(&request));
    }
}

/// A request whose body must not be read.
struct Probe {
    body: &'static str,
    request: TestRequest,
    is_read: Arc<AtomicBool>,
}

impl Probe {
    fn all(session: &Session, operation: &Operation, fixture: &Fixture) -> Vec<Self> {
        let Some(input) = session.simplest(operation, &fixture.path_params) else {
            return Vec::new();
        };
        let request = TestRequest::new(operation, &input);
        let no_body = Self {
            body: "no body",
            request: TestRequest {
                body: Payload::None,
                ..request.clone()
            },
            is_read: Arc::default(),
        };
        let tracked = |body, media: &'static str, text: &'static str, length: u64| {
            let is_read = Arc::new(AtomicBool::new(false));
            Self {
                body,
                request: TestRequest {
                    body: Payload::Tracked {
                        media,
                        text,
                        length,
                        is_read: Arc::clone(&is_read),
                    },
                    ..request.clone()
                },
                is_read,
            }
        };
        let mut probes = vec![no_body];
        if operation.body.is_some() {
            probes.extend([
                tracked("a body that is not JSON", "application/json", "{\"a", 3),
                tracked("a body of text/plain", "text/plain", "a", 1),
                tracked("a body of 1 TiB", "application/json", "{}", HUGE),
            ]);
        }
        probes
    }

    /// Checks a refusal: it came before the body was read, and has a challenge (RFC 9110 section 15.5.2).
    fn check(
        &self,
        session: &Session,
        operation: &Operation,
        response: &TestResponse,
        check: &'static str,
        statuses: &[u16],
        message: &str,
    ) {
        let status = response.status;
        // The first finding says enough.
        if status == 429 || session.has_finding(operation, check) {
            return;
        }
        if !statuses.contains(&status.as_u16()) {
            let message = format!(
                "{message} and with {}, got {}",
                self.body,
                summary(response)
            );
            self.report(session, operation, Violation::new(check, "", message));
        } else if self.is_read.load(Ordering::Relaxed) {
            let message = format!(
                "expected {status} before the body is read, got it after the body was read"
            );
            self.report(session, operation, Violation::new(check, "body", message));
        }
        if status == 401 && !response.headers.contains_key("www-authenticate") {
            let message = "expected a 401 with WWW-Authenticate, got one without";
            self.report(session, operation, Violation::new("challenge", "", message));
        }
    }

    fn report(&self, session: &Session, operation: &Operation, violation: Violation) {
        session.report(operation, violation, Some(&self.request));
    }
}

/// Reports operations that refuse the user's credentials in every request: they were not tested.
pub(super) fn check_credentials(session: &Session) {
    let (succeeded, refused) = (session.succeeded.borrow(), session.refused.borrow());
    for operation in session.operations() {
        if refused.contains(&operation.name) && !succeeded.contains(&operation.name) {
            let message = "expected accepted credentials, got only 401 or 403: \
                           set other credentials with `.header(name, value)`";
            session.report(operation, Violation::new("credentials", "", message), None);
        }
    }
}

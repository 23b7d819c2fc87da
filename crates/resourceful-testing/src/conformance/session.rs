//! [`Session`]: state shared by all checks.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::rc::Rc;

use http::Method;
use proptest::prelude::{BoxedStrategy, Strategy};
use proptest::test_runner::Config;
use serde_json::{Map, Value};

use super::callers::Callers;
use super::contract::Contract;
use super::credentials::Credentials;
use super::curl_command::curl_command;
use super::exchange::{TestRequest, TestResponse};
use super::finding::{Findings, Violation};
use super::generate::{Generator, OptionalMembers, Ungenerable};
use super::operation::Operation;
use super::responses;
use resourceful::TestClient;

/// Maximum number of rejected values before a strategy counts as empty.
const MAX_REJECTS: u32 = 300;

/// Distance of the indexes of two sessions.
const FIRST_OF_OTHER: u64 = 1 << 20;

pub(super) struct Session {
    pub(super) contract: Rc<Contract>,
    pub(super) client: TestClient,
    /// The user's header fields, for all requests except those without credentials.
    pub(super) shared_headers: Vec<(String, String)>,
    /// `shared_headers` and the credentials of the caller.
    pub(super) headers: Vec<(String, String)>,
    pub(super) callers: Option<Callers>,
    pub(super) cases: u64,
    pub(super) seed: u64,
    /// Names of skipped operations.
    pub(super) skipped: HashSet<String>,
    pub(super) findings: RefCell<Findings>,
    pub(super) requests: Cell<u64>,
    /// Number of inputs with a fresh index.
    pub(super) fresh_count: Cell<u64>,
    /// Operations that succeeded at least once.
    pub(super) succeeded: RefCell<HashSet<String>>,
    /// Operations that refused the user's credentials.
    pub(super) refused: RefCell<HashSet<String>>,
    /// Whether a rate limit refused a request.
    pub(super) is_limited: Cell<bool>,
    /// Members of bodies that refer to items.
    pub(super) references: RefCell<Vec<Reference>>,
    /// Existing ids, once listed.
    pub(super) ids: RefCell<Option<Vec<Value>>>,
    pub(super) config: Config,
}

/// A member of a body, and an id that the application accepted there.
#[derive(Clone, Debug)]
pub(super) struct Reference {
    pub(super) pointer: String,
    pub(super) id: Value,
}

/// The item that an operation is tested with.
pub(super) struct Fixture {
    /// Path parameters of the item.
    pub(super) path_params: Map<String, Value>,
    pub(super) exists: bool,
}

impl Session {
    pub(super) fn config() -> Config {
        Config {
            max_local_rejects: MAX_REJECTS,
            failure_persistence: None,
            ..Config::default()
        }
    }

    /// A session whose requests have other credentials, or none. Its findings are not reported.
    pub(super) fn of_other(&self, credentials: Option<&Credentials>) -> Self {
        let headers = credentials.map(|credentials| {
            let shared = self.shared_headers.iter();
            shared.chain(credentials.fields()).cloned().collect()
        });
        Self {
            contract: Rc::clone(&self.contract),
            client: self.client.clone(),
            shared_headers: self.shared_headers.clone(),
            headers: headers.unwrap_or_default(),
            callers: None,
            cases: self.cases,
            seed: self.seed,
            skipped: self.skipped.clone(),
            findings: RefCell::default(),
            requests: Cell::new(0),
            // Other bodies than this session makes: names may have to be unique.
            fresh_count: Cell::new(self.fresh_count.get() + FIRST_OF_OTHER),
            succeeded: RefCell::default(),
            refused: RefCell::default(),
            is_limited: Cell::new(false),
            references: self.references.clone(),
            ids: RefCell::default(),
            config: self.config.clone(),
        }
    }

    /// Operations that are not skipped.
    pub(super) fn operations(&self) -> impl Iterator<Item = &Operation> {
        let operations = self.contract.operations.iter();
        operations.filter(|operation| !self.skipped.contains(&operation.name))
    }

    pub(super) fn find(&self, method: &Method, path: &str) -> Option<&Operation> {
        let operation = self.contract.find(method, path)?;
        (!self.skipped.contains(&operation.name)).then_some(operation)
    }

    /// Strategy of an operation's inputs. Reports a finding if they cannot be generated.
    pub(super) fn inputs(
        &self,
        operation: &Operation,
        path_params: &Map<String, Value>,
        members: OptionalMembers,
    ) -> Option<BoxedStrategy<Value>> {
        let schemas = &self.contract.schemas;
        let schema = operation.input(path_params);
        let validator = schemas.validator(&schema);
        let values = Generator { schemas, members }.values(&schema);
        let reason = match (values, validator) {
            (Ok(values), Ok(validator)) => {
                let is_valid = move |input: &Value| validator.is_valid(input);
                let inputs = self.with_references(values);
                return Some(inputs.prop_filter("a valid request", is_valid).boxed());
            }
            (Err(Ungenerable::Unsupported(reason)), _) | (_, Err(reason)) => reason,
            (Err(Ungenerable::TooDeep), _) => "a recursive type without an end".to_owned(),
        };
        self.cannot_generate(operation, &reason);
        None
    }

    pub(super) fn cannot_generate(&self, operation: &Operation, reason: &str) {
        let message = format!(
            "cannot generate a value for {reason}: add an example with #[schemars(example = ..)]"
        );
        self.report(operation, Violation::new("generate", reason, message), None);
    }

    pub(super) fn report(
        &self,
        operation: &Operation,
        violation: Violation,
        request: Option<&TestRequest>,
    ) {
        let curl = request.map(curl_command).unwrap_or_default();
        self.findings
            .borrow_mut()
            .add(&operation.name, violation, curl);
    }

    /// Whether this check of the operation has a finding.
    pub(super) fn has_finding(&self, operation: &Operation, check: &str) -> bool {
        self.findings.borrow().has(&operation.name, check)
    }

    /// Sends a request with the user's header fields.
    pub(super) async fn send(&self, mut request: TestRequest) -> (TestRequest, TestResponse) {
        request.headers.extend(self.headers.iter().cloned());
        let response = self.send_without_credentials(&request).await;
        if response.status == 429 {
            self.is_limited.set(true);
        }
        (request, response)
    }

    /// Sends a request once more, with the header fields that it already has.
    pub(super) async fn resend(&self, request: &TestRequest) -> TestResponse {
        self.send_without_credentials(request).await
    }

    /// Sends a request without credentials.
    pub(super) async fn send_without_credentials(&self, request: &TestRequest) -> TestResponse {
        self.requests.set(self.requests.get() + 1);
        request.send(&self.client).await
    }

    /// Sends a request of an operation, and reports where the response differs from the document.
    pub(super) async fn call(
        &self,
        operation: &Operation,
        request: TestRequest,
    ) -> (TestRequest, TestResponse) {
        let (request, response) = self.send(request).await;
        self.compare(operation, &request, &response);
        (request, response)
    }

    /// Reports where the response differs from the document.
    pub(super) fn compare(
        &self,
        operation: &Operation,
        request: &TestRequest,
        response: &TestResponse,
    ) {
        self.record(operation, response);
        for violation in responses::violations(&self.contract.schemas, operation, response) {
            self.report(operation, violation, Some(request));
        }
    }

    pub(super) fn record(&self, operation: &Operation, response: &TestResponse) {
        let name = operation.name.clone();
        if response.is_success() {
            self.succeeded.borrow_mut().insert(name);
        } else if Self::is_forbidden(operation, response) {
            self.refused.borrow_mut().insert(name);
        }
    }

    /// Whether the response depends on the client and not on the request: its credentials are
    /// insufficient, or it has sent too many requests (RFC 6585 section 4).
    pub(super) fn is_denied(operation: &Operation, response: &TestResponse) -> bool {
        response.status == 429 || Self::is_forbidden(operation, response)
    }

    fn is_forbidden(operation: &Operation, response: &TestResponse) -> bool {
        operation.needs_credentials() && REFUSED_CALLER.contains(&response.status.as_u16())
    }
}

/// The statuses of a caller without access: RFC 9110 sections 15.5.2 to 15.5.4, RFC 7725.
pub(super) const REFUSED_CALLER: [u16; 4] = [401, 402, 403, 451];

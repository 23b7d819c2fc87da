//! What all checks share: the application, the strategies of its requests, and what was found.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;

use http::Method;
use proptest::prelude::{BoxedStrategy, Strategy};
use proptest::test_runner::Config;
use serde_json::{Map, Value};

use super::answers;
use super::curl::curl;
use super::document::{Document, Operation};
use super::exchange::{Answer, Probe};
use super::finding::{Complaint, Findings};
use super::generate::{Generator, Members, Ungenerable};
use super::references::Reference;
use resourceful::TestClient;

/// A strategy that finds no value in so many tries has none.
const MAX_REJECTS: u32 = 300;

pub(super) struct Session {
    pub(super) document: Document,
    pub(super) client: TestClient,
    /// Those of the user, for all requests but those that must be refused without.
    pub(super) headers: Vec<(String, String)>,
    pub(super) cases: u64,
    pub(super) seed: u64,
    /// By name.
    pub(super) skipped: HashSet<String>,
    pub(super) findings: RefCell<Findings>,
    pub(super) requests: Cell<u64>,
    /// So many items were made for the checks.
    pub(super) made: Cell<u64>,
    /// So many inputs were asked for that no other check has.
    pub(super) fresh: Cell<u64>,
    /// The operations that did something at least once, and those that refused the credentials.
    pub(super) succeeded: RefCell<HashSet<String>>,
    pub(super) refused: RefCell<HashSet<String>>,
    /// Was a request one too many?
    pub(super) is_limited: Cell<bool>,
    /// Which members of bodies name items, and the ids of some.
    pub(super) references: RefCell<Vec<Reference>>,
    pub(super) ids: RefCell<Option<Vec<Value>>>,
    pub(super) config: Config,
}

/// What an operation is tried on.
pub(super) struct Target {
    /// The parameters of its path, as far as they lead somewhere.
    pub(super) known: Map<String, Value>,
    pub(super) is_there: bool,
}

impl Session {
    pub(super) fn config() -> Config {
        Config {
            max_local_rejects: MAX_REJECTS,
            failure_persistence: None,
            ..Config::default()
        }
    }

    /// The operations that the user did not leave out.
    pub(super) fn operations(&self) -> impl Iterator<Item = &Operation> {
        let operations = self.document.operations.iter();
        operations.filter(|operation| !self.skipped.contains(&operation.name))
    }

    pub(super) fn find(&self, method: &Method, path: &str) -> Option<&Operation> {
        let operation = self.document.find(method, path)?;
        (!self.skipped.contains(&operation.name)).then_some(operation)
    }

    /// The strategy of an operation's requests; what cannot be made is a finding.
    pub(super) fn inputs(
        &self,
        operation: &Operation,
        known: &Map<String, Value>,
        members: Members,
    ) -> Option<BoxedStrategy<Value>> {
        let schemas = &self.document.schemas;
        let schema = operation.input(known);
        let validator = schemas.validator(&schema);
        let values = Generator { schemas, members }.values(&schema);
        let reason = match (values, validator) {
            (Ok(values), Ok(validator)) => {
                let is_valid = move |input: &Value| validator.is_valid(input);
                let inputs = self.with_references(values);
                return Some(
                    inputs
                        .prop_filter("a request after the schema", is_valid)
                        .boxed(),
                );
            }
            (Err(Ungenerable::Unknown(reason)), _) | (_, Err(reason)) => reason,
            (Err(Ungenerable::Endless), _) => "a type that has no end".to_owned(),
        };
        self.cannot_generate(operation, &reason);
        None
    }

    pub(super) fn cannot_generate(&self, operation: &Operation, reason: &str) {
        let message = format!(
            "no value could be generated for {reason}: give an example with #[schemars(example = ..)]"
        );
        self.add(operation, Complaint::new("generate", reason, message), None);
    }

    pub(super) fn add(&self, operation: &Operation, complaint: Complaint, probe: Option<&Probe>) {
        let curl = probe.map(curl).unwrap_or_default();
        self.findings
            .borrow_mut()
            .add(&operation.name, complaint, curl);
    }

    /// Did this check find something of this operation?
    pub(super) fn has_found(&self, operation: &Operation, check: &str) -> bool {
        self.findings.borrow().has(&operation.name, check)
    }

    /// Sends a request as the user's.
    pub(super) async fn send(&self, mut probe: Probe) -> (Probe, Answer) {
        probe.headers.extend(self.headers.iter().cloned());
        let answer = self.send_bare(&probe).await;
        if answer.status == 429 {
            self.is_limited.set(true);
        }
        (probe, answer)
    }

    /// Sends a request without credentials.
    pub(super) async fn send_bare(&self, probe: &Probe) -> Answer {
        self.requests.set(self.requests.get() + 1);
        probe.send(&self.client).await
    }

    /// Sends a request of an operation, and adds what the document does not know of the answer.
    pub(super) async fn ask(&self, operation: &Operation, probe: Probe) -> (Probe, Answer) {
        let (probe, answer) = self.send(probe).await;
        self.note(operation, &answer);
        for complaint in answers::complaints(&self.document.schemas, operation, &answer) {
            self.add(operation, complaint, Some(&probe));
        }
        (probe, answer)
    }

    pub(super) fn note(&self, operation: &Operation, answer: &Answer) {
        let name = operation.name.clone();
        if answer.is_success() {
            self.succeeded.borrow_mut().insert(name);
        } else if Self::is_forbidden(operation, answer) {
            self.refused.borrow_mut().insert(name);
        }
    }

    /// Does this answer depend on the client and not on the request? Its credentials may not be
    /// enough, or it has sent too many requests (RFC 6585 section 4).
    pub(super) fn is_turned_away(operation: &Operation, answer: &Answer) -> bool {
        answer.status == 429 || Self::is_forbidden(operation, answer)
    }

    fn is_forbidden(operation: &Operation, answer: &Answer) -> bool {
        operation.is_secured && [401, 403].contains(&answer.status.as_u16())
    }
}

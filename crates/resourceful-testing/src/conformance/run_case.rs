//! Runs test cases of a strategy, and shrinks those that fail.

use std::fmt::Debug;

use http::{Method, StatusCode};
use proptest::prelude::{BoxedStrategy, Strategy};
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use serde_json::{Map, Value};

use super::exchange::{TestRequest, TestResponse};
use super::expected::Expected;
use super::finding::Violation;
use super::generate::OptionalMembers;
use super::operation::Operation;
use super::responses;
use super::session::Session;
use super::test_case::{TestCase, Verdict};

/// Maximum number of requests for shrinking a test case.
const MAX_SHRINKS: usize = 256;

/// Maximum number of steps to the simplest input.
const MAX_SIMPLIFICATIONS: usize = 1000;

/// Maximum number of test cases if the application's own rules refuse them.
const MAX_ATTEMPTS: u64 = 5;

/// First index above those of all checks.
const FIRST_FRESH_INDEX: u64 = 1 << 32;

struct CaseResult {
    violations: Vec<Violation>,
    request: TestRequest,
    verdict: Verdict,
}

impl Session {
    /// Returns the value tree of the `index`th input, which is the same in every run.
    pub(super) fn tree<T: Debug>(
        &self,
        operation: &Operation,
        strategy: &BoxedStrategy<T>,
        index: u64,
    ) -> Option<Box<dyn ValueTree<Value = T>>> {
        let seed = seed(self.seed, &operation.name, index);
        let random = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        let mut runner = TestRunner::new_with_rng(self.config.clone(), random);
        strategy.new_tree(&mut runner).ok()
    }

    pub(super) fn input<T: Debug>(
        &self,
        operation: &Operation,
        strategy: &BoxedStrategy<T>,
        index: u64,
    ) -> Option<T> {
        self.tree(operation, strategy, index)
            .map(|tree| tree.current())
    }

    /// Returns the simplest input, without optional members.
    pub(super) fn simplest(
        &self,
        operation: &Operation,
        path_params: &Map<String, Value>,
    ) -> Option<Value> {
        let inputs = self.inputs(operation, path_params, OptionalMembers::Half)?;
        let mut tree = self.tree(operation, &inputs, 0)?;
        for _ in 0..MAX_SIMPLIFICATIONS {
            if !tree.simplify() {
                break;
            }
        }
        Some(tree.current())
    }

    /// Runs test cases until one is conclusive.
    pub(super) async fn run_until_conclusive(
        &self,
        operation: &Operation,
        test_cases: &BoxedStrategy<TestCase>,
        first: u64,
        expected: &Expected<'_>,
    ) {
        let mut verdict = self.run_case(operation, test_cases, first, expected).await;
        for _ in 1..MAX_ATTEMPTS {
            if verdict != Verdict::Inconclusive {
                break;
            }
            verdict = self
                .run_case(operation, test_cases, self.next_fresh_index(), expected)
                .await;
        }
    }

    /// Returns the index of a new input, whose names are not taken yet.
    pub(super) fn next_fresh_index(&self) -> u64 {
        let count = self.fresh_count.get() + 1;
        self.fresh_count.set(count);
        FIRST_FRESH_INDEX + count
    }

    /// Runs one test case, and shrinks it if it fails.
    pub(super) async fn run_case(
        &self,
        operation: &Operation,
        test_cases: &BoxedStrategy<TestCase>,
        index: u64,
        expected: &Expected<'_>,
    ) -> Verdict {
        let Some(test_case) = self.input(operation, test_cases, index) else {
            return Verdict::NotGenerated;
        };
        let result = self.execute(operation, &test_case, expected).await;
        for violation in result.violations {
            if !self.findings.borrow().knows(&operation.name, &violation) {
                self.shrink(operation, test_cases, index, expected, &violation)
                    .await;
            }
        }
        result.verdict
    }

    /// Reports the smallest input with the same violation.
    async fn shrink(
        &self,
        operation: &Operation,
        test_cases: &BoxedStrategy<TestCase>,
        index: u64,
        expected: &Expected<'_>,
        violation: &Violation,
    ) {
        let Some(mut tree) = self.tree(operation, test_cases, index) else {
            return;
        };
        let mut smallest = None;
        for _ in 0..MAX_SHRINKS {
            let result = self.execute(operation, &tree.current(), expected).await;
            let same = |found: &Violation| {
                (found.check, &found.dedup_key) == (violation.check, &violation.dedup_key)
            };
            let is_over = match result.violations.into_iter().find(same) {
                Some(found) => {
                    smallest = Some((found, result.request));
                    !tree.simplify()
                }
                None => !tree.complicate(),
            };
            if is_over {
                break;
            }
        }
        // If the violation does not recur, report the original input.
        let original = || {
            let input = self
                .input(operation, test_cases, index)
                .map(|case| case.input);
            let request = TestRequest::new(operation, &input.unwrap_or_default());
            (violation.clone(), request)
        };
        let (violation, request) = smallest.unwrap_or_else(original);
        self.report(operation, violation, Some(&request));
    }

    async fn execute(
        &self,
        operation: &Operation,
        test_case: &TestCase,
        expected: &Expected<'_>,
    ) -> CaseResult {
        let (request, response) = self
            .send(TestRequest::new(operation, &test_case.input))
            .await;
        let mut violations = responses::violations(&self.contract.schemas, operation, &response);
        let mut verdict = Verdict::Conclusive;
        self.record(operation, &response);
        if !response.status.is_server_error() {
            if let Some(violation) = expected.violation(operation, &response) {
                let control = test_case.control.as_ref();
                let control = || control.map(|control| TestRequest::new(operation, control));
                if self.rejects_control(&response, control).await {
                    verdict = Verdict::Inconclusive;
                } else {
                    // A wrong status makes an undocumented status redundant.
                    violations.retain(|other| other.check != "status");
                    violations.push(violation);
                }
            }
            violations.extend(self.missing_location(&response).await);
        }
        CaseResult {
            violations,
            request,
            verdict,
        }
    }

    /// Whether the application's own rules refuse the control request, too.
    pub(super) async fn rejects_control(
        &self,
        response: &TestResponse,
        control: impl FnOnce() -> Option<TestRequest>,
    ) -> bool {
        if !response.is_application_refusal() {
            return false;
        }
        let Some(control) = control() else {
            return false;
        };
        let (_, response) = self.send(control).await;
        response.is_application_refusal() || response.status == StatusCode::TOO_MANY_REQUESTS
    }

    /// Checks that the `Location` of a 201 leads to the new item.
    async fn missing_location(&self, response: &TestResponse) -> Option<Violation> {
        if response.status != 201 {
            return None;
        }
        let location = path_of(response.header("location")?);
        let retrieve = self.operations().find(|operation| {
            operation.method == Method::GET && matches_template(location, &operation.path)
        })?;
        let request = TestRequest {
            method: Method::GET,
            path: location.to_owned(),
            ..TestRequest::new(retrieve, &Value::Null)
        };
        let (_, found) = self.send(request).await;
        if found.is_success() || Self::is_denied(retrieve, &found) {
            return None;
        }
        let message = format!(
            "expected a Location of the new item, got `{location}`, which returns {}",
            found.status
        );
        Some(Violation::new("location", "", message))
    }
}

/// Path of a URL reference, which may have a host.
pub(super) fn path_of(location: &str) -> &str {
    let Some((_, rest)) = location.split_once("://") else {
        return location;
    };
    rest.find('/').map_or("/", |start| &rest[start..])
}

/// Whether a path matches a template.
fn matches_template(path: &str, template: &str) -> bool {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let (steps, segments) = (path.split('/'), template.split('/'));
    steps.clone().count() == segments.clone().count()
        && steps
            .zip(segments)
            .all(|(step, segment)| segment.starts_with('{') || step == segment)
}

/// Seed of an operation's test case, independent of earlier cases.
fn seed(seed: u64, operation: &str, index: u64) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&index.to_le_bytes());
    for (index, byte) in operation.bytes().enumerate() {
        let slot = &mut bytes[16 + index % 16];
        *slot = slot.rotate_left(3) ^ byte;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_location_matches_a_template() {
        assert!(matches_template("/posts/7/?a=b", "/posts/{id}/"));
        assert!(!matches_template("/posts/7", "/posts/{id}/"));
        assert!(!matches_template("/users/7/", "/posts/{id}/"));
        assert_eq!(path_of("http://localhost:8000/posts/7/"), "/posts/7/");
        assert_eq!(path_of("/posts/7/"), "/posts/7/");
    }

    #[test]
    fn seeds_differ_by_operation_and_case() {
        let seeds = [
            seed(1, "GET /a", 0),
            seed(1, "GET /a", 1),
            seed(1, "GET /b", 0),
            seed(2, "GET /a", 0),
        ];
        let different: HashSet<_> = seeds.into_iter().collect();
        assert_eq!(different.len(), 4);
    }
}

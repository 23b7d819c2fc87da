//! Requests out of a strategy: tried, and where something is wrong made as small as shows it.

use std::fmt::Debug;

use http::{Method, StatusCode};
use proptest::prelude::{BoxedStrategy, Strategy};
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use serde_json::{Map, Value};

use super::answers;
use super::document::Operation;
use super::exchange::{Answer, Probe};
use super::expected::Expected;
use super::finding::Complaint;
use super::generate::Members;
use super::session::Session;
use super::trial::{Outcome, Trial};

/// So many requests are made to make one small.
const MAX_SHRINKS: usize = 256;

/// So many steps lead from an input to the simplest.
const MAX_SIMPLIFICATIONS: usize = 1000;

/// So many requests are tried where rules of the application's own stand before the one in
/// question.
const TRIES: u64 = 5;

/// No check has so many cases.
const FIRST_FRESH: u64 = 1 << 32;

struct Tried {
    complaints: Vec<Complaint>,
    probe: Probe,
    outcome: Outcome,
}

impl Session {
    /// The `index`th input of a strategy: always the same.
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

    /// The simplest input, with nothing that need not be there.
    pub(super) fn simplest(
        &self,
        operation: &Operation,
        known: &Map<String, Value>,
    ) -> Option<Value> {
        let inputs = self.inputs(operation, known, Members::Some)?;
        let mut tree = self.tree(operation, &inputs, 0)?;
        for _ in 0..MAX_SIMPLIFICATIONS {
            if !tree.simplify() {
                break;
            }
        }
        Some(tree.current())
    }

    /// Tries one request after another until one tells something.
    pub(super) async fn explore_any(
        &self,
        operation: &Operation,
        trials: &BoxedStrategy<Trial>,
        first: u64,
        expected: &Expected<'_>,
    ) {
        let mut outcome = self.explore(operation, trials, first, expected).await;
        for _ in 1..TRIES {
            if outcome != Outcome::Undecided {
                break;
            }
            outcome = self
                .explore(operation, trials, self.fresh(), expected)
                .await;
        }
    }

    /// The index of an input that no other check has made: its names are not taken yet.
    pub(super) fn fresh(&self) -> u64 {
        let made = self.fresh.get() + 1;
        self.fresh.set(made);
        FIRST_FRESH + made
    }

    /// Tries one request, and makes it small where something is wrong.
    pub(super) async fn explore(
        &self,
        operation: &Operation,
        trials: &BoxedStrategy<Trial>,
        index: u64,
        expected: &Expected<'_>,
    ) -> Outcome {
        let Some(trial) = self.input(operation, trials, index) else {
            return Outcome::Unmade;
        };
        let tried = self.try_one(operation, &trial, expected).await;
        for complaint in tried.complaints {
            if !self.findings.borrow().knows(&operation.name, &complaint) {
                self.shrink(operation, trials, index, expected, &complaint)
                    .await;
            }
        }
        tried.outcome
    }

    /// Finds the smallest input with the same complaint.
    async fn shrink(
        &self,
        operation: &Operation,
        trials: &BoxedStrategy<Trial>,
        index: u64,
        expected: &Expected<'_>,
        complaint: &Complaint,
    ) {
        let Some(mut tree) = self.tree(operation, trials, index) else {
            return;
        };
        let mut smallest = None;
        for _ in 0..MAX_SHRINKS {
            let tried = self.try_one(operation, &tree.current(), expected).await;
            let same = |found: &Complaint| {
                (found.check, &found.subject) == (complaint.check, &complaint.subject)
            };
            let is_over = match tried.complaints.into_iter().find(same) {
                Some(found) => {
                    smallest = Some((found, tried.probe));
                    !tree.simplify()
                }
                None => !tree.complicate(),
            };
            if is_over {
                break;
            }
        }
        // One that does not come again is told as it came.
        let as_it_came = || {
            let input = self.input(operation, trials, index).map(|one| one.input);
            let probe = Probe::new(operation, &input.unwrap_or_default());
            (complaint.clone(), probe)
        };
        let (complaint, probe) = smallest.unwrap_or_else(as_it_came);
        self.add(operation, complaint, Some(&probe));
    }

    async fn try_one(
        &self,
        operation: &Operation,
        trial: &Trial,
        expected: &Expected<'_>,
    ) -> Tried {
        let (probe, answer) = self.send(Probe::new(operation, &trial.input)).await;
        let mut complaints = answers::complaints(&self.document.schemas, operation, &answer);
        let mut outcome = Outcome::Decided;
        self.note(operation, &answer);
        if !answer.status.is_server_error() {
            if let Some(complaint) = expected.complaint(operation, &answer) {
                let control = trial.control.as_ref();
                let control = || control.map(|control| Probe::new(operation, control));
                if self.refuses_anyway(&answer, control).await {
                    outcome = Outcome::Undecided;
                } else {
                    // That this status is not documented either is no news.
                    complaints.retain(|other| other.check != "status");
                    complaints.push(complaint);
                }
            }
            complaints.extend(self.lost(&answer).await);
        }
        Tried {
            complaints,
            probe,
            outcome,
        }
    }

    /// Is this the refusal of a rule of the application's own, by which it refuses the request
    /// without its fault, too?
    pub(super) async fn refuses_anyway(
        &self,
        answer: &Answer,
        control: impl FnOnce() -> Option<Probe>,
    ) -> bool {
        if !answer.is_own_refusal() {
            return false;
        }
        let Some(control) = control() else {
            return false;
        };
        let (_, answer) = self.send(control).await;
        answer.is_own_refusal() || answer.status == StatusCode::TOO_MANY_REQUESTS
    }

    /// What a 201 says was made must be there.
    async fn lost(&self, answer: &Answer) -> Option<Complaint> {
        if answer.status != 201 {
            return None;
        }
        let location = path_of(answer.field("location")?);
        let retrieve = self.operations().find(|operation| {
            operation.method == Method::GET && is_at(location, &operation.path)
        })?;
        let probe = Probe {
            method: Method::GET,
            path: location.to_owned(),
            ..Probe::new(retrieve, &Value::Null)
        };
        let (_, found) = self.send(probe).await;
        if found.is_success() || Self::is_turned_away(retrieve, &found) {
            return None;
        }
        let message = format!(
            "expected a Location that leads to what was made, came `{location}`, which is {}",
            found.status
        );
        Some(Complaint::new("location", "", message))
    }
}

/// The path of a reference, which may have a host.
pub(super) fn path_of(location: &str) -> &str {
    let Some((_, rest)) = location.split_once("://") else {
        return location;
    };
    rest.find('/').map_or("/", |start| &rest[start..])
}

/// Is a path one of this template?
fn is_at(path: &str, template: &str) -> bool {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let (steps, places) = (path.split('/'), template.split('/'));
    steps.clone().count() == places.clone().count()
        && steps
            .zip(places)
            .all(|(step, place)| place.starts_with('{') || step == place)
}

/// One for each operation and case, so that a case is the same whatever comes before it.
fn seed(seed: u64, operation: &str, index: u64) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&index.to_le_bytes());
    for (index, byte) in operation.bytes().enumerate() {
        let place = &mut bytes[16 + index % 16];
        *place = place.rotate_left(3) ^ byte;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_location_is_one_of_a_template() {
        assert!(is_at("/posts/7/?a=b", "/posts/{id}/"));
        assert!(!is_at("/posts/7", "/posts/{id}/"));
        assert!(!is_at("/users/7/", "/posts/{id}/"));
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

//! What an endpoint needs to tell of itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::model::{Answer, Response};
use super::problems::ProblemKind;
use super::schemas::Schemas;
use crate::error::Error;
use crate::error::problem::Problem;

/// Collects the schemas, and knows what the application decided for all its operations.
#[expect(missing_debug_implementations, reason = "nobody sees it")]
pub struct Registry {
    pub(crate) schemas: Schemas,
    /// The largest body in bytes, where nothing else was said.
    pub(crate) max_body_size: u64,
    problems: Option<ProblemHook>,
    /// Answers that operations share, by their names.
    pub(crate) responses: BTreeMap<String, Response>,
    pub(crate) security_schemes: BTreeMap<String, Value>,
    /// The texts of the groups that operations are shown in.
    pub(crate) tags: BTreeMap<String, String>,
}

type ProblemHook = Arc<dyn Fn(&Error, Problem) -> Problem + Send + Sync>;

impl Registry {
    pub(crate) fn new(schemas: Schemas, max_body_size: u64, problems: Option<ProblemHook>) -> Self {
        Self {
            schemas,
            max_body_size,
            problems,
            responses: BTreeMap::new(),
            security_schemes: BTreeMap::new(),
            tags: BTreeMap::new(),
        }
    }

    /// Puts an answer among the components; two of one name that differ stay where they are.
    pub(super) fn share(&mut self, name: &str, response: Response) -> Answer {
        let shared = self
            .responses
            .entry(name.to_owned())
            .or_insert_with(|| response.clone());
        if *shared != response {
            return Answer::Inline(response);
        }
        let reference = format!("#/components/responses/{name}");
        Answer::Shared { reference }
    }

    /// The first text of a group stays, unless there was none.
    pub(crate) fn tag(&mut self, name: &str, text: &str) {
        let known = self.tags.entry(name.to_owned()).or_default();
        if known.is_empty() {
            text.clone_into(known);
        }
    }

    /// What clients read of a problem of this kind.
    pub(super) fn example(&self, kind: ProblemKind) -> Option<Problem> {
        let error = kind.error()?;
        let problem = Problem::from(&error);
        Some(match &self.problems {
            Some(change) => change(&error, problem),
            None => problem,
        })
    }
}

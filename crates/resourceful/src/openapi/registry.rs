//! The components of the document that endpoints share.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::model::{Response, ResponseOrRef};
use super::problems::ProblemKind;
use super::schemas::Schemas;
use crate::error::Error;
use crate::error::problem::Problem;

/// Collects shared components and holds the settings of the application for all operations.
#[expect(missing_debug_implementations, reason = "only hidden methods use it")]
pub struct Registry {
    pub(crate) schemas: Schemas,
    /// The default body limit of the present route in bytes.
    pub(crate) max_body_size: u64,
    /// The application's change of problems.
    pub(crate) map_problem: Option<MapProblem>,
    /// Shared responses by name.
    pub(crate) responses: BTreeMap<String, Response>,
    pub(crate) security_schemes: BTreeMap<String, Value>,
    /// The descriptions of tags by name.
    pub(crate) tags: BTreeMap<String, String>,
}

type MapProblem = Arc<dyn Fn(&Error, Problem) -> Problem + Send + Sync>;

impl Registry {
    pub(crate) fn new(schemas: Schemas) -> Self {
        Self {
            schemas,
            max_body_size: 0,
            map_problem: None,
            responses: BTreeMap::new(),
            security_schemes: BTreeMap::new(),
            tags: BTreeMap::new(),
        }
    }

    /// Adds a response to the components and returns a reference. If another response has the name, the
    /// response stays inline.
    pub(super) fn add_response(&mut self, name: &str, response: Response) -> ResponseOrRef {
        let shared = self
            .responses
            .entry(name.to_owned())
            .or_insert_with(|| response.clone());
        if *shared != response {
            return ResponseOrRef::Inline(response);
        }
        let reference = format!("#/components/responses/{name}");
        ResponseOrRef::Shared { reference }
    }

    /// Adds a tag. The first description that is not empty counts.
    pub(crate) fn add_tag(&mut self, name: &str, text: &str) {
        let known = self.tags.entry(name.to_owned()).or_default();
        if known.is_empty() {
            text.clone_into(known);
        }
    }

    /// The problem that clients get for this kind.
    pub(super) fn example(&self, kind: ProblemKind) -> Option<Problem> {
        let error = kind.error()?;
        let problem = Problem::from(&error);
        Some(match &self.map_problem {
            Some(map_problem) => map_problem(&error, problem),
            None => problem,
        })
    }
}

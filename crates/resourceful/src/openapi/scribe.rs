//! What an endpoint needs to tell of itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::problems::ProblemKind;
use super::schemas::Schemas;
use crate::error::Error;
use crate::problem::Problem;

/// Collects the schemas, and knows what the application decided for all its operations.
#[expect(missing_debug_implementations, reason = "nobody sees it")]
pub struct Scribe {
    pub(crate) schemas: Schemas,
    /// The largest body in bytes, where nothing else was said.
    pub(crate) body_limit: u64,
    problems: Option<ProblemHook>,
    pub(crate) security_schemes: BTreeMap<String, Value>,
    /// The texts of the groups that operations are shown in.
    pub(crate) tags: BTreeMap<String, String>,
}

type ProblemHook = Arc<dyn Fn(&Error, Problem) -> Problem + Send + Sync>;

impl Scribe {
    pub(crate) fn new(schemas: Schemas, body_limit: u64, problems: Option<ProblemHook>) -> Self {
        Self {
            schemas,
            body_limit,
            problems,
            security_schemes: BTreeMap::new(),
            tags: BTreeMap::new(),
        }
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

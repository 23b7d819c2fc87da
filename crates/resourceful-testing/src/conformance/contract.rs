//! [`Contract`]: the operations and schemas that a document promises.

use http::Method;
use serde_json::Value;

use super::operation::Operation;
use super::parse::{operations, with_integer_bounds};
use super::schema::Schemas;

pub(super) struct Contract {
    /// Grouped by path, in the document's order.
    pub(super) operations: Vec<Operation>,
    pub(super) schemas: Schemas,
}

impl Contract {
    pub(super) fn parse(document: &Value) -> Self {
        let document = with_integer_bounds(document);
        Self {
            operations: operations(&document),
            schemas: Schemas::new(&document),
        }
    }

    pub(super) fn find(&self, method: &Method, path: &str) -> Option<&Operation> {
        let mut operations = self.operations.iter();
        operations.find(|operation| operation.method == *method && operation.path == path)
    }

    /// Returns the path of the collection that contains the items of `path`.
    pub(super) fn collection_of(&self, path: &str) -> Option<&str> {
        let parent = &path[..path.rfind('{')?];
        let mut operations = self.operations.iter();
        let is_parent = |path: &str| path == parent || Some(path) == parent.strip_suffix('/');
        operations
            .find(|operation| is_parent(&operation.path))
            .map(|operation| operation.path.as_str())
    }
}

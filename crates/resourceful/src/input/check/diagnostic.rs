//! An error in a body together with the edits that repair it.

use crate::input::check::validation_error::ValidationError;
use crate::input::json_text::path::Path;
use crate::input::json_text::tape::NodeId;
use crate::input::schema::subschema::SchemaId;

/// An edit that repairs an error, so that the rest of the body can be read.
#[derive(Debug)]
pub(crate) enum Fix {
    /// Replaces the value by one that some of the schemas allow.
    Replace(NodeId, Vec<SchemaId>),
    /// Adds a missing member with a value that some of the schemas allow.
    Add(NodeId, String, Vec<SchemaId>),
    /// Removes a member.
    Remove(NodeId),
    /// Replaces the value by this JSON.
    Write(NodeId, String),
}

/// An error and its fixes.
#[derive(Debug)]
pub(crate) struct Diagnostic {
    pub(crate) error: ValidationError,
    pub(crate) fixes: Vec<Fix>,
    /// Whether serde probably refuses the value, too. If it does not, the type has a deserializer that
    /// accepts more than its schema, and the diagnostic is dropped. `false` is for values that serde is
    /// known to accept although they are wrong; these stay errors.
    pub(crate) is_refused_by_serde: bool,
}

/// A scalar or an empty container, and the schemas that may apply to it.
#[derive(Debug)]
pub(crate) struct Leaf {
    pub(crate) id: NodeId,
    pub(crate) path: Path,
    pub(crate) schemas: Vec<SchemaId>,
}

//! Something wrong with a body, and how it is mended.

use crate::input::check::validation_error::Fault;
use crate::input::json_text::path::Path;
use crate::input::json_text::tape::NodeId;
use crate::input::schema::subschema::SchemaId;

/// How a fault is mended, so that the rest of the body can be read.
#[derive(Debug)]
pub(crate) enum Fix {
    /// Some value that one of the schemas allows.
    Replace(NodeId, Vec<SchemaId>),
    /// The same for a member that is missing.
    Add(NodeId, String, Vec<SchemaId>),
    /// A member must not be there.
    Remove(NodeId),
    /// This JSON.
    Write(NodeId, String),
}

/// Something wrong.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) fault: Fault,
    pub(crate) fixes: Vec<Fix>,
    /// Does serde refuse it, too, as far as we know? It need not: a type may have a deserializer that takes
    /// more than the schema says. What serde takes without a word, and we do not, is wrong in any case.
    pub(crate) is_refused_by_serde: bool,
}

/// A scalar or an empty container, and the schemas that may hold for it.
#[derive(Debug)]
pub(crate) struct MethodTable {
    pub(crate) id: NodeId,
    pub(crate) path: Path,
    pub(crate) schemas: Vec<SchemaId>,
}

//! The model of an OpenAPI 3.1 document, and the parts that types and endpoints add to it.
//!
//! Endpoints fill in an [`Operation`] each at start-up; no request comes here. [`crate::docs::build`]
//! assembles the document from them.

mod doc_comments;
mod hook_errors;
mod info;
mod model;
mod name_conflicts;
mod operation;
mod parameter;
mod problem_schemas;
mod problems;
mod registry;
mod schemas;
mod security;
mod standard_error;
mod standard_response;

pub use self::doc_comments::DocComments;
pub(crate) use self::hook_errors::is_among;
pub use self::hook_errors::{HookErrors, has_variant};
pub use self::info::Info;
#[expect(unreachable_pub, reason = "named by hidden methods of public traits")]
pub use self::model::Operation;
pub use self::parameter::Parameter;
pub use self::problems::{ProblemKind, Problems};
#[expect(unreachable_pub, reason = "named by hidden methods of public traits")]
pub use self::registry::Registry;
pub use self::security::Security;

pub(crate) use self::model::{
    Components, Document, Header, ParentParameters, ResponseOrRef, Server, Tag,
};
pub(crate) use self::schemas::Schemas;
pub use self::schemas::WITHOUT_NUL;
pub(crate) use self::standard_error::StandardError;
pub(crate) use self::standard_response::standard_response;

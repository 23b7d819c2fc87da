//! The API's document: what the types say, in the words of OpenAPI 3.1.
//!
//! This is the lower half: the objects of a document, and how an endpoint fills in its own. What
//! the document consists of is in [`crate::docs::build`].

mod doc_comments;
mod info;
mod model;
mod name_conflicts;
mod operation;
mod parameter;
mod problems;
mod registry;
mod schemas;
mod security;
mod standard_error;

pub use self::doc_comments::DocComments;
pub use self::info::Info;
#[expect(unreachable_pub, reason = "named by hidden methods of public traits")]
pub use self::model::Operation;
pub use self::parameter::Parameter;
pub use self::problems::{ProblemKind, Problems};
#[expect(unreachable_pub, reason = "named by hidden methods of public traits")]
pub use self::registry::Registry;
pub use self::security::Security;

pub(crate) use self::model::{Answer, Components, Document, Server, Tag};
pub(crate) use self::schemas::Schemas;
pub use self::schemas::WITHOUT_NUL;
pub(crate) use self::standard_error::StandardError;

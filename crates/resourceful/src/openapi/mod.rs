//! The API's document: what the types say, in the words of OpenAPI 3.1.
//!
//! This is the lower half: the objects of a document, and how an endpoint fills in its own. What
//! the document consists of is in [`crate::docs::build`].

mod document;
mod info;
mod namesakes;
mod operation;
mod parameter;
mod problems;
mod refusal;
mod schemas;
mod scribe;
mod security;
mod texts;

#[expect(unreachable_pub, reason = "named by hidden methods of public traits")]
pub use self::document::Operation;
pub use self::info::Info;
pub use self::parameter::Parameter;
pub use self::problems::{ProblemKind, Problems};
#[expect(unreachable_pub, reason = "named by hidden methods of public traits")]
pub use self::scribe::Scribe;
pub use self::security::Security;
pub use self::texts::Texts;

pub(crate) use self::document::{Answer, Components, Document, Server, Tag};
pub(crate) use self::refusal::Refusal;
pub(crate) use self::schemas::Schemas;
pub use self::schemas::WITHOUT_NUL;

//! [`Gate`]: an access rule that all routes of an application share.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::error::Result;
use crate::openapi::{Operation, Registry};
use crate::request::Request;

/// The access rules of the applications around a route, the outermost first; `None` without any.
pub(crate) type Gates = Option<Arc<[Arc<dyn Gate>]>>;

/// The future of a check.
pub(crate) type Checked<'a> = Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;

/// Decides who may call the routes of an application. Each route also has its own rule.
pub trait Gate: Send + Sync {
    fn check<'a>(&'a self, request: &'a Request) -> Checked<'a>;

    /// The name of the type of the rule.
    fn rule(&self) -> &'static str;

    /// Adds the security scheme and the refusals to an operation.
    fn describe(&self, operation: &mut Operation, registry: &mut Registry);
}

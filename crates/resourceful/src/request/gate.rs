//! [`Gate`]: an access rule that all routes of an application share.

use std::future::Future;
use std::pin::Pin;

use crate::error::Result;
use crate::openapi::Security;
use crate::request::Request;

/// The future of a check.
pub(crate) type Checked<'a> = Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;

/// Decides who may call the routes of an application. Each route also has its own rule.
pub(crate) trait Gate: Send + Sync {
    fn check<'a>(&'a self, request: &'a Request) -> Checked<'a>;

    fn security(&self) -> Security;
}

//! [`EndpointFunction`]: a function whose signature is its documentation.

use std::future::Future;

use crate::error::Result;
use crate::handler::parent::Parent;
use crate::handler::resource_action::ActionInput;
use crate::openapi::Problems;
use crate::request::Request;
use crate::response::into_response::IntoResponse;

/// Marks the functions with `#[endpoint]`, whatever their state is.
#[doc(hidden)]
pub trait IsEndpoint {}

/// A function with the attribute [`#[endpoint]`](macro@crate::endpoint), which implements this trait.
/// `S` is the type of its state, `C` that of its caller.
///
/// # Examples
/// See [`#[endpoint]`](macro@crate::endpoint).
#[diagnostic::on_unimplemented(
    message = "this function does not run with the state `{S}` and the caller `{C}`",
    label = "another state or caller is needed",
    note = "`.state(&state)` gives a function its state",
    note = "the access rule of `guarded::<Rule, _>(function)` determines the caller in `Request<..>`; that of `public` is `()`"
)]
pub trait EndpointFunction<S, C>: Copy + Send + Sync + 'static {
    /// The doc comment.
    const DOC: &'static str;

    /// The tag in the API document; empty for the first segment of the path.
    const TAG: &'static str = "";

    /// The operation id in the API document; empty for one that is made from the path.
    const OPERATION_ID: &'static str = "";

    /// The variants of [`Error`](Self::Error) that the function returns, for the API document. `None`
    /// (default) means all.
    const ERRORS: Option<&'static [&'static str]> = None;

    /// The names of the path parameters that the function reads.
    const PARAMETERS: &'static [&'static str];

    /// The types of the path parameters.
    type Path: Parent;

    /// The query string and the body.
    type Input: ActionInput;

    /// The type of the response.
    type Output: IntoResponse;

    /// The type of the errors.
    type Error: Problems;

    /// Calls the function.
    fn run(
        state: &S,
        request: Request<C>,
        path: Self::Path,
        input: Self::Input,
    ) -> impl Future<Output = Result<Self::Output, Self::Error>> + Send;
}

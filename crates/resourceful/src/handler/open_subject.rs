//! Ids as subjects of resources that are open to all.

use std::future::{Future, ready};

use crate::error::Result;
use crate::handler::access::Public;
use crate::handler::id::Id;
use crate::handler::resource::AsyncResource;
use crate::handler::subject::Subject;
use crate::request::Request;

/// An access rule that lets in everyone: nobody has to decide which items a caller may touch.
#[diagnostic::on_unimplemented(
    message = "nobody has decided which items a caller let in by `{Self}` may touch",
    label = "item hooks get a bare id here",
    note = "let them take a type with `impl Subject<..>`, which finds the item for its caller, or write `Unchecked<..>` around the id"
)]
pub trait OpenToAll {}

impl OpenToAll for Public {}

impl<R, I: Id> Subject<R> for I
where
    R: AsyncResource,
    R::Access: OpenToAll,
{
    type Id = I;

    fn find(_: &R, _: &Request, id: I) -> impl Future<Output = Result<Option<I>>> + Send {
        ready(Ok(Some(id)))
    }
}

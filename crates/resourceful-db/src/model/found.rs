//! [`Found`] and [`ItemId`]: the subjects of a model resource.

use std::ops::Deref;

use resourceful::{Caller, Request, Result, Subject};

use crate::model::actions::find;
use crate::model::resource::{Model, ModelResource};

/// The row of an item that is visible to the caller: for hooks and actions that are written by hand.
///
/// # Examples
/// ```ignore
/// #[action(POST, "publish")]
/// async fn publish(&self, _: &Request<User>, post: Found<Self>) -> Result<Post, DbError> { .. }
/// ```
#[derive(Debug)]
pub struct Found<R: ModelResource>(Model<R>);

impl<R: ModelResource> Found<R> {
    /// The row.
    #[must_use]
    pub fn into_model(self) -> Model<R> {
        self.0
    }
}

impl<R: ModelResource> Deref for Found<R> {
    type Target = Model<R>;

    fn deref(&self) -> &Model<R> {
        &self.0
    }
}

impl<R: ModelResource> Subject<R, Caller<R>> for Found<R> {
    type Id = R::Key;

    async fn find(resource: &R, request: &Request<Caller<R>>, id: R::Key) -> Result<Option<Self>> {
        Ok(find(resource, request, id).await?.map(Self))
    }
}

/// The id of an item. The statement of the action looks for the row, and has
/// [`visible`](ModelResource::visible) in its `WHERE`.
#[derive(Debug)]
pub struct ItemId<R: ModelResource>(pub(crate) R::Key);

impl<R: ModelResource> Subject<R, Caller<R>> for ItemId<R> {
    type Id = R::Key;

    async fn find(_: &R, _: &Request<Caller<R>>, id: R::Key) -> Result<Option<Self>> {
        Ok(Some(Self(id)))
    }
}

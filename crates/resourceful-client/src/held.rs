//! [`Held`]: an item with the version in which it was read.

use std::fmt;
use std::ops::Deref;

use http::header::{ETAG, HeaderValue, IF_MATCH};
use resourceful::{Action, AsyncResource, FromResponse};
use serde::Serialize;

use crate::call::Call;
use crate::error::ClientError;
use crate::resource::{ResourceClient, assert_has, fetch};
use crate::resource_error::ResourceError;

/// An item of a resource with validators, as it was read. Its changes are made only if the item is still the same.
///
/// # Examples
/// See [`ResourceClient::hold`].
pub struct Held<'c, R: AsyncResource> {
    client: &'c ResourceClient<R>,
    id: R::Id,
    item: R::Item,
    tag: HeaderValue,
}

impl<R: AsyncResource> ResourceClient<R> {
    /// Retrieves an item together with its version, so that a change of it undoes no other one: the resource has
    /// [`validators`](AsyncResource::validators), or is a model resource with a version.
    ///
    /// # Errors
    /// As [`retrieve`](Self::retrieve); [`ClientError::MissingETag`](crate::ClientError::MissingETag).
    ///
    /// # Examples
    /// ```no_run
    /// # use resourceful::prelude::*;
    /// # use resourceful_client::{ResourceClient, ResourceError};
    /// # async fn example<Tags>(tags: ResourceClient<Tags>) -> Result<(), ResourceError>
    /// # where Tags: AsyncResource<Id = i64, Item = String, Update = String, UpdateOutput = String> {
    /// loop {
    ///     let tag = tags.hold(7).await?;
    ///     match tag.update(&tag.to_uppercase()).await {
    ///         // Somebody else has changed it.
    ///         Err(ResourceError::Changed(_)) => {}
    ///         result => return result.map(drop),
    ///     }
    /// }
    /// # }
    /// ```
    pub async fn hold(&self, id: R::Id) -> Result<Held<'_, R>, ResourceError>
    where
        R::Item: FromResponse,
    {
        const { assert_has::<R>(Action::Retrieve, "this resource has no `retrieve`") };
        let response = self.on_item(Action::Retrieve, &id).execute().await?;
        let tag = response.headers().get(ETAG).cloned();
        Ok(Held {
            client: self,
            id,
            item: R::Item::from_response(&response)?,
            tag: tag.ok_or(ClientError::MissingETag)?,
        })
    }
}

impl<R: AsyncResource> Held<'_, R> {
    /// The item.
    pub fn into_item(self) -> R::Item {
        self.item
    }

    /// Replaces the item.
    ///
    /// # Errors
    /// [`ResourceError::Changed`] if the item was changed since; as [`ResourceClient::update`].
    pub async fn update(&self, item: &R::Update) -> Result<R::UpdateOutput, ResourceError>
    where
        R::Update: Serialize,
        R::UpdateOutput: FromResponse,
    {
        const { assert_has::<R>(Action::Update, "this resource has no `update`") };
        fetch(self.unchanged(Action::Update).json(item)).await
    }

    /// Changes some fields of the item.
    ///
    /// # Errors
    /// [`ResourceError::Changed`] if the item was changed since; as [`ResourceClient::partial_update`].
    pub async fn partial_update(
        &self,
        changes: &R::PartialUpdate,
    ) -> Result<R::PartialUpdateOutput, ResourceError>
    where
        R::PartialUpdate: Serialize,
        R::PartialUpdateOutput: FromResponse,
    {
        const {
            assert_has::<R>(
                Action::PartialUpdate,
                "this resource has no `partial_update`",
            );
        };
        fetch(self.unchanged(Action::PartialUpdate).json(changes)).await
    }

    /// Removes the item.
    ///
    /// # Errors
    /// [`ResourceError::Changed`] if the item was changed since; as [`ResourceClient::destroy`].
    pub async fn destroy(&self) -> Result<R::DestroyOutput, ResourceError>
    where
        R::DestroyOutput: FromResponse,
    {
        const { assert_has::<R>(Action::Destroy, "this resource has no `destroy`") };
        fetch(self.unchanged(Action::Destroy)).await
    }

    fn unchanged(&self, action: Action) -> Call {
        let call = self.client.on_item(action, &self.id);
        call.header_value(IF_MATCH, self.tag.clone())
    }
}

impl<R: AsyncResource> Deref for Held<'_, R> {
    type Target = R::Item;

    fn deref(&self) -> &R::Item {
        &self.item
    }
}

impl<R: AsyncResource<Item: fmt::Debug>> fmt::Debug for Held<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held")
            .field("item", &self.item)
            .field("tag", &self.tag)
            .finish_non_exhaustive()
    }
}

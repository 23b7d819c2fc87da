//! One match: an action is negotiated, authorised, its input parsed, its hook called.

use std::sync::atomic::{AtomicUsize, Ordering};

use http::StatusCode;
use http::header::{HeaderValue, LOCATION};
use http_body::Body as _;

use crate::access::Access;
use crate::action::Action;
use crate::error::{Error, Result};
use crate::negotiate::json_is_acceptable;
use crate::request::Request;
use crate::resource::{AsyncResource, Output, Representation};
use crate::response::{Body, Response, with_status};

/// Steps 6 and 9 to 12 of the walk, for one action of one resource.
pub(crate) async fn dispatch<R: AsyncResource>(
    resource: &R,
    action: Action,
    size: &LearntSize,
    request: &mut Request,
) -> Result<Response> {
    request.set_action(action);
    json_is_acceptable(request.headers())?;
    R::Access::check(resource, request).await?;
    let limit = R::BODY_LIMIT.unwrap_or(request.settings().body_limit);
    let response = match action {
        Action::List => {
            let query = request.query::<R::Query>()?;
            let page = resource.list(request, query).await.map_err(Into::into)?;
            R::ListItem::page(&page, R::NAME, size.expected())?
        }
        Action::Create => {
            let new = request.json_within(limit).await?;
            let item = resource.create(request, new).await.map_err(Into::into)?;
            let location = resource
                .locate(&item)
                .map(|id| item_location(request, &id.to_string()));
            let mut response = item.represent(StatusCode::CREATED, size.expected())?;
            if let Some(location) = location {
                response.headers_mut().insert(LOCATION, location?);
            }
            response
        }
        Action::Retrieve => {
            let id = request.item_id()?;
            let item = resource.retrieve(request, id).await.map_err(Into::into)?;
            item.represent(StatusCode::OK, size.expected())?
        }
        Action::Update => {
            let id = request.item_id()?;
            let new = request.json_within(limit).await?;
            let item = resource
                .update(request, id, new)
                .await
                .map_err(Into::into)?;
            item.represent(StatusCode::OK, size.expected())?
        }
        Action::PartialUpdate => {
            let id = request.item_id()?;
            let changes = request.json_within(limit).await?;
            let item = resource
                .partial_update(request, id, changes)
                .await
                .map_err(Into::into)?;
            item.represent(StatusCode::OK, size.expected())?
        }
        Action::Destroy => {
            let id = request.item_id()?;
            resource.destroy(request, id).await.map_err(Into::into)?;
            return Ok(with_status(StatusCode::NO_CONTENT, Body::empty()));
        }
    };
    size.learn(&response);
    Ok(response)
}

/// The path of an item of the collection that was asked, in the collection's spelling.
fn item_location(request: &Request, id: &str) -> Result<HeaderValue> {
    let collection = request.path();
    let (parent, end) = match collection.strip_suffix('/') {
        Some(parent) => (parent, "/"),
        None => (collection, ""),
    };
    let id = percent_encoding::utf8_percent_encode(id, crate::path::SEGMENT);
    let mounted_at = &request.settings().mounted_at;
    HeaderValue::from_str(&format!("{mounted_at}{parent}/{id}{end}")).map_err(Error::internal)
}

/// How large an endpoint's answers have been, so that the next has room from the start.
#[derive(Debug)]
pub(crate) struct LearntSize(AtomicUsize);

impl LearntSize {
    /// No answer is given more room than this before it is written.
    const MOST: usize = 64 * 1024;

    pub(crate) const fn new() -> Self {
        Self(AtomicUsize::new(128))
    }

    fn expected(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    fn learn(&self, response: &Response) {
        let size = response.body().size_hint().lower();
        let size = usize::try_from(size).map_or(Self::MOST, |size| size.min(Self::MOST));
        let expected = self.expected();
        if size > expected {
            self.0.store(size, Ordering::Relaxed);
        } else if size < expected / 4 {
            // One large answer is forgotten by and by.
            self.0.store(expected / 2, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(size: usize) -> Response {
        Response::new(vec![b'x'; size].into())
    }

    #[test]
    fn the_size_of_answers_is_learnt_and_forgotten() {
        let size = LearntSize::new();
        size.learn(&answer(1000));
        size.learn(&answer(900));
        assert_eq!(size.expected(), 1000);
        size.learn(&answer(1_000_000));
        assert_eq!(size.expected(), LearntSize::MOST);
        (0..10).for_each(|_| size.learn(&answer(1000)));
        assert!((1000..=4000).contains(&size.expected()));
    }
}

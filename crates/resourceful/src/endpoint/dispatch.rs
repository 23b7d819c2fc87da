//! One match: an action is negotiated, authorised, its input parsed, its hook called.

use http::StatusCode;
use http::header::{HeaderValue, LOCATION};

use crate::action::Action;
use crate::error::Result;
use crate::handler::access::Access;
use crate::handler::extra_action::{ActionInput, ActionTarget, ExtraAction};
use crate::handler::resource::AsyncResource;
use crate::proto::negotiate::check_accept;
use crate::request::Request;
use crate::response::reply::{Content, Reply};
use crate::response::representation::{Output, Representation};

/// Steps 6 and 9 to 12 of the walk, for one action of one resource.
pub(crate) async fn dispatch<R: AsyncResource>(
    resource: &R,
    action: Action,
    request: &mut Request,
) -> Result<Reply> {
    request.set_action(action);
    check_accept(request.headers())?;
    R::Access::check(resource, request).await?;
    let limit = R::MAX_BODY_SIZE.unwrap_or(request.settings().max_body_size);
    match action {
        Action::List => {
            let query = request.query::<R::Query>()?;
            let page = resource.list(request, query).await.map_err(Into::into)?;
            R::ListItem::page(&page, R::NAME)
        }
        Action::Create => {
            let new = request.json_within(limit).await?;
            let item = resource.create(request, new).await.map_err(Into::into)?;
            let location = resource.location_id(&item);
            let location = location.and_then(|id| item_location(request, &id.to_string()));
            let created = item.represent(StatusCode::CREATED)?;
            Ok(match location {
                Some(location) => created.with(LOCATION, location),
                None => created,
            })
        }
        Action::Retrieve => {
            let id = request.item_id()?;
            let item = resource.retrieve(request, id).await.map_err(Into::into)?;
            item.represent(StatusCode::OK)
        }
        Action::Update => {
            let id = request.item_id()?;
            let new = request.json_within(limit).await?;
            let item = resource
                .update(request, id, new)
                .await
                .map_err(Into::into)?;
            item.represent(StatusCode::OK)
        }
        Action::PartialUpdate => {
            let id = request.item_id()?;
            let changes = request.json_within(limit).await?;
            let item = resource
                .partial_update(request, id, changes)
                .await
                .map_err(Into::into)?;
            item.represent(StatusCode::OK)
        }
        Action::Destroy => {
            let id = request.item_id()?;
            resource.destroy(request, id).await.map_err(Into::into)?;
            Ok(Content::empty(StatusCode::NO_CONTENT).into())
        }
        Action::Extra(_) => unreachable!("extra actions have an endpoint of their own"),
    }
}

/// The same for an action of the resource's own.
pub(crate) async fn dispatch_extra<R: AsyncResource, A: ExtraAction<R>>(
    resource: &R,
    request: &mut Request,
) -> Result<Reply> {
    const {
        assert!(
            A::SPEC.is_detail() == <A::Target as ActionTarget>::IS_ITEM,
            "`SPEC` and `ActionTarget` do not agree on what the action is addressed to"
        );
    };
    request.set_action(Action::Extra(A::SPEC));
    check_accept(request.headers())?;
    R::Access::check(resource, request).await?;
    let target = A::Target::of(request)?;
    let limit = R::MAX_BODY_SIZE.unwrap_or(request.settings().max_body_size);
    let input = A::Input::read(request, limit).await?;
    let outcome = A::run(resource, request, target, input).await;
    outcome.map_err(Into::into)?.represent(StatusCode::OK)
}

/// The path of an item of the collection that was asked, in the collection's spelling. None for an id
/// that no path can have: the item is there, whatever its id.
fn item_location(request: &Request, id: &str) -> Option<HeaderValue> {
    let collection = request.path();
    let (parent, end) = match collection.strip_suffix('/') {
        Some(parent) => (parent, "/"),
        None => (collection, ""),
    };
    if matches!(id, "" | "." | "..") {
        // No encoding makes a segment of these (RFC 3986 section 5.2.4).
        tracing::error!(
            id,
            "no path leads to the item that was created: its id cannot be a segment"
        );
        return None;
    }
    let id = percent_encoding::utf8_percent_encode(id, crate::proto::path::SEGMENT);
    let root = request.head().root_path();
    HeaderValue::try_from(format!("{root}{parent}/{id}{end}")).ok()
}

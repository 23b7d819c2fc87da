//! The six actions that every resource may have, as [`ResourceAction`]s that call its hooks.

use http::StatusCode;
use http::header::{HeaderValue, LOCATION};
use percent_encoding::utf8_percent_encode;

use crate::action::{Action, ActionSpec};
use crate::error::Result;
use crate::handler::resource::AsyncResource;
use crate::handler::resource_action::{
    BodyInput, ExtraActions, NoInput, OnCollection, OnItem, QueryInput, ResourceAction,
};
use crate::input::pagination::Page;
use crate::input::query::Query;
use crate::openapi::{Operation, Registry};
use crate::proto::path::SEGMENT;
use crate::request::Request;
use crate::response::reply::Reply;
use crate::response::representation::{NoContent, Output, Representation, page_schema};

/// Adds the actions for which the resource has a hook.
pub(crate) fn add_standard_actions<R: AsyncResource>(actions: &mut impl ExtraActions<R>) {
    if R::ACTIONS.contains(Action::List) {
        actions.add::<List>();
    }
    if R::ACTIONS.contains(Action::Create) {
        actions.add::<Create>();
    }
    if R::ACTIONS.contains(Action::Retrieve) {
        actions.add::<Retrieve>();
    }
    if R::ACTIONS.contains(Action::Update) {
        actions.add::<Update>();
    }
    if R::ACTIONS.contains(Action::PartialUpdate) {
        actions.add::<PartialUpdate>();
    }
    if R::ACTIONS.contains(Action::Destroy) {
        actions.add::<Destroy>();
    }
}

struct List;

impl<R: AsyncResource> ResourceAction<R> for List {
    const SPEC: &'static ActionSpec = Action::List.spec();
    const ACTION: Action = Action::List;
    type Target = OnCollection;
    type Input = QueryInput<R::Query>;
    type Output = NamedPage<R>;
    type Error = R::Error;

    async fn run(
        resource: &R,
        request: &Request,
        _: OnCollection,
        QueryInput(query): Self::Input,
    ) -> Result<NamedPage<R>, R::Error> {
        resource.list(request, query).await.map(NamedPage)
    }
}

struct Create;

impl<R: AsyncResource> ResourceAction<R> for Create {
    const SPEC: &'static ActionSpec = Action::Create.spec();
    const ACTION: Action = Action::Create;
    type Target = OnCollection;
    type Input = BodyInput<R::Create>;
    type Output = Created<R>;
    type Error = R::Error;

    async fn run(
        resource: &R,
        request: &Request,
        _: OnCollection,
        BodyInput(new): Self::Input,
    ) -> Result<Created<R>, R::Error> {
        let item = resource.create(request, new).await?;
        let id = resource.location_id(&item);
        let location = id.and_then(|id| item_location(request, &id.to_string()));
        Ok(Created { item, location })
    }
}

struct Retrieve;

impl<R: AsyncResource> ResourceAction<R> for Retrieve {
    const SPEC: &'static ActionSpec = Action::Retrieve.spec();
    const ACTION: Action = Action::Retrieve;
    type Target = OnItem<R::Id>;
    type Input = NoInput;
    type Output = R::Item;
    type Error = R::Error;

    async fn run(
        resource: &R,
        request: &Request,
        OnItem(id): Self::Target,
        _: NoInput,
    ) -> Result<R::Item, R::Error> {
        resource.retrieve(request, id).await
    }
}

struct Update;

impl<R: AsyncResource> ResourceAction<R> for Update {
    const SPEC: &'static ActionSpec = Action::Update.spec();
    const ACTION: Action = Action::Update;
    type Target = OnItem<R::Id>;
    type Input = BodyInput<R::Update>;
    type Output = R::Item;
    type Error = R::Error;

    async fn run(
        resource: &R,
        request: &Request,
        OnItem(id): Self::Target,
        BodyInput(item): Self::Input,
    ) -> Result<R::Item, R::Error> {
        resource.update(request, id, item).await
    }
}

struct PartialUpdate;

impl<R: AsyncResource> ResourceAction<R> for PartialUpdate {
    const SPEC: &'static ActionSpec = Action::PartialUpdate.spec();
    const ACTION: Action = Action::PartialUpdate;
    type Target = OnItem<R::Id>;
    type Input = BodyInput<R::PartialUpdate>;
    type Output = R::Item;
    type Error = R::Error;

    async fn run(
        resource: &R,
        request: &Request,
        OnItem(id): Self::Target,
        BodyInput(changes): Self::Input,
    ) -> Result<R::Item, R::Error> {
        resource.partial_update(request, id, changes).await
    }
}

struct Destroy;

impl<R: AsyncResource> ResourceAction<R> for Destroy {
    const SPEC: &'static ActionSpec = Action::Destroy.spec();
    const ACTION: Action = Action::Destroy;
    type Target = OnItem<R::Id>;
    type Input = NoInput;
    type Output = NoContent;
    type Error = R::Error;

    async fn run(
        resource: &R,
        request: &Request,
        OnItem(id): Self::Target,
        _: NoInput,
    ) -> Result<NoContent, R::Error> {
        resource.destroy(request, id).await.map(|()| NoContent)
    }
}

/// A page whose items are under the name of the resource.
pub(crate) struct NamedPage<R: AsyncResource>(Page<R::ListItem>);

impl<R: AsyncResource> Representation for NamedPage<R> {
    fn represent(self, _: StatusCode) -> Result<Reply> {
        R::ListItem::page(&self.0, R::NAME)
    }

    fn describe(operation: &mut Operation, registry: &mut Registry, status: StatusCode) {
        let page = page_schema::<R::ListItem>(R::NAME, R::Query::pagination(), registry);
        operation.add_json_response(status, page);
    }
}

/// A new item: 201, with its `Location` if [`AsyncResource::location_id`] returns an id.
pub(crate) struct Created<R: AsyncResource> {
    item: R::Item,
    location: Option<HeaderValue>,
}

impl<R: AsyncResource> Representation for Created<R> {
    fn represent(self, _: StatusCode) -> Result<Reply> {
        let created = self.item.represent(StatusCode::CREATED)?;
        Ok(match self.location {
            Some(location) => created.with(LOCATION, location),
            None => created,
        })
    }

    fn describe(operation: &mut Operation, registry: &mut Registry, _: StatusCode) {
        R::Item::describe(operation, registry, StatusCode::CREATED);
        operation.add_location_header();
    }
}

/// The path of an item of the requested collection, in the collection's spelling. `None` for an id
/// that cannot be a segment of a path.
fn item_location(request: &Request, id: &str) -> Option<HeaderValue> {
    let collection = request.path();
    let (parent, end) = match collection.strip_suffix('/') {
        Some(parent) => (parent, "/"),
        None => (collection, ""),
    };
    if matches!(id, "" | "." | "..") {
        // Percent-encoding cannot turn these into a segment (RFC 3986 section 5.2.4).
        tracing::error!(
            id,
            "the new item gets no Location: its id cannot be a segment of a path"
        );
        return None;
    }
    let id = utf8_percent_encode(id, SEGMENT);
    let root = request.head().root_path();
    HeaderValue::try_from(format!("{root}{parent}/{id}{end}")).ok()
}

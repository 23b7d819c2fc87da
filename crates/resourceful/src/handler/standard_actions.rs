//! The six actions that every resource may have, as [`ResourceAction`]s that call its hooks.

use http::header::{LINK, LOCATION};
use http::{HeaderValue, StatusCode};

use crate::action::{Action, ActionSpec};
use crate::error::Result;
use crate::handler::conditional;
use crate::handler::resource::{AsyncResource, Caller};
use crate::handler::resource_action::{
    BodyInput, ExtraActions, NoInput, OnCollection, OnItem, QueryInput, ResourceAction,
};
use crate::input::pagination::Page;
use crate::input::query::Query;
use crate::openapi::{Operation, Registry};
use crate::request::Request;
use crate::response::destroy_output::DestroyOutput;
use crate::response::location::{Base, Location};
use crate::response::next_link::next_link;
use crate::response::reply::Reply;
use crate::response::representation::{Output, Representation, page_schema};

/// Adds the actions for which the resource has a hook.
pub(crate) fn add_standard_actions<R: AsyncResource>(
    actions: &mut impl ExtraActions<R, Caller<R>>,
) {
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
    type Caller = Caller<R>;
    type Target = OnCollection;
    type Input = QueryInput<R::Query>;
    type Output = NamedPage<R>;
    type Error = R::Error;

    async fn run(
        resource: &R,
        request: &Request<Caller<R>>,
        _: OnCollection,
        QueryInput(query): Self::Input,
    ) -> Result<NamedPage<R>, R::Error> {
        let page = resource.list(request, query).await?;
        Ok(NamedPage { page, next: None })
    }
}

struct Create;

impl<R: AsyncResource> ResourceAction<R> for Create {
    const SPEC: &'static ActionSpec = Action::Create.spec();
    const ACTION: Action = Action::Create;
    type Caller = Caller<R>;
    type Target = OnCollection;
    type Input = BodyInput<R::Create>;
    type Output = NewItem<R>;
    type Error = R::Error;

    async fn run(
        resource: &R,
        request: &Request<Caller<R>>,
        _: OnCollection,
        BodyInput(new): Self::Input,
    ) -> Result<NewItem<R>, R::Error> {
        let item = resource.create(request, new).await?;
        conditional::keep(resource, request, &item);
        let location = resource.location_id(&item).map(Location::item);
        Ok(NewItem { item, location })
    }
}

struct Retrieve;

impl<R: AsyncResource> ResourceAction<R> for Retrieve {
    const SPEC: &'static ActionSpec = Action::Retrieve.spec();
    const ACTION: Action = Action::Retrieve;
    type Caller = Caller<R>;
    type Target = OnItem<R::RetrieveSubject>;
    type Input = NoInput;
    type Output = R::Item;
    type Error = R::Error;

    async fn run(
        resource: &R,
        request: &Request<Caller<R>>,
        OnItem(subject): Self::Target,
        _: NoInput,
    ) -> Result<R::Item, R::Error> {
        let item = resource.retrieve(request, subject).await?;
        conditional::keep(resource, request, &item);
        Ok(item)
    }
}

struct Update;

impl<R: AsyncResource> ResourceAction<R> for Update {
    const SPEC: &'static ActionSpec = Action::Update.spec();
    const ACTION: Action = Action::Update;
    type Caller = Caller<R>;
    type Target = OnItem<R::UpdateSubject>;
    type Input = BodyInput<R::Update>;
    type Output = R::UpdateOutput;
    type Error = R::Error;

    async fn check(resource: &R, request: &Request<Caller<R>>) -> Result<()> {
        conditional::check(resource, request).await
    }

    async fn run(
        resource: &R,
        request: &Request<Caller<R>>,
        OnItem(subject): Self::Target,
        BodyInput(item): Self::Input,
    ) -> Result<R::UpdateOutput, R::Error> {
        let item = resource.update(request, subject, item).await?;
        conditional::keep(resource, request, &item);
        Ok(item)
    }
}

struct PartialUpdate;

impl<R: AsyncResource> ResourceAction<R> for PartialUpdate {
    const SPEC: &'static ActionSpec = Action::PartialUpdate.spec();
    const ACTION: Action = Action::PartialUpdate;
    type Caller = Caller<R>;
    type Target = OnItem<R::PartialUpdateSubject>;
    type Input = BodyInput<R::PartialUpdate>;
    type Output = R::PartialUpdateOutput;
    type Error = R::Error;

    async fn check(resource: &R, request: &Request<Caller<R>>) -> Result<()> {
        conditional::check(resource, request).await
    }

    async fn run(
        resource: &R,
        request: &Request<Caller<R>>,
        OnItem(subject): Self::Target,
        BodyInput(changes): Self::Input,
    ) -> Result<R::PartialUpdateOutput, R::Error> {
        let item = resource.partial_update(request, subject, changes).await?;
        conditional::keep(resource, request, &item);
        Ok(item)
    }
}

struct Destroy;

impl<R: AsyncResource> ResourceAction<R> for Destroy {
    const SPEC: &'static ActionSpec = Action::Destroy.spec();
    const ACTION: Action = Action::Destroy;
    type Caller = Caller<R>;
    type Target = OnItem<R::DestroySubject>;
    type Input = NoInput;
    type Output = <R::DestroyOutput as DestroyOutput>::Representation;
    type Error = R::Error;

    async fn check(resource: &R, request: &Request<Caller<R>>) -> Result<()> {
        conditional::check(resource, request).await
    }

    async fn run(
        resource: &R,
        request: &Request<Caller<R>>,
        OnItem(subject): Self::Target,
        _: NoInput,
    ) -> Result<<Self as ResourceAction<R>>::Output, R::Error> {
        let result = resource.destroy(request, subject).await;
        result.map(DestroyOutput::into_representation)
    }
}

/// A page whose items are under the name of the resource, with a `Link` if another page continues it.
pub(crate) struct NamedPage<R: AsyncResource> {
    page: Page<R::ListItem>,
    next: Option<HeaderValue>,
}

impl<R: AsyncResource> Representation for NamedPage<R> {
    fn place(&mut self, base: &Base<'_>) {
        let cursor = self.page.next();
        self.next = cursor.and_then(|cursor| next_link(base.head, cursor));
    }

    fn represent(self, _: StatusCode) -> Result<Reply> {
        let page = R::ListItem::page(&self.page, R::NAME)?;
        Ok(match self.next {
            Some(next) => page.with(LINK, next),
            None => page,
        })
    }

    fn describe(operation: &mut Operation, registry: &mut Registry, status: StatusCode) {
        let page = page_schema::<R::ListItem>(R::NAME, R::Query::pagination(), registry);
        operation.add_json_response(status, page);
    }
}

/// A new item: 201, with its `Location` if [`AsyncResource::location_id`] returns an id.
pub(crate) struct NewItem<R: AsyncResource> {
    item: R::CreateOutput,
    location: Option<Location>,
}

impl<R: AsyncResource> Representation for NewItem<R> {
    const MEDIA_TYPE: Option<&'static str> = R::CreateOutput::MEDIA_TYPE;

    fn place(&mut self, base: &Base<'_>) {
        self.location = self.location.take().and_then(|target| target.of(base));
        self.item.place(base);
    }

    fn represent(self, _: StatusCode) -> Result<Reply> {
        let created = self.item.represent(StatusCode::CREATED)?;
        Ok(match self.location.and_then(Location::into_value) {
            Some(location) if !created.has(&LOCATION) => created.with(LOCATION, location),
            _ => created,
        })
    }

    fn describe(operation: &mut Operation, registry: &mut Registry, _: StatusCode) {
        R::CreateOutput::describe(operation, registry, StatusCode::CREATED);
        let description = "URI of the created item, if the resource has one.";
        operation.add_location_header(StatusCode::CREATED, description);
    }
}

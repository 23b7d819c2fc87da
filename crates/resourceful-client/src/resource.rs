//! [`ResourceClient`]: calls a resource's hooks over HTTP.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use resourceful::{
    Action, AsyncResource, FromResponse, NextPage, Page, Parent as _, Request, ResourceAction,
};
use serde::de::{DeserializeOwned, Deserializer};
use serde::{Deserialize, Serialize};

use crate::action::{ClientInput, ClientTarget};
use crate::call::Call;
use crate::client::Client;
use crate::error::BuildError;
use crate::path::expand;
use crate::resource_error::ResourceError;

/// A client of one resource: each hook is a method with the hook's own types.
///
/// The types come from the `impl AsyncResource`, so calling a hook that the resource lacks does not
/// compile. Inputs must be [`Serialize`] and outputs [`FromResponse`]: every type that implements
/// `Deserialize`, and the library's own, such as [`Created`](struct@resourceful::Created) with its `Location`. Errors of the service are
/// returned as its [`Problem`](struct@resourceful::Problem). The limits on time, size, retries and
/// redirects are the [`Client`]'s: `list`, `retrieve` and actions that read an `Idempotency-Key` are retried, the others
/// are not. A call of such an action sends a new key with all its attempts; [`idempotency_key`](Self::idempotency_key)
/// sets one.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful_client::{ResourceClient, ResourceError};
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
/// struct Tag { #[garde(length(min = 1))] name: String }
///
/// struct Tags;
///
/// #[resource]
/// impl AsyncResource for Tags {
///     type Access = Public;
///     async fn list(&self, _: &Request, page: PageNumber<2>) -> Result<Page<String>> {
///         Ok(page.slice(&["async", "rust", "web"].map(str::to_owned)))
///     }
///     async fn create(&self, _: &Request, new: Tag) -> Result<Tag> { Ok(new) }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let server = App::new().resource("/tags/", Tags).bind("127.0.0.1:0").await?;
/// let url = format!("http://{}/tags/", server.local_addr());
/// tokio::spawn(server.run());
///
/// let tags = ResourceClient::<Tags>::new(&url)?;
/// assert_eq!(tags.create(&Tag { name: "http".into() }).await?.name, "http");
///
/// let mut all = Vec::new();
/// for number in 1.. {
///     let page = tags.list(&PageNumber::at(number, 2)).await?;
///     let has_next = page.has_next();
///     all.extend(page.into_items());
///     if !has_next { break }
/// }
/// assert_eq!(all, ["async", "rust", "web"]);
///
/// match tags.create(&Tag { name: String::new() }).await {
///     Err(ResourceError::Problem(problem)) if problem.status() == 422 => {
///         assert_eq!(problem.errors()[0].location(), "/name");
///     }
///     other => panic!("{other:?}"),
/// }
/// # Ok(())
/// # }
/// ```
///
/// A hook that the resource lacks does not compile:
/// ```compile_fail
/// # use resourceful::prelude::*;
/// # struct Tags;
/// # #[resource]
/// # impl AsyncResource for Tags {
/// #     type Access = Public;
/// #     async fn retrieve(&self, _: &Request, id: i64) -> Result<String> { Ok(id.to_string()) }
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let tags = resourceful_client::ResourceClient::<Tags>::new("http://localhost/tags/")?;
/// tags.destroy(&7).await?; // this resource has no `destroy`
/// # Ok(())
/// # }
/// ```
pub struct ResourceClient<R> {
    client: Client,
    /// Path below the client's base URL, with the server's trailing slash.
    collection: Arc<str>,
    /// The parameters of the collection's path, by name.
    parent: Arc<[(String, String)]>,
    /// The key of the next call.
    idempotency_key: Option<Arc<str>>,
    resource: PhantomData<fn() -> R>,
}

impl<R: AsyncResource> ResourceClient<R> {
    /// Creates a client with the defaults of [`Client`]. `url` is the collection's. Write its
    /// trailing slash as the server does; the URLs of items follow it.
    ///
    /// # Errors
    /// If it is not an absolute http or https URL.
    ///
    /// # Examples
    /// See [`ResourceClient`].
    pub fn new(url: &str) -> Result<Self, BuildError> {
        let client = Client::new(url)?;
        let has_slash = client.base().path().ends_with('/');
        let collection = if has_slash { "/" } else { "" };
        Ok(Self::at(client, collection.into(), Arc::default()))
    }

    /// Creates a client that uses `client`. `path` is the collection's, below the client's base URL;
    /// if it is empty, the base URL is the collection.
    ///
    /// # Errors
    /// If the path does not begin with a slash, or has percent signs, parameters or a query.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// # use resourceful_client::{Client, ResourceClient};
    /// # use std::time::Duration;
    /// # fn example<Posts: AsyncResource>() -> Result<()> {
    /// let client = Client::builder("https://blog.example.com").timeout(Duration::from_secs(2));
    /// let posts = ResourceClient::<Posts>::with_client(client.build()?, "/api/posts/")?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_client(client: Client, path: &str) -> Result<Self, BuildError> {
        match expand(path, &[]) {
            Ok(_) => Ok(Self::at(client, path.into(), Arc::default())),
            Err(error) => Err(BuildError(error.to_string())),
        }
    }

    /// Creates a client for the items of one parent. `path` is the one of the collection, below the
    /// base URL, with a parameter for each id of the parent.
    ///
    /// # Errors
    /// If `path` is invalid, has another number of parameters, or if an id cannot be a segment.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    /// use resourceful_client::{Client, ResourceClient};
    ///
    /// #[derive(Serialize, Deserialize, JsonSchema)]
    /// struct Task { id: i64, project: i64 }
    ///
    /// struct Tasks;
    ///
    /// #[resource]
    /// impl AsyncResource for Tasks {
    ///     type Access = Public;
    ///     type Parent = i64;
    ///
    ///     async fn retrieve(&self, request: &Request, id: i64) -> Result<Task> {
    ///         Ok(Task { id, project: self.parent(request) })
    ///     }
    /// }
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let path = "/projects/{project_id}/tasks";
    /// let server = App::new().resource(path, Tasks).bind("127.0.0.1:0").await?;
    /// let client = Client::new(&format!("http://{}", server.local_addr()))?;
    /// tokio::spawn(server.run());
    /// let tasks = ResourceClient::<Tasks>::in_parent(client, path, &7)?;
    /// assert_eq!(tasks.retrieve(&1).await?.project, 7);
    /// # Ok(())
    /// # }
    /// ```
    pub fn in_parent(client: Client, path: &str, parent: &R::Parent) -> Result<Self, BuildError> {
        let names = path.split('/').filter_map(|segment| {
            let name = segment.strip_prefix('{')?.strip_suffix('}')?;
            Some(name.to_owned())
        });
        let names: Vec<_> = names.collect();
        let values = parent.values();
        if names.len() != values.len() {
            let (parameters, ids) = (names.len(), values.len());
            let message = format!("`{path}` has {parameters} parameters, and the parent has {ids}");
            return Err(BuildError(message));
        }
        let parameters: Arc<[_]> = names.into_iter().zip(values).collect();
        match expand(path, &parameters) {
            Ok(_) => Ok(Self::at(client, path.into(), parameters)),
            Err(error) => Err(BuildError(error.to_string())),
        }
    }

    fn at(client: Client, collection: Arc<str>, parent: Arc<[(String, String)]>) -> Self {
        Self {
            client,
            collection,
            parent,
            idempotency_key: None,
            resource: PhantomData,
        }
    }

    /// Returns a client for one call with this `Idempotency-Key`, such as the number of an order. If the caller is
    /// restarted and calls again, the call has no second effect.
    ///
    /// Without it each call has a random key. An action that reads no key ignores it.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// # use resourceful_client::{ResourceClient, ResourceError};
    /// # async fn example<Payments>(payments: ResourceClient<Payments>) -> Result<(), ResourceError>
    /// # where Payments: AsyncResource<Create = u32, CreateOutput = u32> {
    /// payments.idempotency_key("order-7").create(&250).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn idempotency_key(&self, key: &str) -> Self {
        let mut client = self.clone();
        client.idempotency_key = Some(key.into());
        client
    }

    /// Returns a client that calls on behalf of this request: see [`Client::on_behalf_of`].
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// # use resourceful_client::ResourceClient;
    /// async fn titles<Posts>(posts: ResourceClient<Posts>, request: Request) -> Result<String>
    /// where
    ///     Posts: AsyncResource<Query = Unpaged, ListItem = String>,
    /// {
    ///     let page = posts.on_behalf_of(&request).list(&Unpaged).await?;
    ///     Ok(page.items().join(", "))
    /// }
    /// ```
    #[must_use]
    pub fn on_behalf_of<C>(&self, request: &Request<C>) -> Self {
        let client = self.client.on_behalf_of(request);
        Self {
            client,
            ..self.clone()
        }
    }

    /// Lists the items, or one page of them.
    ///
    /// # Errors
    /// Every [`ResourceError`].
    ///
    /// # Examples
    /// See [`ResourceClient`].
    pub async fn list(&self, query: &R::Query) -> Result<Page<R::ListItem>, ResourceError>
    where
        R::Query: Serialize,
        R::ListItem: DeserializeOwned,
    {
        const { assert_has::<R>(Action::List, "this resource has no `list`") };
        let call = self.on_collection(Action::List).query_struct(query);
        let NamedPage::<R>(page) = fetch(call).await?;
        Ok(page)
    }

    /// Lists the items page by page, from the page that `query` names to the last one.
    ///
    /// # Examples
    /// ```no_run
    /// # use resourceful::prelude::*;
    /// # use resourceful_client::{ResourceClient, ResourceError};
    /// # struct Tags;
    /// # #[resource]
    /// # impl AsyncResource for Tags {
    /// #     type Access = Public;
    /// #     async fn list(&self, _: &Request, page: PageNumber) -> Result<Page<String>> {
    /// #         Ok(page.slice(&["async".to_owned()]))
    /// #     }
    /// # }
    /// async fn all(tags: &ResourceClient<Tags>) -> Result<Vec<String>, ResourceError> {
    ///     let mut all = Vec::new();
    ///     let mut pages = tags.pages(PageNumber::FIRST);
    ///     while let Some(page) = pages.next().await? {
    ///         all.extend(page.into_items());
    ///     }
    ///     Ok(all)
    /// }
    /// ```
    pub fn pages(&self, query: R::Query) -> Pages<'_, R>
    where
        R::Query: NextPage + Serialize,
        R::ListItem: DeserializeOwned,
    {
        Pages {
            client: self,
            query: Some(query),
        }
    }

    /// Creates an item.
    ///
    /// # Errors
    /// Every [`ResourceError`].
    ///
    /// # Examples
    /// See [`ResourceClient`].
    pub async fn create(&self, new: &R::Create) -> Result<R::CreateOutput, ResourceError>
    where
        R::Create: Serialize,
        R::CreateOutput: FromResponse,
    {
        const { assert_has::<R>(Action::Create, "this resource has no `create`") };
        fetch(self.on_collection(Action::Create).json(new)).await
    }

    /// Retrieves one item.
    ///
    /// # Errors
    /// Every [`ResourceError`];
    /// [`ClientError::InvalidPathParam`](crate::ClientError::InvalidPathParam) for the ids `""`,
    /// `"."` and `".."`, which cannot be in a path.
    ///
    /// # Examples
    /// ```no_run
    /// # use resourceful::prelude::*;
    /// # use resourceful_client::{ResourceClient, ResourceError};
    /// # async fn example<Tags>(tags: ResourceClient<Tags>) -> Result<Option<String>, ResourceError>
    /// # where Tags: AsyncResource<Id = i64, Item = String> {
    /// match tags.retrieve(&7).await {
    ///     Err(error) if error.status().is_some_and(|status| status == 404) => Ok(None),
    ///     result => result.map(Some),
    /// }
    /// # }
    /// ```
    pub async fn retrieve(&self, id: &R::Id) -> Result<R::Item, ResourceError>
    where
        R::Item: FromResponse,
    {
        const { assert_has::<R>(Action::Retrieve, "this resource has no `retrieve`") };
        fetch(self.on_item(Action::Retrieve, id)).await
    }

    /// Replaces an item.
    ///
    /// # Errors
    /// As [`retrieve`](Self::retrieve).
    ///
    /// # Examples
    /// ```no_run
    /// # use resourceful::prelude::*;
    /// # use resourceful_client::{ResourceClient, ResourceError};
    /// # async fn example<Tags>(tags: ResourceClient<Tags>) -> Result<String, ResourceError>
    /// # where Tags: AsyncResource<Id = i64, Update = String, UpdateOutput = String> {
    /// tags.update(&7, &"rust".to_owned()).await
    /// # }
    /// ```
    pub async fn update(
        &self,
        id: &R::Id,
        item: &R::Update,
    ) -> Result<R::UpdateOutput, ResourceError>
    where
        R::Update: Serialize,
        R::UpdateOutput: FromResponse,
    {
        const { assert_has::<R>(Action::Update, "this resource has no `update`") };
        fetch(self.on_item(Action::Update, id).json(item)).await
    }

    /// Changes some fields of an item. Omitted fields keep their values; skip them by
    /// [`Change::is_keep`](resourceful::Change::is_keep).
    ///
    /// # Errors
    /// As [`retrieve`](Self::retrieve).
    ///
    /// # Examples
    /// ```no_run
    /// # use resourceful::prelude::*;
    /// # use resourceful_client::{ResourceClient, ResourceError};
    /// #[derive(Default, Serialize, Deserialize, JsonSchema, Validate)]
    /// #[serde(default)]
    /// struct TagChanges {
    ///     #[serde(skip_serializing_if = "Change::is_keep")]
    ///     #[garde(skip)]
    ///     name: Change<String>,
    /// }
    ///
    /// # async fn example<Tags>(tags: ResourceClient<Tags>) -> Result<(), ResourceError>
    /// # where Tags: AsyncResource<Id = i64, PartialUpdate = TagChanges, PartialUpdateOutput = String> {
    /// let name = Change::Set("rust".to_owned());
    /// tags.partial_update(&7, &TagChanges { name }).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn partial_update(
        &self,
        id: &R::Id,
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
        fetch(self.on_item(Action::PartialUpdate, id).json(changes)).await
    }

    /// Removes an item.
    ///
    /// # Errors
    /// As [`retrieve`](Self::retrieve).
    ///
    /// # Examples
    /// ```no_run
    /// # use resourceful::prelude::*;
    /// # use resourceful_client::{ResourceClient, ResourceError};
    /// # async fn example<Tags>(tags: ResourceClient<Tags>) -> Result<(), ResourceError>
    /// # where Tags: AsyncResource<Id = i64, DestroyOutput = ()> {
    /// tags.destroy(&7).await
    /// # }
    /// ```
    pub async fn destroy(&self, id: &R::Id) -> Result<R::DestroyOutput, ResourceError>
    where
        R::DestroyOutput: FromResponse,
    {
        const { assert_has::<R>(Action::Destroy, "this resource has no `destroy`") };
        fetch(self.on_item(Action::Destroy, id)).await
    }

    /// Calls an extra action by the type that `#[resource]` generates for it.
    ///
    /// # Errors
    /// As [`retrieve`](Self::retrieve).
    ///
    /// # Examples
    /// ```no_run
    /// use resourceful::prelude::*;
    /// use resourceful::{NoInput, OnItem};
    /// use resourceful_client::{ResourceClient, ResourceError};
    ///
    /// struct Posts;
    ///
    /// #[resource]
    /// impl AsyncResource for Posts {
    ///     type Access = Public;
    ///
    ///     #[action(POST, "publish")]
    ///     async fn publish(&self, _: &Request, id: i64) -> Result<String> { Ok(format!("post {id}")) }
    /// }
    ///
    /// # async fn example() -> Result<()> {
    /// let posts = ResourceClient::<Posts>::new("https://blog.example.com/api/posts/")?;
    /// let published: String = posts.call::<PostsPublish>(OnItem(7), NoInput).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn call<A>(
        &self,
        target: <A::Target as ClientTarget<R, A::Caller>>::Sent,
        input: A::Input,
    ) -> Result<A::Output, ResourceError>
    where
        A: ResourceAction<R>,
        A::Target: ClientTarget<R, A::Caller>,
        A::Input: ClientInput,
        A::Output: FromResponse,
    {
        let path = self.below(&A::Target::template(A::SPEC.path()));
        let call = self.request(Action::Extra(A::SPEC), &path);
        let call = A::Target::set_params(&target, call);
        fetch(input.add_to(call)).await
    }

    pub(crate) fn on_item(&self, action: Action, id: &R::Id) -> Call {
        self.request(action, &self.below("{id}")).param("id", id)
    }

    fn on_collection(&self, action: Action) -> Call {
        self.request(action, &self.collection)
    }

    fn request(&self, action: Action, path: &str) -> Call {
        let call = self.client.call(action.method(), path);
        let parameters = self.parent.iter();
        let call = parameters.fold(call, |call, (name, value)| call.param(name, value));
        match (&self.idempotency_key, R::IDEMPOTENT.rule(action)) {
            (_, None) => call,
            (Some(key), Some(_)) => call.idempotency_key(key),
            (None, Some(_)) => call.random_idempotency_key(),
        }
    }

    /// Path below the collection, with a trailing slash if the collection has one.
    fn below(&self, rest: &str) -> String {
        match self.collection.strip_suffix('/') {
            Some(parent) => format!("{parent}/{rest}/"),
            None => format!("{}/{rest}", self.collection),
        }
    }
}

/// Compile error if the resource lacks the action.
pub(crate) const fn assert_has<R: AsyncResource>(action: Action, message: &str) {
    assert!(R::ACTIONS.contains(action), "{}", message);
}

pub(crate) async fn fetch<T: FromResponse>(call: Call) -> Result<T, ResourceError> {
    Ok(T::from_response(&call.execute().await?)?)
}

/// The pages of a list, one after the other.
///
/// # Examples
/// See [`ResourceClient::pages`].
#[expect(missing_debug_implementations, reason = "a query need not have one")]
pub struct Pages<'c, R: AsyncResource> {
    client: &'c ResourceClient<R>,
    /// `None` after the last page.
    query: Option<R::Query>,
}

impl<R: AsyncResource> Pages<'_, R>
where
    R::Query: NextPage + Serialize,
    R::ListItem: DeserializeOwned,
{
    /// The next page; `None` after the last one.
    ///
    /// # Errors
    /// Every [`ResourceError`]. The next call requests the same page again.
    pub async fn next(&mut self) -> Result<Option<Page<R::ListItem>>, ResourceError> {
        let Some(query) = &self.query else {
            return Ok(None);
        };
        let page = self.client.list(query).await?;
        self.query = query.next_page(&page);
        Ok(Some(page))
    }
}

/// A page whose member for the items has the resource's name.
struct NamedPage<R: AsyncResource>(Page<R::ListItem>);

impl<'de, R> Deserialize<'de> for NamedPage<R>
where
    R: AsyncResource,
    R::ListItem: Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Page::from_key(R::NAME, deserializer).map(Self)
    }
}

/// Needs no `R: Clone`: the resource only provides types.
impl<R> Clone for ResourceClient<R> {
    fn clone(&self) -> Self {
        Self {
            client: self.client.clone(),
            collection: Arc::clone(&self.collection),
            parent: Arc::clone(&self.parent),
            idempotency_key: self.idempotency_key.clone(),
            resource: PhantomData,
        }
    }
}

impl<R> fmt::Debug for ResourceClient<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourceClient")
            .field("client", &self.client)
            .field("collection", &self.collection)
            .finish_non_exhaustive()
    }
}

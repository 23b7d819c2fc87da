//! [`Output`] and [`Representation`]: the results of typed hooks, in the response and in the
//! document.

use http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::body::Response;
use crate::error::Result;
use crate::input::pagination::Page;
use crate::openapi::{Operation, Registry};
use crate::response::location::Base;
use crate::response::reply::{Content, Reply};

/// A value that a hook returns: it is serialised, and its schema is in the document.
///
/// Derive `Serialize` and `JsonSchema`; every such type that is `Send` implements this trait.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
///
/// #[derive(Serialize, JsonSchema)]
/// struct Post { id: i64, title: String }
///
/// fn is_output<T: resourceful::Output>() {}
/// is_output::<Post>();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be answered",
    label = "not an `Output`",
    note = "add `#[derive(Serialize, JsonSchema)]` to `{Self}`"
)]
pub trait Output: Send + Sized {
    #[doc(hidden)]
    fn item(self, status: StatusCode) -> Result<Reply>;

    #[doc(hidden)]
    fn page(page: &Page<Self>, name: &str) -> Result<Reply>;

    #[doc(hidden)]
    fn schema(registry: &mut Registry) -> Value;
}

// The two traits are bounds here, not supertraits above: if one is missing, the compiler names
// `Output` and prints its note.
#[diagnostic::do_not_recommend]
impl<T: Serialize + JsonSchema + Send> Output for T {
    fn item(self, status: StatusCode) -> Result<Reply> {
        Ok(Content::json(status, &self)?.into())
    }

    fn page(page: &Page<Self>, name: &str) -> Result<Reply> {
        Ok(Content::json(StatusCode::OK, &page.with_key(name))?.into())
    }

    fn schema(registry: &mut Registry) -> Value {
        registry.schemas.output::<T>()
    }
}

/// The result of a hook: any [`Output`], or one of the types below. A view can return the latter, too.
///
/// | type | response |
/// |---|---|
/// | your type with `Serialize` and `JsonSchema` | 200 (201 from `create`), JSON |
/// | [`Json<T>`](crate::Json) | the same |
/// | [`NoContent`] | 204 |
/// | [`Created<T>`](struct@crate::Created) | 201 with `Location` |
/// | [`Accepted<T>`](struct@crate::Accepted) | 202 with `Location` and `Retry-After` |
/// | [`Status<CODE, T>`](crate::Status) | any success status |
/// | [`WithHeader<T>`](crate::WithHeader), [`WithHeaders<T, H>`](crate::WithHeaders) | further header fields |
/// | [`Text`](crate::Text) | text |
/// | [`Binary<M>`](crate::Binary) | bytes of one media type, also a stream |
/// | `Csv<T>` (feature `csv`) | rows of a table, as a stream |
/// | [`Raw`] | any response, which the document does not describe |
///
/// `T` can be any of these types: `Created<WithHeader<Post>>`.
///
/// # Examples
/// ```
/// fn is_representation<T: resourceful::Representation>() {}
/// is_representation::<Vec<String>>();
/// is_representation::<resourceful::Created<resourceful::Text>>();
/// is_representation::<resourceful::Raw>();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be answered",
    label = "not an `Output`",
    note = "add `#[derive(Serialize, JsonSchema)]` to your type, which is `T` in `Created<T>`; or answer `Text`, `Binary` or `Raw(response)`"
)]
pub trait Representation: Send + Sized {
    /// The media type of the content; `None` if the type does not determine it.
    #[doc(hidden)]
    const MEDIA_TYPE: Option<&'static str> = Some("application/json");

    /// Determines the fields that depend on the path of the request.
    #[doc(hidden)]
    fn place(&mut self, base: &Base<'_>) {
        let _ = base;
    }

    #[doc(hidden)]
    fn represent(self, status: StatusCode) -> Result<Reply>;

    #[doc(hidden)]
    fn describe(operation: &mut Operation, registry: &mut Registry, status: StatusCode);
}

#[diagnostic::do_not_recommend]
impl<T: Output> Representation for T {
    fn represent(self, status: StatusCode) -> Result<Reply> {
        self.item(status)
    }

    fn describe(operation: &mut Operation, registry: &mut Registry, status: StatusCode) {
        let schema = T::schema(registry);
        operation.add_json_response(status, schema);
    }
}

/// A complete response, with its status and headers, which the document does not describe.
///
/// Prefer a typed result: see [`Representation`].
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful::Raw;
///
/// struct Files;
///
/// #[resource]
/// impl AsyncResource for Files {
///     type Access = Public;
///
///     async fn retrieve(&self, _: &Request, name: String) -> Result<Raw> {
///         Ok(Raw(format!("content of {name}").into_response()))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let client = TestClient::new(App::new().resource("/files", Files))?;
/// assert_eq!(client.get("/files/a.txt").await.text(), "content of a.txt");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Raw(pub Response);

impl Representation for Raw {
    const MEDIA_TYPE: Option<&'static str> = None;

    fn describe(operation: &mut Operation, _: &mut Registry, _: StatusCode) {
        operation.add_any_response();
    }

    fn represent(self, _: StatusCode) -> Result<Reply> {
        Ok(self.0.into())
    }
}

/// A response without content: 204, or the status of [`Created`](struct@crate::Created) and the like around
/// it. An [extra action](crate::ResourceAction) whose hook returns `Result<()>` has this result.
///
/// # Examples
/// ```
/// fn is_representation<T: resourceful::Representation>() {}
/// is_representation::<resourceful::NoContent>();
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct NoContent;

impl Representation for NoContent {
    fn represent(self, _: StatusCode) -> Result<Reply> {
        Ok(Content::empty(StatusCode::NO_CONTENT).into())
    }

    fn describe(operation: &mut Operation, _: &mut Registry, _: StatusCode) {
        operation.add_response(StatusCode::NO_CONTENT, None);
    }
}

/// The schema of a page of `T`: its items under `name`, and `pagination` if there is any. Its title
/// becomes a part of the type name in generated clients: `PostsListPage`.
pub(crate) fn page_schema<T: Output>(
    name: &str,
    pagination: Option<Value>,
    registry: &mut Registry,
) -> Value {
    let mut properties = Map::new();
    let items = json!({"type": "array", "items": T::schema(registry)});
    properties.insert(name.to_owned(), items);
    let mut required = vec![name];
    if let Some(pagination) = pagination {
        properties.insert("pagination".to_owned(), pagination);
        required.push("pagination");
    }
    json!({"title": "Page", "type": "object", "required": required, "properties": properties})
}

//! [`Description`]: what the types of a view do not say.

use std::fmt;

use http::StatusCode;
use serde_json::json;

use crate::handler::id::Id;
use crate::input::Input;
use crate::input::query::Query;
use crate::openapi::{Operation, Parameter, Registry};
use crate::response::representation::{Output, page_schema};

type Line = Box<dyn Fn(&mut Operation, &mut Registry) + Send + Sync>;

/// What the document says of a view besides its path, its errors and its answer, which are known:
/// its texts, and the types that it reads.
///
/// Nothing here changes what the view does. Resources need none: their hooks' types say all.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
///
/// #[derive(Deserialize, JsonSchema, Validate)]
/// struct Vote { #[garde(range(min = 1, max = 5))] stars: u8 }
///
/// #[derive(Serialize, JsonSchema)]
/// struct Score { stars: f32 }
///
/// async fn vote(mut request: Request) -> Result<Json<Score>> {
///     let id: i64 = request.param("id")?;
///     let vote: Vote = request.json().await?;
///     Ok(Json(Score { stars: f32::from(vote.stars) / id as f32 }))
/// }
///
/// let description = Description::of("Says what one thinks of a film.")
///     .operation_id("films.vote")
///     .tag("films")
///     .path::<i64>("id")
///     .body::<Vote>();
/// let app = App::new().post("/films/{id}/vote", public(vote).described(description));
/// let document = app.openapi()?;
/// let operation = &document.as_value()["paths"]["/films/{id}/vote"]["post"];
/// assert_eq!(operation["operationId"], "films.vote");
/// assert_eq!(operation["parameters"][0]["schema"]["type"], "integer");
/// # Ok::<(), resourceful::BuildErrors>(())
/// ```
#[derive(Default)]
#[must_use = "a description is handed to `described`, or returned from `AsyncView::describe`"]
pub struct Description(Vec<Line>);

impl Description {
    /// A description that says nothing yet.
    ///
    /// # Examples
    /// ```
    /// let description = resourceful::Description::new().tag("films");
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// One with a text: its first paragraph is the summary.
    ///
    /// # Examples
    /// ```
    /// let description = resourceful::Description::of("Says what one thinks of a film.");
    /// ```
    pub fn of(text: &'static str) -> Self {
        Self::new().and(move |operation, _| operation.set_summary(text))
    }

    /// The operation's id, which generated clients name their functions after; made of method and
    /// path, if nothing is said.
    ///
    /// # Examples
    /// ```
    /// let description = resourceful::Description::new().operation_id("films.vote");
    /// ```
    pub fn operation_id(self, id: &'static str) -> Self {
        self.and(move |operation, _| id.clone_into(&mut operation.id))
    }

    /// The group that it is shown in; the path's first segment, if nothing is said.
    ///
    /// # Examples
    /// ```
    /// let description = resourceful::Description::new().tag("films");
    /// ```
    pub fn tag(self, tag: &'static str) -> Self {
        self.and(move |operation, _| operation.tags = vec![tag.to_owned()])
    }

    /// The type of a parameter of the path.
    ///
    /// # Examples
    /// ```
    /// let description = resourceful::Description::new().path::<i64>("id");
    /// ```
    pub fn path<T: Id>(self, name: &'static str) -> Self {
        self.and(move |operation, _| operation.add_path_parameter::<T>(name))
    }

    /// The type that is read from the query string.
    ///
    /// # Examples
    /// ```
    /// use resourceful::{Description, PageNumber};
    /// let description = Description::new().query::<PageNumber>();
    /// ```
    pub fn query<Q: Query>(self) -> Self {
        self.and(|operation, _| operation.add_query_parameters(Q::parameters()))
    }

    /// One more parameter: a header field, for instance.
    ///
    /// # Examples
    /// ```
    /// use resourceful::{Description, Parameter};
    /// let event = Parameter::header::<String>("X-GitHub-Event").required();
    /// let description = Description::new().parameter(event);
    /// ```
    pub fn parameter(self, parameter: Parameter) -> Self {
        self.and(move |operation, _| operation.add_parameter(parameter.clone()))
    }

    /// The type that is read from the body, in JSON.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// # #[derive(Deserialize, JsonSchema, Validate)]
    /// # struct Vote { #[garde(range(min = 1, max = 5))] stars: u8 }
    /// let description = Description::new().body::<Vote>();
    /// ```
    pub fn body<B: Input>(self) -> Self {
        self.and(|operation, registry| {
            operation.add_json_body(
                &B::schema(registry),
                &B::media_types(),
                registry.max_body_size,
            );
        })
    }

    /// A body that is not read as JSON.
    ///
    /// # Examples
    /// ```
    /// let description = resourceful::Description::new().body_of("application/octet-stream");
    /// ```
    pub fn body_of(self, media_type: &'static str) -> Self {
        self.and(move |operation, registry| {
            // Generators of clients leave out what has no schema.
            operation.add_body(media_type, json!({}), Some(registry.max_body_size));
        })
    }

    /// The largest body in bytes, where that is not the application's limit.
    ///
    /// # Examples
    /// ```
    /// use resourceful::Description;
    /// let description = Description::new().body_of("application/octet-stream").max_body_size(10 * 1024);
    /// ```
    pub fn max_body_size(self, bytes: u64) -> Self {
        self.and(move |operation, _| operation.set_max_body(bytes))
    }

    /// A page of `T`, as `Q` makes them, under this name: what
    /// [`Page::with_key`](crate::Page::with_key) writes.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// # #[derive(Serialize, JsonSchema)]
    /// # struct Film { title: String }
    /// let description = Description::new().query::<PageNumber>().page_response::<Film, PageNumber>("films");
    /// ```
    pub fn page_response<T: Output, Q: Query>(self, name: &'static str) -> Self {
        self.and(move |operation, registry| {
            let page = page_schema::<T>(name, Q::pagination(), registry);
            operation.add_json_response(StatusCode::OK, page);
        })
    }

    /// A success, and the type of its JSON; instead of what the view's type says.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// # #[derive(Serialize, JsonSchema)]
    /// # struct Score { stars: f32 }
    /// let description = Description::new().response::<Score>(http::StatusCode::CREATED);
    /// ```
    pub fn response<T: Output>(self, status: StatusCode) -> Self {
        self.and(move |operation, registry| {
            let schema = T::schema(registry);
            operation.add_json_response(status, schema);
        })
    }

    /// A success with content that is not JSON, or with none.
    ///
    /// # Examples
    /// ```
    /// use http::StatusCode;
    /// use resourceful::Description;
    /// let table = Description::new().response_of(StatusCode::OK, Some("text/csv"));
    /// let nothing = Description::new().response_of(StatusCode::ACCEPTED, None);
    /// ```
    pub fn response_of(self, status: StatusCode, media_type: Option<&'static str>) -> Self {
        self.and(move |operation, _| {
            operation.add_response(status, media_type.map(|media_type| (media_type, None)));
        })
    }

    /// Writes it down.
    pub(crate) fn write(&self, operation: &mut Operation, registry: &mut Registry) {
        self.0.iter().for_each(|line| line(operation, registry));
    }

    fn and(mut self, line: impl Fn(&mut Operation, &mut Registry) + Send + Sync + 'static) -> Self {
        self.0.push(Box::new(line));
        self
    }
}

impl fmt::Debug for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Description").finish_non_exhaustive()
    }
}

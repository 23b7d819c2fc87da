//! [`Description`]: the description of a view in the API document.

use std::fmt;

use http::StatusCode;
use serde_json::json;

use crate::handler::id::Id;
use crate::input::Input;
use crate::input::query::Query;
use crate::openapi::{Operation, Parameter, Registry};
use crate::response::representation::{Output, page_schema};

type Line = Box<dyn Fn(&mut Operation, &mut Registry) + Send + Sync>;

/// Describes a view in the API document: its texts and the types of its input.
///
/// The document always contains the path, errors and response of a view. A description does not change
/// how the view runs. Resources need no description, since the types of their hooks contain everything.
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
/// let description = Description::of("Rates a film.")
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
    /// Creates an empty description.
    ///
    /// # Examples
    /// ```
    /// let description = resourceful::Description::new().tag("films");
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a description with a text. Its first paragraph is the summary.
    ///
    /// # Examples
    /// ```
    /// let description = resourceful::Description::of("Rates a film.");
    /// ```
    pub fn of(text: &'static str) -> Self {
        Self::new().and(move |operation, _| operation.set_summary(text))
    }

    /// Sets the operation id, which generated clients use as the name of a function. The default
    /// consists of method and path.
    ///
    /// # Examples
    /// ```
    /// let description = resourceful::Description::new().operation_id("films.vote");
    /// ```
    pub fn operation_id(self, id: &'static str) -> Self {
        self.and(move |operation, _| id.clone_into(&mut operation.id))
    }

    /// Sets the tag, which groups operations. Default: the first segment of the path.
    ///
    /// # Examples
    /// ```
    /// let description = resourceful::Description::new().tag("films");
    /// ```
    pub fn tag(self, tag: &'static str) -> Self {
        self.and(move |operation, _| operation.tags = vec![tag.to_owned()])
    }

    /// Sets the type of a path parameter.
    ///
    /// # Examples
    /// ```
    /// let description = resourceful::Description::new().path::<i64>("id");
    /// ```
    pub fn path<T: Id>(self, name: &'static str) -> Self {
        self.and(move |operation, _| operation.add_path_parameter::<T>(name))
    }

    /// Sets the type of the query string.
    ///
    /// # Examples
    /// ```
    /// use resourceful::{Description, PageNumber};
    /// let description = Description::new().query::<PageNumber>();
    /// ```
    pub fn query<Q: Query>(self) -> Self {
        self.and(|operation, _| operation.add_query_parameters(Q::parameters()))
    }

    /// Adds a parameter, for example a header field.
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

    /// Sets the type of the body: JSON, or a form if it is [`Form`](crate::Form).
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
            let schema = B::schema(registry);
            let limit = registry.max_body_size;
            operation.add_input_body(B::MEDIA_TYPE, &schema, &B::media_types(), limit);
        })
    }

    /// Sets the media type of a body that is not JSON.
    ///
    /// # Examples
    /// ```
    /// let description = resourceful::Description::new().body_of("application/octet-stream");
    /// ```
    pub fn body_of(self, media_type: &'static str) -> Self {
        self.and(move |operation, registry| {
            // Client generators omit a body without a schema.
            operation.add_body(media_type, json!({}), Some(registry.max_body_size));
        })
    }

    /// Sets the maximum body size in bytes. Default: the application's limit.
    ///
    /// # Examples
    /// ```
    /// use resourceful::Description;
    /// let description = Description::new().body_of("application/octet-stream").max_body_size(10 * 1024);
    /// ```
    pub fn max_body_size(self, bytes: u64) -> Self {
        self.and(move |operation, _| operation.set_max_body(bytes))
    }

    /// Sets the success response to a page of `T` with the pagination of `Q`.
    ///
    /// `name` is the key of the items, as in [`Page::with_key`](crate::Page::with_key).
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

    /// Sets the status and the JSON type of the success response, instead of those of the view's type.
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

    /// Sets a success response whose content is not JSON, or that has no content.
    ///
    /// # Examples
    /// ```
    /// use http::StatusCode;
    /// use resourceful::Description;
    /// let table = Description::new().response_of(StatusCode::OK, Some("text/csv"));
    /// let empty = Description::new().response_of(StatusCode::ACCEPTED, None);
    /// ```
    pub fn response_of(self, status: StatusCode, media_type: Option<&'static str>) -> Self {
        self.and(move |operation, _| {
            operation.add_response(status, media_type.map(|media_type| (media_type, None)));
        })
    }

    /// Applies the description to `operation`.
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

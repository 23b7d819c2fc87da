//! [`WithHeader`] and [`WithHeaders`]: header fields of a typed result.

use std::fmt::Display;
use std::ops::Deref;

use http::StatusCode;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::openapi::{Header, Operation, Parameter, Registry};
use crate::response::location::Base;
use crate::response::received::{FromResponse, ReceivedResponse};
use crate::response::reply::Reply;
use crate::response::representation::Representation;

/// Adds header fields to any typed result.
///
/// # Examples
/// ```
/// use resourceful::WithHeader;
/// use resourceful::prelude::*;
///
/// async fn film(_: Request) -> Result<WithHeader<Json<String>>> {
///     Ok(Json("Alien".to_owned()).with_header("etag", "\"v7\""))
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let client = TestClient::new(App::new().get("/film", public(film)))?;
/// assert_eq!(client.get("/film").await.headers()["etag"], "\"v7\"");
/// # Ok(())
/// # }
/// ```
pub trait RepresentationExt: Representation {
    /// Adds a header field, which the document does not describe. A name or value that HTTP forbids is a 500.
    ///
    /// # Examples
    /// See [`RepresentationExt`].
    #[must_use]
    fn with_header(
        self,
        name: impl TryInto<HeaderName>,
        value: impl TryInto<HeaderValue>,
    ) -> WithHeader<Self> {
        let fields = Vec::new();
        WithHeader {
            value: self,
            fields,
        }
        .and(name, value)
    }

    /// Adds the members of a struct as header fields, which the document describes.
    ///
    /// # Examples
    /// See [`WithHeaders`].
    #[must_use]
    fn with_headers<H: Serialize + JsonSchema + Send>(self, headers: H) -> WithHeaders<Self, H> {
        WithHeaders {
            value: self,
            headers,
        }
    }
}

impl<T: Representation> RepresentationExt for T {}

/// A typed result with further header fields: see [`RepresentationExt::with_header`].
///
/// `Content-Type` replaces that of the value; of other names all values are sent.
///
/// # Examples
/// ```
/// use resourceful::WithHeader;
/// use resourceful::prelude::*;
///
/// async fn film(_: Request) -> Result<WithHeader<Json<String>>> {
///     let film = Json("Alien".to_owned());
///     Ok(film.with_header("link", "</films/8>; rel=\"next\"").and("x-cost", 3))
/// }
/// # let _ = public(film);
/// ```
#[derive(Clone, Debug)]
pub struct WithHeader<T> {
    value: T,
    /// `Err` has the invalid field's name.
    fields: Vec<Result<(HeaderName, HeaderValue), String>>,
}

impl<T> WithHeader<T> {
    /// Adds another field.
    ///
    /// # Examples
    /// See [`WithHeader`].
    #[must_use]
    pub fn and(mut self, name: impl TryInto<HeaderName>, value: impl TryInto<HeaderValue>) -> Self {
        self.fields.push(match name.try_into() {
            Err(_) => Err("a name".to_owned()),
            Ok(name) => match value.try_into() {
                Ok(value) => Ok((name, value)),
                Err(_) => Err(format!("the value of `{name}`")),
            },
        });
        self
    }

    /// The fields. In a client these are all fields of the response.
    pub fn headers(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        let fields = self.fields.iter().filter_map(|field| field.as_ref().ok());
        fields.map(|(name, value)| (name, value))
    }

    /// The value inside.
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T: Representation> Representation for WithHeader<T> {
    const MEDIA_TYPE: Option<&'static str> = T::MEDIA_TYPE;

    fn place(&mut self, base: &Base<'_>) {
        self.value.place(base);
    }

    fn represent(self, status: StatusCode) -> Result<Reply> {
        let mut reply = self.value.represent(status)?;
        for field in self.fields {
            let (name, value) = field.map_err(invalid_field)?;
            reply = reply.with(name, value);
        }
        Ok(reply)
    }

    fn describe(operation: &mut Operation, registry: &mut Registry, status: StatusCode) {
        T::describe(operation, registry, status);
    }
}

/// A typed result with the members of `H` as header fields, in the document with their types and texts.
///
/// `H` derives `Serialize` and `JsonSchema`. Its members are texts, numbers, booleans, or lists of these, which
/// become several fields. `None` adds no field.
///
/// # Examples
/// ```
/// use resourceful::WithHeaders;
/// use resourceful::prelude::*;
///
/// #[derive(Serialize, JsonSchema)]
/// #[serde(rename_all = "kebab-case")]
/// struct Quota {
///     /// Requests that are left today.
///     x_quota_left: u32,
/// }
///
/// async fn film(_: Request) -> Result<WithHeaders<Json<String>, Quota>> {
///     Ok(Json("Alien".to_owned()).with_headers(Quota { x_quota_left: 41 }))
/// }
///
/// let app = App::new().get("/film", public(film));
/// let document = app.openapi()?;
/// let response = &document.as_value()["paths"]["/film"]["get"]["responses"]["200"];
/// assert_eq!(response["headers"]["x-quota-left"]["schema"]["type"], "integer");
/// # Ok::<(), resourceful::BuildErrors>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WithHeaders<T, H> {
    value: T,
    headers: H,
}

impl<T, H> WithHeaders<T, H> {
    /// The header fields.
    pub fn headers(&self) -> &H {
        &self.headers
    }

    /// The value inside.
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T: Representation, H: Serialize + JsonSchema + Send> Representation for WithHeaders<T, H> {
    const MEDIA_TYPE: Option<&'static str> = T::MEDIA_TYPE;

    fn place(&mut self, base: &Base<'_>) {
        self.value.place(base);
    }

    fn represent(self, status: StatusCode) -> Result<Reply> {
        let mut reply = self.value.represent(status)?;
        let members = serde_json::to_value(&self.headers).map_err(Error::internal)?;
        let Value::Object(members) = members else {
            return Err(invalid_field("a type that is no struct"));
        };
        for (name, member) in members {
            let name = HeaderName::try_from(name).map_err(Error::internal)?;
            let elements = match member {
                Value::Array(elements) => elements,
                member => vec![member],
            };
            for element in elements {
                if let Some(value) = field_value(element, &name)? {
                    reply = reply.with(name.clone(), value);
                }
            }
        }
        Ok(reply)
    }

    fn describe(operation: &mut Operation, registry: &mut Registry, status: StatusCode) {
        T::describe(operation, registry, status);
        for parameter in Parameter::all_of::<H>() {
            operation.add_success_header(&parameter.name, &Header::from(&parameter));
        }
    }
}

/// `None` for null.
fn field_value(value: Value, name: &HeaderName) -> Result<Option<HeaderValue>> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) => text,
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(_) | Value::Object(_) => {
            return Err(invalid_field(format!("the value of `{name}`")));
        }
    };
    let value = HeaderValue::try_from(text);
    value
        .map(Some)
        .map_err(|_| invalid_field(format!("the value of `{name}`")))
}

fn invalid_field(part: impl Display) -> Error {
    Error::internal(format!("{part} cannot be in a header field"))
}

impl<T: FromResponse> FromResponse for WithHeader<T> {
    fn from_response<R: ReceivedResponse>(response: &R) -> Result<Self, R::Error> {
        let fields = response.headers().iter();
        let fields = fields.map(|(name, value)| Ok((name.clone(), value.clone())));
        Ok(Self {
            value: T::from_response(response)?,
            fields: fields.collect(),
        })
    }
}

impl<T: FromResponse, H: DeserializeOwned + JsonSchema> FromResponse for WithHeaders<T, H> {
    fn from_response<R: ReceivedResponse>(response: &R) -> Result<Self, R::Error> {
        let value = T::from_response(response)?;
        match serde_json::from_value(members::<H>(response.headers())) {
            Ok(headers) => Ok(Self { value, headers }),
            Err(error) => Err(response.mismatch(&format!("header fields: {error}"))),
        }
    }
}

/// The header fields as an object that has the types of the schema of `H`.
fn members<H: JsonSchema>(headers: &HeaderMap) -> Value {
    let mut object = Map::new();
    for parameter in Parameter::all_of::<H>() {
        let values = headers.get_all(&*parameter.name).iter();
        let texts = values.filter_map(|value| value.to_str().ok());
        let is = |schema: &Value, name| schema.get("type").is_some_and(|kind| kind == name);
        let typed = |text: &str, schema: &Value| match serde_json::from_str(text) {
            Ok(value @ (Value::Number(_) | Value::Bool(_))) if !is(schema, "string") => value,
            _ => Value::from(text),
        };
        let schema = parameter.schema.as_value();
        let mut values: Vec<_> = match schema.get("items") {
            Some(items) => texts.map(|text| typed(text, items)).collect(),
            None => texts.map(|text| typed(text, schema)).collect(),
        };
        if is(schema, "array") {
            object.insert(parameter.name.into_owned(), values.into());
        } else if let Some(value) = values.pop() {
            object.insert(parameter.name.into_owned(), value);
        }
    }
    object.into()
}

impl<T> Deref for WithHeader<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T, H> Deref for WithHeaders<T, H> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

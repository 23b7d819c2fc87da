//! [`Form`]: typed bodies of `application/x-www-form-urlencoded`.

use std::ops::{Deref, DerefMut};

use serde_json::Value;

use crate::error::field_error::FieldError;
use crate::error::{Error, Result};
use crate::input::json_text::scan::utf8;
use crate::input::parameters::Parameters;
use crate::input::query::QueryString;
use crate::input::{Input, InputSchema};
use crate::openapi::{Parameter, Registry};

/// The media type of a [`Form`].
const FORM: &str = "application/x-www-form-urlencoded";

/// A body of `application/x-www-form-urlencoded`: an HTML form, a request for an OAuth token, a Slack command.
///
/// It is the input of a hook or an action; views call [`Request::form`](crate::Request::form). Other media types get
/// 415. `T` is a flat struct with the rules of every [`Input`]; errors have the pointers of its members. A file in a
/// form needs `multipart/form-data`: see `Request::multipart`.
///
/// * Texts become the type of the member. A `bool` is `true` or `false`: give a checkbox `value="true"`, and the
///   member `#[serde(default)]`, since browsers omit boxes that are not checked.
/// * A member that is a list takes all values of its name, also none with `#[serde(default)]`. A name with several
///   values for another member is an error.
/// * An empty value of an `Option` is `None`, because browsers send empty inputs.
/// * More than 1000 values are 400.
///
/// # Forms of other sites
/// A browser sends a form to any site without a preflight request, with the cookies of that site. If cookies
/// authenticate the caller, set them with `SameSite`, and compare the `Origin` field in `Access`.
///
/// # Examples
/// ```
/// use resourceful::Form;
/// use resourceful::prelude::*;
///
/// #[derive(Deserialize, JsonSchema, Validate)]
/// struct Order {
///     #[garde(length(chars, min = 1))]
///     name: String,
///     #[garde(skip)]
///     seats: Vec<u32>,
///     #[garde(skip)]
///     age: Option<u8>,
/// }
///
/// struct Orders;
///
/// #[resource]
/// impl AsyncResource for Orders {
///     type Access = Public;
///
///     async fn create(&self, _: &Request, order: Form<Order>) -> Result<String> {
///         Ok(format!("{}: {:?} {:?}", order.name, order.seats, order.age))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let client = TestClient::new(App::new().resource("/orders", Orders))?;
/// let form = client.post("/orders").header("content-type", "application/x-www-form-urlencoded");
/// let created = form.body("name=J%C3%B6rg+M&seats=1&seats=2&age=").await;
/// assert_eq!(created.text(), r#""Jörg M: [1, 2] None""#);
///
/// let form = client.post("/orders").header("content-type", "application/x-www-form-urlencoded");
/// let problem = form.body("name=&seats=1&age=old").await.json();
/// assert_eq!(problem["errors"][0]["pointer"], "#/age");
/// assert_eq!(problem["errors"][1]["pointer"], "#/name");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Form<T>(pub T);

impl<T: Input> Input for Form<T> {
    const MEDIA_TYPE: &'static str = FORM;

    fn from_body(bytes: &[u8]) -> Result<Self> {
        let fields = QueryString::of_form(utf8(bytes)?)?;
        let schema = T::input_schema();
        let mut parameters = fields.to_json(schema);
        if let Value::Object(values) = &mut parameters.values {
            values.retain(|name, value| *value != "" || !schema.is_nullable(name));
        }
        T::from_form(&parameters)
            .map(Self)
            .map_err(Error::invalid_input)
    }

    fn from_query(parameters: &Parameters) -> Result<Self, Vec<FieldError>> {
        T::from_query(parameters).map(Self)
    }

    fn from_form(parameters: &Parameters) -> Result<Self, Vec<FieldError>> {
        T::from_form(parameters).map(Self)
    }

    fn input_schema() -> &'static InputSchema {
        T::input_schema()
    }

    fn media_types() -> Vec<String> {
        Vec::new()
    }

    fn schema(registry: &mut Registry) -> Value {
        T::schema(registry)
    }

    fn as_parameters() -> Vec<Parameter> {
        T::as_parameters()
    }
}

impl<T> Deref for Form<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Form<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

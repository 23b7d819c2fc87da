//! Typed values from the query string.

use std::borrow::Cow;

use percent_encoding::percent_decode;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::field_error::FieldError;
use crate::error::{Error, Result};
use crate::input::parameters::Parameters;
use crate::input::{Input, InputSchema};
use crate::openapi::Parameter;

/// The most parameters of a query. Only attacks have more.
const MAX_PARAMETERS: usize = 1000;

/// A value from the query string: a paging style, a filter, or both.
///
/// Every [`Input`] is a `Query`: each member is a parameter. Of a repeated parameter the last value
/// counts, or all values if the member is a list. Unknown parameters are ignored, so do not use
/// `deny_unknown_fields` beside a paging style. To combine two structs use [`Filtered`] instead of
/// serde's `flatten`, inside which numbers stay text.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
///
/// #[derive(Deserialize, JsonSchema, Validate)]
/// struct PostFilter {
///     #[garde(skip)]
///     published: Option<bool>,
///     #[garde(range(min = 1))]
///     author: Option<i64>,
/// }
///
/// async fn search(request: Request) -> Result<String> {
///     let filter: PostFilter = request.query()?;
///     Ok(format!("{:?}", filter.author))
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let client = TestClient::new(App::new().get("/", public(search)))?;
/// assert_eq!(client.get("/?author=7&page=2").await.text(), "Some(7)");
///
/// let problem = client.get("/?author=0&published=perhaps").await.json();
/// assert_eq!(problem["errors"][0]["name"], "published");
/// assert_eq!(problem["errors"][0]["detail"], "must be a boolean");
/// assert_eq!(problem["errors"][1]["name"], "author");
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from a query string",
    note = "use a paging style (`PageNumber`, `LimitOffset`, `Unpaged`), a struct that derives `Deserialize`, `JsonSchema` and `Validate`, or `Filtered<YourFilter, PageNumber>`"
)]
pub trait Query: Sized + Send {
    /// Reads the value.
    ///
    /// # Errors
    /// Every invalid parameter.
    fn read(query: &QueryString<'_>) -> Result<Self, Vec<FieldError>>;

    /// The parameters for the API document.
    #[must_use]
    fn parameters() -> Vec<Parameter> {
        Vec::new()
    }

    /// The schema of `pagination` in its pages.
    #[doc(hidden)]
    #[must_use]
    fn pagination() -> Option<Value> {
        None
    }
}

#[diagnostic::do_not_recommend]
impl<T: Input> Query for T {
    fn read(query: &QueryString<'_>) -> Result<Self, Vec<FieldError>> {
        T::from_query(&query.to_json(T::input_schema()))
    }

    fn parameters() -> Vec<Parameter> {
        T::as_parameters()
    }
}

/// A filter and a paging style, both read from one query string.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
///
/// #[derive(Deserialize, JsonSchema, Validate)]
/// struct PostFilter { #[garde(skip)] author: Option<i64> }
///
/// async fn search(request: Request) -> Result<String> {
///     let Filtered { filter, paging } = request.query::<Filtered<PostFilter, PageNumber>>()?;
///     Ok(format!("{:?} from {}", filter.author, paging.offset()))
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let client = TestClient::new(App::new().get("/", public(search)))?;
/// assert_eq!(client.get("/?author=7&page=2").await.text(), "Some(7) from 10");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Filtered<F, P> {
    /// Selects items.
    #[serde(flatten)]
    pub filter: F,
    /// Selects a page of them.
    #[serde(flatten)]
    pub paging: P,
}

impl<F: Query, P: Query> Query for Filtered<F, P> {
    fn read(query: &QueryString<'_>) -> Result<Self, Vec<FieldError>> {
        match (F::read(query), P::read(query)) {
            (Ok(filter), Ok(paging)) => Ok(Self { filter, paging }),
            (Err(mut errors), Err(more)) => {
                errors.extend(more);
                Err(errors)
            }
            (Err(errors), _) | (_, Err(errors)) => Err(errors),
        }
    }

    fn parameters() -> Vec<Parameter> {
        let mut parameters = F::parameters();
        parameters.extend(P::parameters());
        parameters
    }

    fn pagination() -> Option<Value> {
        P::pagination().or_else(F::pagination)
    }
}

/// The undecoded query string of a request.
///
/// # Examples
/// ```
/// use resourceful::{FieldError, Query, QueryString};
///
/// /// `?lang=de`, two letters.
/// struct Language(String);
///
/// impl Query for Language {
///     fn read(query: &QueryString<'_>) -> Result<Self, Vec<FieldError>> {
///         let language = query.last("lang").map_err(|error| vec![error])?.unwrap_or("en".into());
///         if language.len() == 2 {
///             Ok(Self(language.into_owned()))
///         } else {
///             Err(vec![FieldError::query("lang", "must be two letters")])
///         }
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct QueryString<'r> {
    raw: &'r str,
}

impl<'r> QueryString<'r> {
    /// # Errors
    /// 400 for more than 1000 parameters.
    pub(crate) fn new(raw: &'r str) -> Result<Self> {
        if has_too_many(raw) {
            return Err(Error::bad_request(
                "The query has more than 1000 parameters.",
            ));
        }
        Ok(Self { raw })
    }

    /// The fields of a form, which has the syntax of a query.
    ///
    /// # Errors
    /// 400 for more than 1000 fields.
    pub(crate) fn of_form(raw: &'r str) -> Result<Self> {
        if has_too_many(raw) {
            return Err(Error::bad_request("The form has more than 1000 fields."));
        }
        Ok(Self { raw })
    }

    /// The last value of a parameter, decoded.
    ///
    /// # Errors
    /// If the value is not UTF-8.
    pub fn last(&self, name: &'static str) -> Result<Option<Cow<'r, str>>, FieldError> {
        let Some((_, value)) = self.pairs().filter(|(known, _)| *known == name).last() else {
            return Ok(None);
        };
        decode(value)
            .map(Some)
            .ok_or_else(|| FieldError::query(name, "is not UTF-8"))
    }

    fn pairs(&self) -> impl Iterator<Item = (Cow<'r, str>, &'r str)> + use<'r> {
        let pairs = self.raw.split('&').filter(|pair| !pair.is_empty());
        pairs.filter_map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(name)?, value))
        })
    }

    /// The parameters as an object of strings or, by the schema, lists of strings.
    pub(crate) fn to_json(self, schema: &InputSchema) -> Parameters {
        let mut object = Map::new();
        let mut undecodable = Vec::new();
        let mut repeated = Vec::new();
        for (name, value) in self.pairs() {
            let name = name.into_owned();
            let Some(value) = decode(value) else {
                if !undecodable.contains(&name) {
                    undecodable.push(name);
                }
                continue;
            };
            let value = Value::String(value.into_owned());
            if schema.is_list(&name) {
                let values = object
                    .entry(name)
                    .or_insert_with(|| Value::Array(Vec::new()));
                values.as_array_mut().expect("made as an array").push(value);
            } else {
                undecodable.retain(|other| *other != name);
                if object.insert(name.clone(), value).is_some() && !repeated.contains(&name) {
                    repeated.push(name);
                }
            }
        }
        Parameters {
            values: object.into(),
            undecodable,
            repeated,
        }
    }
}

fn has_too_many(raw: &str) -> bool {
    raw.bytes().filter(|byte| *byte == b'&').count() >= MAX_PARAMETERS
}

/// Decodes `application/x-www-form-urlencoded` (WHATWG URL section 5.1); `None` if the bytes are not
/// UTF-8, which the standard replaces.
fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains(['%', '+']) {
        return Some(Cow::Borrowed(text));
    }
    let spaced = text.replace('+', " ");
    let decoded = percent_decode(spaced.as_bytes()).decode_utf8().ok()?;
    Some(Cow::Owned(decoded.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_a_repeated_parameter_counts() {
        let query = QueryString::new("a=1&b=2&a=3&&c").unwrap();
        assert_eq!(query.last("a").unwrap().as_deref(), Some("3"));
        assert_eq!(query.last("c").unwrap().as_deref(), Some(""));
        assert_eq!(query.last("d").unwrap(), None);
    }

    #[test]
    fn names_and_values_are_decoded() {
        let query = QueryString::new("%61=x+%2B%C3%A9&bad=%FF").unwrap();
        assert_eq!(query.last("a").unwrap().as_deref(), Some("x +é"));
        assert_eq!(query.last("bad").unwrap_err().location(), "bad");
    }

    #[test]
    fn too_many_parameters_are_refused() {
        assert!(QueryString::new(&"a&".repeat(999)).is_ok());
        assert_eq!(
            QueryString::new(&"a&".repeat(1000)).unwrap_err().status(),
            400
        );
    }
}

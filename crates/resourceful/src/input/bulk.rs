//! Bulk requests, whose items succeed or fail separately.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use serde::ser::{SerializeStruct, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::error::{Error, Result};
use crate::input::{Input, from_json};
use crate::task::gather::gather;

/// The items of a bulk request: an array whose elements are read and validated separately.
///
/// Invalid items keep their errors and do not affect valid ones. More than `MAX` items (default 1000)
/// get 422 for the whole request. The JSON Schema is an array of `T`. A `Bulk` does not work inside
/// `#[serde(flatten)]` or a tagged enum, since these do not keep the items as they were sent.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful::{Bulk, BulkResults};
///
/// #[derive(Deserialize, JsonSchema, Validate)]
/// struct NewTag { #[garde(length(min = 1))] name: String }
///
/// #[derive(Deserialize, JsonSchema, Validate)]
/// struct NewTags { #[garde(skip)] tags: Bulk<NewTag> }
///
/// async fn create(mut request: Request) -> Result<Json<BulkResults<String>>> {
///     let new: NewTags = request.json().await?;
///     // Up to 8 at the same time; the results keep the order of the list.
///     let store = |tag: NewTag| async move { Ok::<_, Error>(tag.name.to_uppercase()) };
///     Ok(Json(new.tags.process(8, store).await))
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let client = TestClient::new(App::new().post("/tags", public(create)))?;
/// let tags = serde_json::json!({"tags": [{"name": "a"}, {"name": ""}, 5]});
/// assert_eq!(client.post("/tags").json(&tags).await.json(), serde_json::json!({
///     "succeeded": [{"index": 0, "value": "A"}],
///     "failed": [
///         {"index": 1, "error": "name: length is lower than 1", "data": {"name": ""}},
///         {"index": 2, "error": "must be an object", "data": 5},
///     ],
/// }));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Bulk<T, const MAX: usize = 1000>(Vec<BulkItem<T>>);

/// One item of a [`Bulk`].
///
/// # Examples
/// ```
/// # use resourceful::prelude::*;
/// use resourceful::Bulk;
///
/// #[derive(Deserialize, JsonSchema, Validate)]
/// struct Tag { #[garde(skip)] name: String }
///
/// let tags: Bulk<Tag> = serde_json::from_str(r#"[{"name": "a"}, null]"#).unwrap();
/// let names: Vec<_> = tags.into_iter().filter_map(|item| item.value.ok()).collect();
/// assert_eq!(names[0].name, "a");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct BulkItem<T> {
    /// Index in the list, from 0.
    pub index: usize,
    /// The item, or an error that names every wrong field.
    pub value: Result<T>,
    /// The item as it was sent.
    pub data: Box<RawValue>,
}

/// The results of a [`Bulk`], both lists in the order of the request.
///
/// # Examples
/// See [`Bulk`].
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "{O}BulkResults")]
#[non_exhaustive]
pub struct BulkResults<O> {
    /// The processed items and their results.
    pub succeeded: Vec<BulkSuccess<O>>,
    /// The items that were invalid or failed.
    pub failed: Vec<BulkFailure>,
}

/// A processed item.
///
/// # Examples
/// See [`Bulk`].
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "{O}BulkSuccess")]
#[non_exhaustive]
pub struct BulkSuccess<O> {
    /// Index in the list, from 0.
    pub index: usize,
    /// The result.
    pub value: O,
}

/// An item that was invalid or failed. Serialised as `index`, `error` (a text that names the fields) and
/// `data` (the item as it was sent).
///
/// # Examples
/// ```
/// # use resourceful::prelude::*;
/// use resourceful::{Bulk, BulkFailure};
///
/// #[derive(Deserialize, JsonSchema, Validate)]
/// struct Tag { #[garde(skip)] name: String }
///
/// let tags: Bulk<Tag> = serde_json::from_str(r#"[{"nam": "a"}]"#).unwrap();
/// let item = tags.into_iter().next().unwrap();
/// let failure = BulkFailure::new(item.index, item.data, item.value.err().unwrap());
/// assert_eq!(
///     serde_json::to_string(&failure).unwrap(),
///     r#"{"index":0,"error":"name: is required","data":{"nam": "a"}}"#,
/// );
/// ```
#[derive(Debug)]
pub struct BulkFailure {
    index: usize,
    data: Box<RawValue>,
    error: Error,
}

impl<T, const MAX: usize> Bulk<T, MAX> {
    /// The number of items, valid or not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no items.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Runs `work` on every valid item, at most `limit` at the same time (see [`gather`]).
    ///
    /// An error fails only its item, also a 5xx, which is logged; the client gets its detail or its status
    /// phrase. If an error must undo the whole request, write a loop over the items and return with `?`.
    pub async fn process<F, O, E>(self, limit: usize, work: impl Fn(T) -> F) -> BulkResults<O>
    where
        F: Future<Output = Result<O, E>>,
        E: Into<Error>,
    {
        let mut sent = Vec::with_capacity(self.len());
        let mut jobs = Vec::with_capacity(self.len());
        for BulkItem { index, value, data } in self {
            sent.push((index, data));
            jobs.push(process_item(&work, value));
        }
        partition(sent, gather(limit, jobs).await)
    }
}

/// Starts the work when polled, so that the limit covers all of it.
async fn process_item<T, F, O, E>(work: &impl Fn(T) -> F, value: Result<T>) -> Result<O>
where
    F: Future<Output = Result<O, E>>,
    E: Into<Error>,
{
    work(value?).await.map_err(Into::into)
}

fn partition<O>(sent: Vec<(usize, Box<RawValue>)>, results: Vec<Result<O>>) -> BulkResults<O> {
    let (mut succeeded, mut failed) = (Vec::new(), Vec::new());
    for ((index, data), result) in sent.into_iter().zip(results) {
        match result {
            Ok(value) => succeeded.push(BulkSuccess { index, value }),
            Err(error) => {
                if error.status().is_server_error() {
                    tracing::error!(
                        index,
                        error = error.to_string(),
                        "an item of a bulk request failed"
                    );
                }
                failed.push(BulkFailure::new(index, data, error));
            }
        }
    }
    BulkResults { succeeded, failed }
}

impl<T, const MAX: usize> IntoIterator for Bulk<T, MAX> {
    type Item = BulkItem<T>;
    type IntoIter = std::vec::IntoIter<BulkItem<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl BulkFailure {
    /// A failed item, with its JSON as it was sent.
    #[must_use]
    pub fn new(index: usize, data: Box<RawValue>, error: Error) -> Self {
        Self { index, data, error }
    }

    /// Index in the list, from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// The error.
    #[must_use]
    pub fn error(&self) -> &Error {
        &self.error
    }
}

/// The text of an item's error for the client.
fn client_text(error: &Error) -> Cow<'_, str> {
    let fields = error.fields().iter().map(|field| {
        let location = field.location().trim_start_matches('/');
        match location {
            "" => field.detail().to_owned(),
            location => format!("{location}: {}", field.detail()),
        }
    });
    let fields = fields.collect::<Vec<_>>().join("; ");
    if !fields.is_empty() {
        return fields.into();
    }
    let phrase = error.status().canonical_reason().unwrap_or("Error");
    error.detail().unwrap_or(phrase).into()
}

impl Serialize for BulkFailure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut failure = serializer.serialize_struct("BulkFailure", 3)?;
        failure.serialize_field("index", &self.index)?;
        failure.serialize_field("error", &client_text(&self.error))?;
        failure.serialize_field("data", &self.data)?;
        failure.end()
    }
}

impl JsonSchema for BulkFailure {
    fn schema_name() -> Cow<'static, str> {
        "BulkFailure".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "type": "object",
            "properties": {
                "index": {"type": "integer", "minimum": 0},
                "error": {"type": "string"},
                "data": true,
            },
            "required": ["index", "error", "data"],
        })
    }
}

impl<'de, T: Input, const MAX: usize> Deserialize<'de> for Bulk<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Items::<T, MAX>(PhantomData))
    }
}

struct Items<T, const MAX: usize>(PhantomData<T>);

impl<'de, T: Input, const MAX: usize> Visitor<'de> for Items<T, MAX> {
    type Value = Bulk<T, MAX>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a sequence")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(data) = elements.next_element::<Box<RawValue>>()? {
            let index = items.len();
            if index == MAX {
                return Err(A::Error::custom(format!("has more than {MAX} items")));
            }
            let value = from_json(data.get().as_bytes());
            items.push(BulkItem { index, value, data });
        }
        Ok(Bulk(items))
    }
}

/// An array of `T`. The keyword makes checks skip the items, which are read separately.
impl<T: JsonSchema, const MAX: usize> JsonSchema for Bulk<T, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Bulk_of_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "type": "array",
            "items": generator.subschema_for::<T>(),
            "maxItems": MAX,
            "x-read-one-by-one": true,
        })
    }
}

//! A body of many items, in which one bad item harms no other.

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

/// The items of a bulk request: an array whose elements are read and validated one by one, so
/// that the good ones can be worked on and of each bad one it is known what is wrong.
///
/// More than `MAX` items (1000, if nothing is said) are 422 for the whole request. Its JSON Schema
/// is an array of `T`. It does not work inside `#[serde(flatten)]` or a tagged enum, which do not
/// leave its items as they were sent.
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
///     // Up to 8 at the same time; outcomes come in the order of the list.
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
    /// Its place in the list, from 0.
    pub index: usize,
    /// The item, or everything that is wrong with it.
    pub value: Result<T>,
    /// The item as it was sent.
    pub data: Box<RawValue>,
}

/// What became of the items of a [`Bulk`], both lists in the order of the request.
///
/// # Examples
/// See [`Bulk`].
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct BulkResults<O> {
    /// The items that were worked on, and what came of it.
    pub succeeded: Vec<BulkSuccess<O>>,
    /// The items that were wrong, or whose work failed.
    pub failed: Vec<BulkFailure>,
}

/// An item that was worked on.
///
/// # Examples
/// See [`Bulk`].
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct BulkSuccess<O> {
    /// Its place in the list, from 0.
    pub index: usize,
    /// What came of it.
    pub value: O,
}

/// An item that was wrong, or whose work failed: serialised as `index`, `error` (a text that
/// names the fields) and `data`, the item as it was sent.
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
    /// How many items were sent, good or bad.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::{Bulk, Never};
    /// let none: Bulk<Never> = serde_json::from_str("[]").unwrap();
    /// assert_eq!(none.len(), 0);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Were none sent?
    ///
    /// # Examples
    /// ```
    /// # use resourceful::{Bulk, Never};
    /// let none: Bulk<Never> = serde_json::from_str("[]").unwrap();
    /// assert!(none.is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Does `work` on every good item, at most `limit` at the same time (see [`gather`]).
    ///
    /// Work that fails with a 5xx fails its item alone, too, and is logged; its client reads
    /// no more than the status or the error's detail. Where that must undo the whole, write the loop over the items
    /// instead and leave it by `?`.
    ///
    /// # Examples
    /// See [`Bulk`].
    pub async fn process<F, O, E>(self, limit: usize, work: impl Fn(T) -> F) -> BulkResults<O>
    where
        F: Future<Output = Result<O, E>>,
        E: Into<Error>,
    {
        let mut sent = Vec::with_capacity(self.len());
        let mut jobs = Vec::with_capacity(self.len());
        for BulkItem { index, value, data } in self {
            sent.push((index, data));
            jobs.push(outcome(&work, value));
        }
        sort_out(sent, gather(limit, jobs).await)
    }
}

/// The work begins when this is polled, so that all of it is under the limit.
async fn outcome<T, F, O, E>(work: &impl Fn(T) -> F, value: Result<T>) -> Result<O>
where
    F: Future<Output = Result<O, E>>,
    E: Into<Error>,
{
    work(value?).await.map_err(Into::into)
}

fn sort_out<O>(sent: Vec<(usize, Box<RawValue>)>, outcomes: Vec<Result<O>>) -> BulkResults<O> {
    let (mut succeeded, mut failed) = (Vec::new(), Vec::new());
    for ((index, data), outcome) in sent.into_iter().zip(outcomes) {
        match outcome {
            Ok(value) => succeeded.push(BulkSuccess { index, value }),
            Err(error) => {
                if error.status().is_server_error() {
                    tracing::error!(
                        index,
                        error = error.to_string(),
                        "work on an item of a bulk request failed"
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
    /// The failure of an item that was sent so.
    ///
    /// # Examples
    /// See [`BulkFailure`].
    #[must_use]
    pub fn new(index: usize, data: Box<RawValue>, error: Error) -> Self {
        Self { index, data, error }
    }

    /// Its place in the list, from 0.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::{BulkFailure, Error};
    /// # let data = serde_json::value::to_raw_value(&5).unwrap();
    /// let failure = BulkFailure::new(3, data, Error::conflict("It is there already."));
    /// assert_eq!(failure.index(), 3);
    /// ```
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// What went wrong.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::{BulkFailure, Error};
    /// # let data = serde_json::value::to_raw_value(&5).unwrap();
    /// let failure = BulkFailure::new(3, data, Error::conflict("It is there already."));
    /// assert_eq!(failure.error().status(), 409);
    /// ```
    #[must_use]
    pub fn error(&self) -> &Error {
        &self.error
    }
}

/// What the client reads of an item's error.
fn outside_text(error: &Error) -> Cow<'_, str> {
    let fields = error.fields().iter().map(|field| {
        let place = field.location().trim_start_matches('/');
        match place {
            "" => field.detail().to_owned(),
            place => format!("{place}: {}", field.detail()),
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
        failure.serialize_field("error", &outside_text(&self.error))?;
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

/// An array of `T` that is not looked into: each item is read by itself.
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

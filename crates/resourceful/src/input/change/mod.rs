//! Fields of a partial update, which distinguish an absent member from null.

mod garde_rules;

use garde::Validate;
use garde::error::NoKey;
use garde::rules::inner::Inner;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::ser::{Error as _, Serialize, Serializer};
use serde::{Deserialize, Deserializer};

/// A field of a partial update: kept, or set to a new value.
///
/// Unlike `Option`, it distinguishes an absent member from `null`: `null` is an invalid value unless the
/// field is a `Change<Option<T>>`. Put `#[serde(default)]` on the struct or the field. Rules apply to a
/// new value; put a `custom` rule inside `#[garde(inner(..))]`.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
///
/// #[derive(Default, Deserialize, JsonSchema, Validate)]
/// #[serde(default)]
/// struct PostChanges {
///     #[garde(length(chars, min = 1, max = 200))]
///     title: Change<String>,
///     #[garde(skip)]
///     published: Change<bool>,
/// }
///
/// let changes: PostChanges = serde_json::from_str(r#"{"title": "New"}"#).unwrap();
/// assert_eq!(changes.title, Change::Set("New".to_owned()));
/// assert_eq!(changes.published.unwrap_or(true), true); // kept
/// assert!(serde_json::from_str::<PostChanges>(r#"{"title": null}"#).is_err());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// The member is absent: the field is kept.
    #[default]
    Keep,
    /// The member is present: the field gets this value.
    Set(T),
}

impl<T> Change<T> {
    /// The new value, or the current one.
    ///
    /// # Examples
    /// ```
    /// use resourceful::Change;
    /// assert_eq!(Change::Set(2).unwrap_or(1), 2);
    /// assert_eq!(Change::Keep.unwrap_or(1), 1);
    /// ```
    pub fn unwrap_or(self, current: T) -> T {
        self.into_option().unwrap_or(current)
    }

    /// The new value, if there is one.
    pub fn into_option(self) -> Option<T> {
        match self {
            Self::Keep => None,
            Self::Set(value) => Some(value),
        }
    }

    /// Whether the field is kept. Structs that are sent to a server must skip such fields.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    ///
    /// #[derive(Default, Serialize)]
    /// struct PostChanges {
    ///     #[serde(skip_serializing_if = "Change::is_keep")]
    ///     title: Change<String>,
    ///     #[serde(skip_serializing_if = "Change::is_keep")]
    ///     author: Change<Option<i64>>,
    /// }
    ///
    /// let changes = PostChanges { author: Change::Set(None), ..Default::default() };
    /// assert_eq!(serde_json::to_string(&changes).unwrap(), r#"{"author":null}"#);
    /// ```
    pub fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }
}

/// Writes the new value. `Keep` has none and fails: as `null` it would set a `Change<Option<T>>` to null.
impl<T: Serialize> Serialize for Change<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Set(value) => value.serialize(serializer),
            Self::Keep => Err(S::Error::custom(
                "a `Change::Keep` cannot be written: add `#[serde(skip_serializing_if = \"Change::is_keep\")]`",
            )),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::Set)
    }
}

impl<T: JsonSchema> JsonSchema for Change<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> std::borrow::Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// For `#[garde(inner(..))]`.
impl<T> Inner<T> for Change<T> {
    type Key = NoKey;

    fn validate_inner<F: FnMut(&T, &NoKey)>(&self, mut check: F) {
        if let Self::Set(value) = self {
            check(value, &NoKey::default());
        }
    }
}

/// For `#[garde(dive)]`.
impl<T: Validate> Validate for Change<T> {
    type Context = T::Context;

    fn validate_into(
        &self,
        context: &Self::Context,
        parent: &mut dyn FnMut() -> garde::Path,
        report: &mut garde::Report,
    ) {
        if let Self::Set(value) = self {
            value.validate_into(context, parent, report);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default, Deserialize, JsonSchema, serde::Serialize)]
    #[serde(default)]
    struct Changes {
        #[serde(skip_serializing_if = "Change::is_keep")]
        title: Change<Option<String>>,
        unskipped: Change<i64>,
    }

    #[test]
    fn keep_is_never_written() {
        let error = serde_json::to_string(&Changes::default()).unwrap_err();
        assert!(error.to_string().contains("skip_serializing_if"), "{error}");
        let unskipped = Change::Set(7);
        let title = Change::Keep;
        let json = serde_json::to_string(&Changes { title, unskipped }).unwrap();
        assert_eq!(json, r#"{"unskipped":7}"#);
    }

    #[test]
    fn keep_is_no_default_in_the_schema() {
        let schema = schemars::schema_for!(Changes).to_value();
        for member in ["title", "unskipped"] {
            let member = &schema["properties"][member];
            assert!(member.is_object() && member.get("default").is_none());
        }
    }
}

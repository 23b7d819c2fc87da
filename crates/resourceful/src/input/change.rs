//! A member of a partial update: absent is not null.

use garde::Validate;
use garde::error::NoKey;
use garde::rules::inner::Inner;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};

/// What a partial update says of one field: nothing, or a new value.
///
/// `Option` cannot tell an absent member from `null`; this can: `null` is a wrong value
/// unless the field is a `Change<Option<T>>`. Put `#[serde(default)]` on the struct or the
/// field; rules hold for a new value, a `custom` one inside `#[garde(inner(..))]`.
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
    /// The member is absent: the field stays as it is.
    #[default]
    Keep,
    /// The member is there: the field gets this value.
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
    ///
    /// # Examples
    /// ```
    /// assert_eq!(resourceful::Change::Set(2).into_option(), Some(2));
    /// ```
    pub fn into_option(self) -> Option<T> {
        match self {
            Self::Keep => None,
            Self::Set(value) => Some(value),
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

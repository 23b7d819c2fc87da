//! [`Id`]: what names an item in its path.

use std::fmt::Display;
use std::str::FromStr;

use schemars::JsonSchema;

/// What can name an item in a path.
///
/// Every type that can be parsed and displayed, and has a schema; one that parses `+7` and displays `7` is
/// found under `7` alone.
///
/// # Examples
/// ```
/// fn is_id<T: resourceful::Id>() {}
/// is_id::<i64>();
/// is_id::<String>();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the id of an item",
    note = "an id implements `FromStr`, `Display` and `JsonSchema`, and is `Send`"
)]
pub trait Id: FromStr + Display + JsonSchema + Send + 'static {}

impl<T: FromStr + Display + JsonSchema + Send + 'static> Id for T {}

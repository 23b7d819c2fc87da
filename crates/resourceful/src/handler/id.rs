//! [`Id`]: types that identify an item in its path.

use std::fmt::Display;
use std::str::FromStr;

use schemars::JsonSchema;

/// A type that can identify an item in its path.
///
/// Every type that implements `FromStr`, `Display` and `JsonSchema` is one. If the type parses `+7` and
/// displays `7`, only the path with `7` matches.
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

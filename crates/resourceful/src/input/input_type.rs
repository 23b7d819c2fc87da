//! The bounds of a type that is read from a request.

use garde::Validate;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

/// The bounds of the blanket implementation of [`Input`](crate::input::Input).
pub(crate) trait InputType:
    DeserializeOwned + JsonSchema + Validate<Context = ()> + 'static
{
}

impl<T: DeserializeOwned + JsonSchema + Validate<Context = ()> + 'static> InputType for T {}

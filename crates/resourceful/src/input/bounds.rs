//! What an input can do, for those who read one.

use garde::Validate;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

/// The bounds of [`Input`](super::Input)'s implementation.
pub(crate) trait Readable:
    DeserializeOwned + JsonSchema + Validate<Context = ()> + 'static
{
}

impl<T: DeserializeOwned + JsonSchema + Validate<Context = ()> + 'static> Readable for T {}

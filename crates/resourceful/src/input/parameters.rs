//! [`Parameters`]: texts by name, before they are typed.

use serde_json::Value;

/// Decoded parameters of a query string or fields of a form.
#[doc(hidden)]
#[derive(Debug)]
pub struct Parameters {
    /// An object of strings and lists of strings.
    pub(crate) values: Value,
    /// The names of values that were not UTF-8.
    pub(crate) undecodable: Vec<String>,
    /// The names with several values whose member is no list. The last value counts.
    pub(crate) repeated: Vec<String>,
}

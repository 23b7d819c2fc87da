//! The JSON Schema of an input type, compiled once per type.

pub(crate) mod compile;
pub(crate) mod input_schema;
pub(crate) mod nesting;
pub(crate) mod subschema;
pub(crate) mod types;

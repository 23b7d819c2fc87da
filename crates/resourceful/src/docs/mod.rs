//! The API document, served: built from the routes, as JSON, and as a page for people.

pub(crate) mod build;
pub(crate) mod openapi_json;
pub(crate) mod swagger_ui;

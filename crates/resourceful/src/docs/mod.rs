//! The API document: built from the routes, served as JSON and as a web page.

pub(crate) mod access_rules;
pub(crate) mod build;
pub(crate) mod openapi_json;
pub(crate) mod swagger_ui;

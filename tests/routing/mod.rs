//! From a path and a method to an action.

mod build_errors;
mod methods;
mod nesting;
mod paths;
mod slashes;

//! From a path and a method to an action.

mod build_errors;
mod methods;
mod paths;
mod slashes;

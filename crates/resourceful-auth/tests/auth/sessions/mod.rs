//! Sessions with cookies.

mod clocks;
mod cookies;
mod data;
mod dropped;
mod sign_in;
mod sign_out;
mod site;

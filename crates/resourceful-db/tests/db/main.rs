//! Tests of `Db` on both databases.

mod acquiring;
mod parameters;
mod model;
mod smoke;

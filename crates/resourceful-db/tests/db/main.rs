//! Tests of `Db` on both databases.

mod acquiring;
mod parameters;
mod generated;
mod model;
mod smoke;

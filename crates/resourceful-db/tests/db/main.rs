//! Tests of `Db` on both databases, against real servers and files.

// SeaORM's macros make public items.
#![allow(unreachable_pub, elided_lifetimes_in_paths)]
#![allow(missing_docs, clippy::unwrap_used)]

mod acquiring;
mod bad_days;
mod dbs;
mod dropped;
mod limits;
mod migrations;
mod model;
mod parameters;
mod pooler;
mod shared;
mod telemetry;
mod tls;
mod transactions;
mod types;

//! Tests of `Db` on both databases, against real servers and files.

// SeaORM's macros make public items.
#![allow(unreachable_pub, elided_lifetimes_in_paths)]
#![allow(
    clippy::unwrap_used,
    clippy::large_futures,
    clippy::similar_names,
    clippy::too_many_lines
)]

mod acquiring;
mod actions_dropped;
mod bad_days;
mod conditional;
mod constraints;
mod dbs;
mod dropped;
mod entities;
mod generated;
mod injection;
mod key_widths;
mod limits;
mod lists;
mod migrations;
mod model;
mod nested;
mod parameters;
mod pooler;
mod relations;
mod scopes;
mod shared;
mod stored_values;
mod telemetry;
mod tls;
mod transaction_control;
mod transactions;
mod types;
mod writable;

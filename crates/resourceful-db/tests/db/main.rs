//! Tests of `Db` on both databases, against real servers and files.

// SeaORM's macros make public items.
#![allow(unreachable_pub)]

mod acquiring;
mod actions_dropped;
mod dbs;
mod dropped;
mod injection;
mod lists;
mod model;
mod parameters;
mod transactions;
mod types;

//! Tests of `Db` on both databases, against real servers and files.

// SeaORM's macros make public items.
#![allow(unreachable_pub)]

mod dbs;
mod dropped;
mod transactions;
mod types;

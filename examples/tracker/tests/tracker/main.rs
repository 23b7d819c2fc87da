//! The tracker on SQLite and on PostgreSQL.

#![allow(clippy::unwrap_used)]

mod contract;
mod database;
mod process;
mod walk;

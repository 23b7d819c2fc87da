//! The servers of `benches/databases`, on PostgreSQL and on SQLite.

pub(crate) mod count;
mod database;
mod load;
mod peer;
pub(crate) mod table;
pub(crate) mod time;

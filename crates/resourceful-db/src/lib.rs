//! x
mod changed;
mod connection_trait;
mod db;
mod entities;
mod error;
mod migrate;
mod options;
mod place;
mod postgres;
mod proxy_row;
mod row;
mod sqlite;
mod statement;
mod tx;
mod value;

pub use self::db::{Db, Statistics};
pub use self::error::{DbError, DbErrorKind};
pub use self::options::DbOptions;
pub use self::row::Row;
pub use self::tx::Tx;

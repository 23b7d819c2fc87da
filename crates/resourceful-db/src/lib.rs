#![doc = include_str!("lib.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod by_type;
mod changed;
mod connection_trait;
mod create_missing;
mod cursor_keys;
mod db;
mod entities;
mod error;
#[doc(hidden)]
pub mod hidden;
mod lexer;
mod metrics;
mod migrate;
mod model;
mod options;
mod place;
mod postgres;
mod proxy_row;
mod request_tx;
mod row;
mod shape;
mod source;
mod sqlite;
mod statement;
mod tx;
mod value;

pub use self::db::{Db, Statistics};
pub use self::error::{DbError, DbErrorKind};
pub use self::options::DbOptions;
pub use self::row::Row;
pub use self::tx::Tx;

pub use self::model::changeset::{Assign, Changeset};
pub use self::model::counted::{CountedUpTo, Uncounted};
pub use self::model::cursor::Cursor;
pub use self::model::filter::{Comparable, Conditions, Filter, FilterValue, Operator};
pub use self::model::found::{Found, ItemId};
pub use self::model::item::Item;
pub use self::model::list_query::{Count, ListQuery, PageEnd, Window};
pub use self::model::nested::Nested;
pub use self::model::order::{Direction, Order, OrderKey};
pub use self::model::ordered::Ordered;
pub use self::model::resource::{ActiveModel, Column, Committed, Hooks, Model, ModelResource};
pub use self::model::scope::Scope;
pub use self::model::within::Within;

pub use self::model::actions::{self, bulk_create, bulk_destroy, bulk_update};
pub use resourceful_macros::{Changeset, Filter, Item, Order};

/// The names that each model resource needs: `use resourceful_db::prelude::*;`
pub mod prelude {
    pub use crate::{
        Changeset, Committed, Db, DbError, Filter, Found, Item, ModelResource, Order, Scope, Tx,
        Within,
    };
}

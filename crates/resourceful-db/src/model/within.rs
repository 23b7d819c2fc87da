//! [`Within`]: the parent of a nested model resource.

use std::sync::Arc;

use sea_orm::sea_query::Value;
use sea_orm::{EntityTrait, PrimaryKeyTrait};

use crate::entities::primary_key;
use crate::model::scope::Scope;
use crate::model::term::{Keys, KeysOf};

/// The parent of a nested resource: the row that the column of each item refers to.
///
/// A parent that is not in its scope does not exist: the six actions below it, those of its items and bulk actions are a
/// 404. Another action without an item checks the parent itself.
///
/// # Examples
/// See the guide, "Tables".
#[derive(Debug)]
pub struct Within<E: EntityTrait> {
    pub(crate) column: E::Column,
    /// The value of the column, if the parent exists for the caller.
    pub(crate) parent: Arc<dyn Keys>,
}

impl<E: EntityTrait> Within<E> {
    /// The items whose `column` is the primary key of the parent in `scope`, which has one row at most.
    ///
    /// # Panics
    /// If the table of the parent has no primary key.
    #[must_use]
    pub fn parent<P>(column: E::Column, scope: Scope<P>) -> Self
    where
        P: EntityTrait<PrimaryKey: PrimaryKeyTrait<ValueType: Into<Value>>>,
    {
        Self::parent_by(column, scope, primary_key::<P>())
    }

    /// The items whose `column` is the `key` of the parent in `scope`, which has one row at most: a column other
    /// than the primary key.
    #[must_use]
    pub fn parent_by<P: EntityTrait>(column: E::Column, scope: Scope<P>, key: P::Column) -> Self {
        Self {
            column,
            parent: Arc::new(KeysOf { scope, key }),
        }
    }
}

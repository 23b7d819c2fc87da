//! [`Within`]: the parent of a nested model resource.

use std::sync::Arc;

use sea_orm::EntityTrait;

use crate::model::scope::Scope;
use crate::model::term::{Keys, KeysOf};

/// The parent of a nested resource: the row that the column of each item refers to.
///
/// A parent that is not in its scope does not exist: each request below it is a 404.
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
    /// The items whose `column` is the `key` of the parent in `scope`, which has one row at most.
    #[must_use]
    pub fn parent<P: EntityTrait>(column: E::Column, scope: Scope<P>, key: P::Column) -> Self {
        Self {
            column,
            parent: Arc::new(KeysOf { scope, key }),
        }
    }
}

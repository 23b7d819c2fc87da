//! The statement that reads items, and the function that reads their rows.

use sea_orm::EntityName;
use sea_orm::sea_query::{ArrayType, Query as SqlQuery, SelectStatement, SimpleExpr, Value};

use crate::error::DbError;
use crate::model::item::Item;
use crate::model::nested;
use crate::row::Row;

/// An item with the values that were read besides.
pub(crate) struct Loaded<I> {
    pub(crate) item: I,
    /// The values by which related items are found.
    pub(crate) keys: Vec<Value>,
    pub(crate) extra: Vec<Value>,
}

/// The columns of the item, its keys and `extra`, in this order.
pub(crate) fn columns<I: Item>(extra: Vec<SimpleExpr>) -> Result<Vec<SimpleExpr>, DbError> {
    let mut columns = I::columns();
    columns.extend(nested::keys::<I>()?.into_iter().map(|(key, _)| key));
    columns.extend(extra);
    Ok(columns)
}

/// Selects the [`columns`] of all rows.
pub(crate) fn select<I: Item>(extra: Vec<SimpleExpr>) -> Result<SelectStatement, DbError> {
    let mut statement = SqlQuery::select();
    statement.exprs(columns::<I>(extra)?);
    statement.from(I::Entity::default().table_ref());
    Ok(statement)
}

/// Reads a row of [`columns`]; the further ones in these variants.
pub(crate) fn reader<I: Item>(
    extra: Vec<ArrayType>,
) -> Result<impl Fn(&mut Row<'_>) -> Result<Loaded<I>, DbError> + Send + 'static, DbError> {
    let keys = nested::keys::<I>()?.into_iter();
    let keys: Vec<_> = keys.map(|(_, variant)| variant).collect();
    Ok(move |row: &mut Row<'_>| {
        let item = I::read(row)?;
        let mut values = |variants: &[ArrayType]| {
            variants
                .iter()
                .map(|variant| row.read_value(variant))
                .collect::<Result<Vec<_>, _>>()
        };
        Ok(Loaded {
            item,
            keys: values(&keys)?,
            extra: values(&extra)?,
        })
    })
}

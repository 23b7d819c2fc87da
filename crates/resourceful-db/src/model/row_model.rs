//! SeaORM's model, read from a row.

use sea_orm::sea_query::{Expr, SimpleExpr};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, Iterable, TryIntoModel};

use crate::entities::variants;
use crate::error::DbError;
use crate::row::Row;

/// All columns of the table.
pub(crate) fn columns<E: EntityTrait>() -> Vec<SimpleExpr> {
    let columns = E::Column::iter();
    columns
        .map(|column| column.select_as(Expr::col(column.as_column_ref())))
        .collect()
}

/// Reads a row of [`columns`].
pub(crate) fn row_model<E>() -> impl Fn(&mut Row<'_>) -> Result<E::Model, DbError> + Send + 'static
where
    E: EntityTrait<ActiveModel: TryIntoModel<E::Model>>,
{
    // Text is read in every variant that is stored as text, as `DeriveActiveEnum` wants it.
    let variants = variants::<E>();
    move |row: &mut Row<'_>| {
        let mut model = <E::ActiveModel as ActiveModelTrait>::default();
        for (column, variant) in E::Column::iter().zip(&*variants) {
            model.try_set(column, row.read_value(variant)?)?;
        }
        Ok(model.try_into_model()?)
    }
}

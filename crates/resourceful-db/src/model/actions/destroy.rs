//! `destroy`.

use chrono::{SubsecRound, Utc};
use resourceful::{Caller, Request};
use sea_orm::sea_query::{Expr, Query as SqlQuery};
use sea_orm::{ColumnTrait, EntityName};

use crate::entities::variant;
use crate::error::DbError;
use crate::model::actions::retrieve::locked;
use crate::model::actions::{
    Connection, committed, db, needs_tx, of_hook, row_of, unchanged, unwritten, writable,
};
use crate::model::found::ItemId;
use crate::model::resource::{Committed, Model, ModelResource};
use crate::model::scope::Scope;
use crate::shape::Shape;
use crate::source::Source;
use crate::tx::Tx;
use crate::value::time;

/// Deletes an item.
///
/// # Errors
/// 404 if it does not exist for the caller, 409 if other rows still refer to it; any error of a hook.
pub async fn destroy<R>(
    resource: &R,
    request: &Request<Caller<R>>,
    id: ItemId<R>,
) -> Result<(), R::Error>
where
    R: ModelResource<Error: From<DbError>, Key: Clone>,
{
    Ok(delete(resource, request, id.0).await?)
}

async fn delete<R>(resource: &R, request: &Request<Caller<R>>, id: R::Key) -> Result<(), DbError>
where
    R: ModelResource<Key: Clone>,
{
    let writable = writable(resource, request).and(unchanged::<R>(request));
    let row = row_of::<R>(writable, id.clone());
    let connection = Connection::of(resource, request);
    let source = connection.source();
    if !needs_tx::<R>(request, R::HOOKS.destroy()) {
        return match execute::<R>(source, &row).await? {
            0 => Err(unwritten(resource, request, id, source).await),
            _ => Ok(()),
        };
    }
    let attempt = || in_transaction(resource, request, id.clone(), &row);
    let before = source.repeated(attempt).await?;
    committed(resource, request, Some(Committed::Destroyed(before))).await?;
    Ok(())
}

async fn in_transaction<R: ModelResource<Key: Clone>>(
    resource: &R,
    request: &Request<Caller<R>>,
    id: R::Key,
    row: &Scope<R::Entity>,
) -> Result<Model<R>, DbError> {
    let tx = db(resource).begin_for(request).await?;
    let before = with_hooks(resource, request, id, row, &tx).await?;
    tx.commit().await?;
    Ok(before)
}

/// The deletion with its hooks.
pub(super) async fn with_hooks<R: ModelResource<Key: Clone>>(
    resource: &R,
    request: &Request<Caller<R>>,
    id: R::Key,
    row: &Scope<R::Entity>,
    tx: &Tx,
) -> Result<Model<R>, DbError> {
    let before = locked(resource, request, id.clone(), Source::Tx(tx)).await?;
    resource
        .before_destroy(request, tx, &before)
        .await
        .map_err(of_hook::<R>)?;
    if execute::<R>(Source::Tx(tx), row).await? == 0 {
        // A precondition is false, or a hook has changed it.
        return Err(unwritten(resource, request, id, Source::Tx(tx)).await);
    }
    resource
        .after_destroy(request, tx, &before)
        .await
        .map_err(of_hook::<R>)?;
    Ok(before)
}

/// Deletes the row, and returns the number of deleted rows.
async fn execute<R: ModelResource>(
    source: Source<'_>,
    row: &Scope<R::Entity>,
) -> Result<u64, DbError> {
    let table = || <R::Entity as Default>::default().table_ref();
    let query = if let Some(column) = R::deleted_at() {
        let now = time(Utc::now().trunc_subsecs(6), &variant::<R::Entity>(column));
        let mut shape = Shape::of::<R>("mark as deleted");
        shape.values([now.clone()]);
        row.describe(&mut shape);
        source.statement(shape, |_| {
            let mut statement = SqlQuery::update();
            statement.table(table());
            statement.value(column, column.save_as(Expr::val(now)));
            statement.cond_where(row.condition());
            Ok(statement)
        })?
    } else {
        let mut shape = Shape::of::<R>("delete");
        row.describe(&mut shape);
        source.statement(shape, |_| {
            let mut statement = SqlQuery::delete();
            statement.from_table(table());
            statement.cond_where(row.condition());
            Ok(statement)
        })?
    };
    source.execute(query).await
}

//! `retrieve`, and the row of an item for hooks that are written by hand.

use resourceful::{Caller, Request};

use crate::error::DbError;
use crate::model::actions::{Connection, not_found, row_of, scope, unwritten, writable};
use crate::model::conditions;
use crate::model::found::ItemId;
use crate::model::item::Item;
use crate::model::nested::load_nested_of;
use crate::model::resource::{Model, ModelResource};
use crate::model::scope::Scope;
use crate::model::select::{reader, select};
use crate::shape::Shape;
use crate::source::Source;

/// Retrieves an item.
///
/// # Errors
/// 404 if it does not exist, or is not visible to the caller.
pub async fn retrieve<R, I>(
    resource: &R,
    request: &Request<Caller<R>>,
    id: ItemId<R>,
) -> Result<I, R::Error>
where
    R: ModelResource<Error: From<DbError>>,
    I: Item<Entity = R::Entity>,
{
    let row = row_of::<R>(scope(resource, request), id.0);
    let connection = Connection::of(resource, request);
    let item = item_in::<R, I>(request, &row, connection.source()).await?;
    Ok(item.ok_or_else(not_found)?)
}

/// The item of the row in the scope.
pub(super) async fn item_in<R: ModelResource, I: Item<Entity = R::Entity>>(
    request: &Request<Caller<R>>,
    row: &Scope<R::Entity>,
    source: Source<'_>,
) -> Result<Option<I>, DbError> {
    let mut shape = Shape::of::<(R, I)>("item");
    row.describe(&mut shape);
    let query = source.statement(shape, |_| {
        let mut statement = select::<I>(conditions::columns::<R>())?;
        statement.cond_where(row.condition());
        Ok(statement)
    })?;
    let read = reader::<I>(conditions::variants::<R>())?;
    let rows = source.query(query, read).await?;
    let Some(loaded) = rows.into_iter().next() else {
        return Ok(None);
    };
    conditions::keep::<R>(request, &loaded.extra);
    load_nested_of(source, loaded).await.map(Some)
}

/// The row with an id.
pub(crate) async fn find<R: ModelResource>(
    resource: &R,
    request: &Request<Caller<R>>,
    id: R::Key,
) -> Result<Option<Model<R>>, DbError> {
    let connection = Connection::of(resource, request);
    find_in::<R>(scope(resource, request), id, connection.source()).await
}

/// The row with an id, if it is in the scope.
pub(super) async fn find_in<R: ModelResource>(
    scope: Scope<R::Entity>,
    id: R::Key,
    source: Source<'_>,
) -> Result<Option<Model<R>>, DbError> {
    let row = row_of::<R>(scope, id);
    row.first(source).await
}

/// The row with an id, locked until the end of the transaction. SQLite has one writer, so it needs no lock.
pub(super) async fn locked<R: ModelResource<Key: Clone>>(
    resource: &R,
    request: &Request<Caller<R>>,
    id: R::Key,
    source: Source<'_>,
) -> Result<Model<R>, DbError> {
    let row = row_of::<R>(writable(resource, request), id.clone());
    match row.first_locked(source).await? {
        Some(row) => Ok(row),
        None => Err(unwritten(resource, request, id, source).await),
    }
}

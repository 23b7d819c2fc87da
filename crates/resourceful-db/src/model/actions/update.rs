//! `update` and `partial_update`.

use resourceful::{AsyncResource, Caller, Request};
use sea_orm::sea_query::{Expr, ExprTrait, Query as SqlQuery, Value};
use sea_orm::{ActiveModelTrait, ActiveValue, ColumnTrait, EntityName};

use crate::error::DbError;
use crate::model::actions::retrieve::{item_in, locked};
use crate::model::actions::{
    Connection, Returns, all_columns, applied, committed, db, describe_set, needs_tx, of_hook,
    row_of, scope, unchanged, unwritten, writable,
};
use crate::model::changeset::Changeset;
use crate::model::conditions;
use crate::model::constraint::explain;
use crate::model::found::ItemId;
use crate::model::item::Item;
use crate::model::nested::load_nested_of;
use crate::model::resource::{ActiveModel, Committed, Model, ModelResource};
use crate::model::row_model::row_model;
use crate::model::scope::Scope;
use crate::model::select::{Loaded, reader};
use crate::model::term::Term;
use crate::model::visibility::{guard, guarded, refused};
use crate::request_tx::RequestTx;
use crate::shape::Shape;
use crate::source::Source;
use crate::statement::Query;
use crate::tx::Tx;

/// Replaces the columns of an item that the body has.
///
/// # Errors
/// 404 if the item does not exist for the caller, 409 if it has another version, 422 with the fields that are
/// taken or refer to nothing, 403 if it would not be visible to the caller any more; any error of a hook.
pub async fn update<R, I>(
    resource: &R,
    request: &Request<Caller<R>>,
    id: ItemId<R>,
    item: <R as AsyncResource>::Update,
) -> Result<I, R::Error>
where
    R: ModelResource<Error: From<DbError>, Key: Clone, Update: Changeset<R::Entity>>,
    I: Item<Entity = R::Entity>,
{
    change(resource, request, id.0, item).await
}

/// Changes the columns of an item that the body sets.
///
/// # Errors
/// As [`update`].
pub async fn partial_update<R, I>(
    resource: &R,
    request: &Request<Caller<R>>,
    id: ItemId<R>,
    changes: <R as AsyncResource>::PartialUpdate,
) -> Result<I, R::Error>
where
    R: ModelResource<Error: From<DbError>, Key: Clone, PartialUpdate: Changeset<R::Entity>>,
    I: Item<Entity = R::Entity>,
{
    change(resource, request, id.0, changes).await
}

async fn change<R, I, C>(
    resource: &R,
    request: &Request<Caller<R>>,
    id: R::Key,
    changes: C,
) -> Result<I, R::Error>
where
    R: ModelResource<Error: From<DbError>, Key: Clone>,
    I: Item<Entity = R::Entity>,
    C: Changeset<R::Entity>,
{
    let mut model = applied::<R, _>(changes)?;
    let changes_nothing = all_columns::<R>().all(|column| model.is_not_set(column));
    let writable = writable(resource, request).and(unchanged::<R>(request));
    let connection = Connection::of(resource, request);
    let source = connection.source();
    if changes_nothing && !R::HOOKS.update() {
        if let Some(shared) = RequestTx::of(request) {
            shared.set_changes_nothing();
        }
        let row = row_of::<R>(writable, id.clone());
        return match item_in::<R, I>(request, &row, source).await? {
            Some(item) => Ok(item),
            None => Err(unwritten(resource, request, id, source).await.into()),
        };
    }
    resource.fill_update(request, &mut model)?;
    let change = Change::<R>::new(writable, id, model);
    match write(resource, request, &change, source).await {
        Ok(item) => Ok(item),
        Err(error) => {
            let error = explain::<R::Entity>(error, &change.model, C::MEMBERS, source).await;
            Err(error.into())
        }
    }
}

async fn write<R, I>(
    resource: &R,
    request: &Request<Caller<R>>,
    change: &Change<R>,
    source: Source<'_>,
) -> Result<I, DbError>
where
    R: ModelResource<Key: Clone>,
    I: Item<Entity = R::Entity>,
{
    let scope = scope(resource, request);
    let loaded = if needs_tx::<R>(request, R::HOOKS.update()) {
        let attempt = || in_transaction(resource, request, &scope, change.clone());
        let result = source.repeated(attempt).await?;
        match result {
            Some((loaded, after)) => {
                committed(resource, request, after.map(Committed::Updated)).await?;
                Some(loaded)
            }
            None => None,
        }
    } else {
        let Change { row, model, .. } = change;
        update_item::<R, I>(model, &scope, row, source).await?
    };
    let Some(loaded) = loaded else {
        return Err(unwritten(resource, request, change.id.clone(), source).await);
    };
    conditions::keep::<R>(request, &loaded.extra);
    load_nested_of(source, loaded).await
}

/// The update without hooks after it. `None`: no row was changed.
async fn update_item<R: ModelResource, I: Item<Entity = R::Entity>>(
    model: &ActiveModel<R>,
    scope: &Scope<R::Entity>,
    row: &Scope<R::Entity>,
    source: Source<'_>,
) -> Result<Option<Loaded<I>>, DbError> {
    let query = statement::<R, I>(model, scope, row, Returns::Item, source)?;
    let read = guarded(scope, reader::<I>(conditions::variants::<R>())?);
    let rows = source.query(query, read).await;
    Ok(rows.map_err(refused)?.into_iter().next())
}

/// A row to update, with the columns to set.
pub(super) struct Change<R: ModelResource> {
    id: R::Key,
    /// The row, if it exists for the caller and has the expected version.
    row: Scope<R::Entity>,
    pub(super) model: ActiveModel<R>,
}

impl<R: ModelResource<Key: Clone>> Clone for Change<R> {
    fn clone(&self) -> Self {
        Self {
            id: self.id.clone(),
            row: self.row.clone(),
            model: self.model.clone(),
        }
    }
}

impl<R: ModelResource<Key: Clone>> Change<R> {
    pub(super) fn new(scope: Scope<R::Entity>, id: R::Key, mut model: ActiveModel<R>) -> Self {
        let mut row = row_of::<R>(scope, id.clone());
        if let Some(version) = R::version()
            && let ActiveValue::Set(expected) = model.take(version)
        {
            row.push(Term::equals(version, expected));
        }
        Self { id, row, model }
    }
}

async fn in_transaction<R, I>(
    resource: &R,
    request: &Request<Caller<R>>,
    scope: &Scope<R::Entity>,
    change: Change<R>,
) -> Result<Option<(Loaded<I>, Option<Model<R>>)>, DbError>
where
    R: ModelResource<Key: Clone>,
    I: Item<Entity = R::Entity>,
{
    let tx = db(resource).begin_for(request).await?;
    let written = with_hooks(resource, request, scope, change, &tx).await?;
    if written.is_some() {
        tx.commit().await?;
    }
    Ok(written)
}

/// The update with its hooks. The row is read if a hook gets it. `None`: the row has another version.
pub(super) async fn with_hooks<R, I>(
    resource: &R,
    request: &Request<Caller<R>>,
    scope: &Scope<R::Entity>,
    change: Change<R>,
    tx: &Tx,
) -> Result<Option<(Loaded<I>, Option<Model<R>>)>, DbError>
where
    R: ModelResource<Key: Clone>,
    I: Item<Entity = R::Entity>,
{
    let Change {
        id, row, mut model, ..
    } = change;
    let before = locked(resource, request, id, Source::Tx(tx)).await?;
    let hook = resource.before_update(request, tx, &before, &mut model);
    hook.await.map_err(of_hook::<R>)?;
    let source = Source::Tx(tx);
    if !R::HOOKS.after_update && !R::HOOKS.on_commit {
        let loaded = update_item::<R, I>(&model, scope, &row, source).await?;
        return Ok(loaded.map(|loaded| (loaded, None)));
    }
    let query = statement::<R, I>(&model, scope, &row, Returns::ItemAndRow, source)?;
    let (item, model) = (
        reader::<I>(conditions::variants::<R>())?,
        row_model::<R::Entity>(),
    );
    let read = guarded(scope, move |columns| Ok((item(columns)?, model(columns)?)));
    let rows = source.query(query, read).await.map_err(refused)?;
    let Some((loaded, after)) = rows.into_iter().next() else {
        return Ok(None);
    };
    resource
        .after_update(request, tx, &after)
        .await
        .map_err(of_hook::<R>)?;
    Ok(Some((loaded, Some(after))))
}

/// One `UPDATE` of the columns that are set. A row that is not in the scope any more fails.
fn statement<R: ModelResource, I: Item<Entity = R::Entity>>(
    model: &ActiveModel<R>,
    scope: &Scope<R::Entity>,
    row: &Scope<R::Entity>,
    returns: Returns,
    source: Source<'_>,
) -> Result<Query, DbError> {
    let set = || {
        all_columns::<R>().filter_map(|column| match model.get(column) {
            ActiveValue::Set(value) => Some((column, value)),
            ActiveValue::Unchanged(_) | ActiveValue::NotSet => None,
        })
    };
    let mut shape = Shape::of::<(R, I)>(match returns {
        Returns::Item => "update",
        Returns::ItemAndRow => "update with hooks",
    });
    describe_set::<R>(set(), &mut shape);
    shape.values(R::version().map(|_| Value::from(1)));
    row.describe(&mut shape);
    scope.describe(&mut shape);
    source.statement(shape, |_| {
        let mut statement = SqlQuery::update();
        statement.table(<R::Entity as Default>::default().table_ref());
        for (column, value) in set() {
            statement.value(column, column.save_as(Expr::val(value)));
        }
        if let Some(version) = R::version() {
            let next = Expr::col(version.as_column_ref()).add(Value::from(1));
            statement.value(version, next);
        } else if set().next().is_none() {
            // Hooks run even if the body sets nothing.
            statement.value(R::key(), Expr::col(R::key().as_column_ref()));
        }
        statement.cond_where(row.condition());
        let mut returning = returns.columns::<R, I>()?;
        returning.extend(guard(scope));
        statement.returning(SqlQuery::returning().exprs(returning));
        Ok(statement)
    })
}

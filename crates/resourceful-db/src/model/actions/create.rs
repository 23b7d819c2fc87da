//! `create`.

use resourceful::{AsyncResource, Caller, Request};
use sea_orm::sea_query::{Expr, InsertStatement, Query as SqlQuery, SimpleExpr};
use sea_orm::{ActiveModelTrait, ActiveValue, ColumnTrait, EntityName, ModelTrait};

use crate::entities::variant;
use crate::error::DbError;
use crate::model::actions::transaction::Attempts;
use crate::model::actions::{all_columns, db, equals, not_found, of_hook, writable};
use crate::model::changeset::Changeset;
use crate::model::constraint::explain;
use crate::model::item::Item;
use crate::model::nested::load_nested;
use crate::model::resource::{ActiveModel, Committed, Model, ModelResource};
use crate::model::row_model::{self, row_model};
use crate::model::scope::Scope;
use crate::model::select::{Loaded, columns, reader};
use crate::model::storable::check;
use crate::model::visibility::{flag, flagged, forbidden, guard, guarded, refused};
use crate::row::{FromRow, Single};
use crate::source::Source;
use crate::tx::Tx;
use crate::value::integer;

/// Creates an item.
///
/// # Errors
/// 422 with the fields that are taken or refer to nothing, 403 if the new row would not be visible to the caller,
/// 404 for a parent that does not exist for the caller; any error of a hook.
pub async fn create<R, I>(
    resource: &R,
    request: &Request<Caller<R>>,
    new: <R as AsyncResource>::Create,
) -> Result<I, R::Error>
where
    R: ModelResource<Error: From<DbError>, Create: Changeset<R::Entity>>,
    I: Item<Entity = R::Entity>,
{
    let model = filled(resource, request, new)?;
    let written = model.clone();
    let members = <R::Create as Changeset<R::Entity>>::MEMBERS;
    let result = insert(resource, request, model).await;
    match result {
        Ok(item) => Ok(item),
        Err(error) => Err(
            explain::<R::Entity>(error, &written, members, Source::Db(db(resource)))
                .await
                .into(),
        ),
    }
}

async fn insert<R: ModelResource, I: Item<Entity = R::Entity>>(
    resource: &R,
    request: &Request<Caller<R>>,
    mut model: ActiveModel<R>,
) -> Result<I, DbError> {
    let source = Source::Db(db(resource));
    place(resource, request, &mut model, source).await?;
    let scope = writable(resource, request);
    let loaded = if R::HOOKS.create || R::HOOKS.commit {
        let mut attempts = Attempts::new(db(resource));
        let (loaded, row) = loop {
            let attempt = in_transaction(resource, request, &scope, model.clone()).await;
            if let Some(result) = attempts.finish(attempt) {
                break result?;
            }
        };
        if R::HOOKS.commit {
            resource.on_commit(request, Committed::Created(row)).await;
        }
        loaded
    } else {
        let statement = statement::<R, I>(model, guard(&scope).into_iter().collect())?;
        let read = reader::<I>(&[])?;
        let rows = source.query(&statement, guarded(&scope, read)).await;
        one(rows.map_err(refused)?)?
    };
    let items = load_nested(source, vec![loaded]).await?;
    one(items)
}

/// The columns that the body sets, and those that the resource fills.
pub(super) fn filled<R>(
    resource: &R,
    request: &Request<Caller<R>>,
    new: <R as AsyncResource>::Create,
) -> Result<ActiveModel<R>, R::Error>
where
    R: ModelResource<Error: From<DbError>, Create: Changeset<R::Entity>>,
{
    let mut model = <ActiveModel<R> as ActiveModelTrait>::default();
    new.apply(&mut model);
    check::<R::Entity>(&model, <R::Create as Changeset<R::Entity>>::MEMBERS)
        .map_err(DbError::from)?;
    resource.fill_create(request, &mut model)?;
    Ok(model)
}

/// Sets the parent and the first version of a new row.
pub(super) async fn place<R: ModelResource>(
    resource: &R,
    request: &Request<Caller<R>>,
    model: &mut ActiveModel<R>,
    source: Source<'_>,
) -> Result<(), DbError> {
    if let Some(within) = resource.within(request) {
        let variant = variant::<R::Entity>(within.column);
        let parent = source
            .query(&within.parent, move |row| row.read_value(&variant))
            .await?;
        let parent = parent.into_iter().next().ok_or_else(not_found)?;
        model.try_set(within.column, parent)?;
    }
    if let Some(version) = R::version()
        && model.is_not_set(version)
    {
        let first = integer(1, &variant::<R::Entity>(version));
        model.try_set(
            version,
            first.ok_or_else(|| DbError::other("a version is an integer"))?,
        )?;
    }
    Ok(())
}

async fn in_transaction<R: ModelResource, I: Item<Entity = R::Entity>>(
    resource: &R,
    request: &Request<Caller<R>>,
    scope: &Scope<R::Entity>,
    model: ActiveModel<R>,
) -> Result<(Loaded<I>, Model<R>), DbError> {
    let tx = db(resource).begin().await?;
    let written = with_hooks(resource, request, scope, model, &tx).await?;
    tx.commit().await?;
    Ok(written)
}

/// The insert with its hooks.
pub(super) async fn with_hooks<R: ModelResource, I: Item<Entity = R::Entity>>(
    resource: &R,
    request: &Request<Caller<R>>,
    scope: &Scope<R::Entity>,
    mut model: ActiveModel<R>,
    tx: &Tx,
) -> Result<(Loaded<I>, Model<R>), DbError> {
    resource
        .before_create(request, tx, &mut model)
        .await
        .map_err(of_hook::<R>)?;
    let more = row_model::columns::<R::Entity>().into_iter();
    let statement = statement::<R, I>(model, more.chain(flag(scope)).collect())?;
    let (item, row) = (reader::<I>(&[])?, row_model::<R::Entity>());
    let read = flagged(scope, move |columns| Ok((item(columns)?, row(columns)?)));
    let rows = Source::Tx(tx).query(&statement, read).await?;
    let ((loaded, row), is_in_scope) = one(rows)?;
    resource
        .after_create(request, tx, &row)
        .await
        .map_err(of_hook::<R>)?;
    // The hook may have made it visible: the first member of a team is added after the team.
    if !is_in_scope && !exists::<R>(scope, &row, tx).await? {
        return Err(forbidden());
    }
    Ok((loaded, row))
}

/// Whether the row is in the scope now.
async fn exists<R: ModelResource>(
    scope: &Scope<R::Entity>,
    row: &Model<R>,
    tx: &Tx,
) -> Result<bool, DbError> {
    let mut statement = SqlQuery::select();
    statement
        .expr(Expr::cust("1"))
        .from(<R::Entity as Default>::default().table_ref())
        .and_where(equals::<R::Entity>(R::key(), row.get(R::key())));
    if let Some(condition) = scope.condition() {
        statement.cond_where(condition.clone());
    }
    let rows = Source::Tx(tx)
        .query(&statement, Single::<i64>::from_row)
        .await?;
    Ok(!rows.is_empty())
}

/// One `INSERT` of the columns that are set. It returns the columns of the item, and `more`.
fn statement<R: ModelResource, I: Item<Entity = R::Entity>>(
    mut model: ActiveModel<R>,
    more: Vec<SimpleExpr>,
) -> Result<InsertStatement, DbError> {
    let mut statement = SqlQuery::insert();
    statement.into_table(<R::Entity as Default>::default().table_ref());
    let (mut names, mut values) = (Vec::new(), Vec::new());
    for column in all_columns::<R>() {
        if let ActiveValue::Set(value) | ActiveValue::Unchanged(value) = model.take(column) {
            names.push(column);
            values.push(column.save_as(Expr::val(value)));
        }
    }
    statement.or_default_values();
    if !names.is_empty() {
        statement.columns(names);
        statement
            .values(values)
            .map_err(|error| DbError::other(error.to_string()))?;
    }
    let returning = columns::<I>(&[])?.into_iter().chain(more);
    statement.returning(SqlQuery::returning().exprs(returning));
    Ok(statement)
}

pub(super) fn one<T>(rows: Vec<T>) -> Result<T, DbError> {
    rows.into_iter()
        .next()
        .ok_or_else(|| DbError::other("the database returned no row"))
}

//! `create`.

use resourceful::{AsyncResource, Caller, Request};
use sea_orm::sea_query::{Expr, Query as SqlQuery};
use sea_orm::{ActiveModelTrait, ActiveValue, ColumnTrait, EntityName, ModelTrait};

use crate::entities::variant;
use crate::error::DbError;
use crate::model::actions::{
    Connection, Returns, all_columns, applied, committed, db, describe_set, needs_tx, not_found,
    of_hook, writable,
};
use crate::model::changeset::Changeset;
use crate::model::conditions;
use crate::model::constraint::explain;
use crate::model::item::Item;
use crate::model::nested::load_nested_of;
use crate::model::resource::{ActiveModel, Committed, Model, ModelResource};
use crate::model::row_model::row_model;
use crate::model::scope::Scope;
use crate::model::select::{Loaded, reader};
use crate::model::term::Term;
use crate::model::visibility::{flag, flagged, forbidden, guard, guarded, refused};
use crate::shape::Shape;
use crate::source::Source;
use crate::statement::Query;
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
    let connection = Connection::of(resource, request);
    let source = connection.source();
    let mut model = filled(resource, request, new)?;
    place(resource, request, &mut model, source).await?;
    match insert(resource, request, &model, source).await {
        Ok(item) => Ok(item),
        Err(error) => {
            let members = <R::Create as Changeset<R::Entity>>::MEMBERS;
            let error = explain::<R::Entity>(error, &model, members, source).await;
            Err(error.into())
        }
    }
}

async fn insert<R: ModelResource, I: Item<Entity = R::Entity>>(
    resource: &R,
    request: &Request<Caller<R>>,
    model: &ActiveModel<R>,
    source: Source<'_>,
) -> Result<I, DbError> {
    let scope = writable(resource, request);
    let loaded = if needs_tx::<R>(request, R::HOOKS.create()) {
        let attempt = || in_transaction(resource, request, &scope, model.clone());
        let (loaded, row) = source.repeated(attempt).await?;
        committed(resource, request, row.map(Committed::Created)).await?;
        loaded
    } else {
        insert_item::<R, I>(model, &scope, source).await?
    };
    conditions::keep::<R>(request, &loaded.extra);
    load_nested_of(source, loaded).await
}

/// The insert without hooks after it.
async fn insert_item<R: ModelResource, I: Item<Entity = R::Entity>>(
    model: &ActiveModel<R>,
    scope: &Scope<R::Entity>,
    source: Source<'_>,
) -> Result<Loaded<I>, DbError> {
    let query = statement::<R, I>(model, scope, Returns::Item, source)?;
    let read = guarded(scope, reader::<I>(conditions::variants::<R>())?);
    let rows = source.query(query, read).await;
    one(rows.map_err(refused)?)
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
    let mut model = applied::<R, _>(new)?;
    if let Some(version) = R::version() {
        // The body of an update may have it, too. A new row has the first one.
        model.take(version);
    }
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
        let mut shape = Shape::of::<R>("parent");
        within.parent.describe(&mut shape);
        let query = source.statement(shape, |_| Ok(within.parent.select()))?;
        let parent = source.query(query, move |row| row.read_value(&variant));
        let parent = parent.await?;
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
) -> Result<(Loaded<I>, Option<Model<R>>), DbError> {
    let tx = db(resource).begin_for(request).await?;
    let written = with_hooks(resource, request, scope, model, &tx).await?;
    tx.commit().await?;
    Ok(written)
}

/// The insert with its hooks. The row is read if a hook gets it.
pub(super) async fn with_hooks<R: ModelResource, I: Item<Entity = R::Entity>>(
    resource: &R,
    request: &Request<Caller<R>>,
    scope: &Scope<R::Entity>,
    mut model: ActiveModel<R>,
    tx: &Tx,
) -> Result<(Loaded<I>, Option<Model<R>>), DbError> {
    resource
        .before_create(request, tx, &mut model)
        .await
        .map_err(of_hook::<R>)?;
    let source = Source::Tx(tx);
    if !R::HOOKS.after_create && !R::HOOKS.on_commit {
        return Ok((insert_item::<R, I>(&model, scope, source).await?, None));
    }
    let query = statement::<R, I>(&model, scope, Returns::ItemAndRow, source)?;
    let (item, row) = (
        reader::<I>(conditions::variants::<R>())?,
        row_model::<R::Entity>(),
    );
    let read = flagged(scope, move |columns| Ok((item(columns)?, row(columns)?)));
    let rows = source.query(query, read).await?;
    let ((loaded, row), is_in_scope) = one(rows)?;
    resource
        .after_create(request, tx, &row)
        .await
        .map_err(of_hook::<R>)?;
    // The hook may have made it visible: the first member of a team is added after the team.
    if !is_in_scope && !exists::<R>(scope, &row, tx).await? {
        return Err(forbidden());
    }
    Ok((loaded, Some(row)))
}

/// Whether the row is in the scope now.
async fn exists<R: ModelResource>(
    scope: &Scope<R::Entity>,
    row: &Model<R>,
    tx: &Tx,
) -> Result<bool, DbError> {
    let row = Term::equals(R::key(), row.get(R::key()));
    scope.clone().and(row.into()).exists(tx).await
}

/// One `INSERT` of the columns that are set. With the item alone, a row that is not in the scope fails; with the row, a
/// flag tells whether it is.
fn statement<R: ModelResource, I: Item<Entity = R::Entity>>(
    model: &ActiveModel<R>,
    scope: &Scope<R::Entity>,
    returns: Returns,
    source: Source<'_>,
) -> Result<Query, DbError> {
    let set = || {
        all_columns::<R>().filter_map(|column| match model.get(column) {
            ActiveValue::Set(value) | ActiveValue::Unchanged(value) => Some((column, value)),
            ActiveValue::NotSet => None,
        })
    };
    let mut shape = Shape::of::<(R, I)>(match returns {
        Returns::Item => "insert",
        Returns::ItemAndRow => "insert with hooks",
    });
    describe_set::<R>(set(), &mut shape);
    scope.describe(&mut shape);
    source.statement(shape, |_| {
        let mut statement = SqlQuery::insert();
        statement.into_table(<R::Entity as Default>::default().table_ref());
        statement.or_default_values();
        let set = set().map(|(column, value)| (column, column.save_as(Expr::val(value))));
        let (columns, values): (Vec<_>, Vec<_>) = set.unzip();
        if !columns.is_empty() {
            statement.columns(columns);
            statement
                .values(values)
                .map_err(|error| DbError::other(error.to_string()))?;
        }
        let mut returning = returns.columns::<R, I>()?;
        returning.extend(match returns {
            Returns::Item => guard(scope),
            Returns::ItemAndRow => flag(scope),
        });
        statement.returning(SqlQuery::returning().exprs(returning));
        Ok(statement)
    })
}

fn one<T>(rows: Vec<T>) -> Result<T, DbError> {
    rows.into_iter()
        .next()
        .ok_or_else(|| DbError::other("the database returned no row"))
}

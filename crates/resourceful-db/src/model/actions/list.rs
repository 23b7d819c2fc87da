//! `list`.

use resourceful::{AsyncResource, Caller, Error, Page, Request};
use sea_orm::sea_query::{
    Alias, Condition, Expr, Func, Order as SqlOrder, Query as SqlQuery, SelectStatement,
};
use sea_orm::{ColumnTrait, EntityName, EntityTrait, Iterable, PrimaryKeyToColumn};

use crate::error::DbError;
use crate::model::actions::{db, not_found, scope};
use crate::model::filter::Conditions;
use crate::model::item::Item;
use crate::model::keyset::Keyset;
use crate::model::list_query::{ListQuery, Window};
use crate::model::nested::load_nested;
use crate::model::order::Direction;
use crate::model::resource::{Column, ModelResource};
use crate::model::select::{Loaded, reader, select};
use crate::row::Single;
use crate::source::Source;
use crate::statement::Query;

/// Lists the items that are visible to the caller.
///
/// # Errors
/// 422 for a parameter that is invalid, 404 for a parent that does not exist for the caller.
pub async fn list<R, I>(
    resource: &R,
    request: &Request<Caller<R>>,
    query: <R as AsyncResource>::Query,
) -> Result<Page<I>, R::Error>
where
    R: ModelResource<Error: From<DbError>, Query: ListQuery<R::Entity>>,
    I: Item<Entity = R::Entity>,
{
    Ok(page(resource, request, &query).await?)
}

async fn page<R, I, Q>(
    resource: &R,
    request: &Request<Caller<R>>,
    query: &Q,
) -> Result<Page<I>, DbError>
where
    R: ModelResource,
    I: Item<Entity = R::Entity>,
    Q: ListQuery<R::Entity>,
{
    let source = Source::Db(db(resource));
    let mut conditions = Conditions::new(source.backend());
    query.filter(&mut conditions);
    let filter = conditions.into_condition().map_err(Error::invalid)?;
    let mut condition = Condition::all();
    if let Some(scope) = scope(resource, request).condition() {
        condition = condition.add(scope.clone());
    }
    let order = complete::<R>(query.order().unwrap_or_else(R::order));
    let (rows, total, next) = match query.window() {
        Window::All => {
            let mut statement = select::<I>(&[])?;
            statement.cond_where(condition.add(filter));
            sort::<R::Entity>(&mut statement, &order);
            (source.query(&statement, reader::<I>(&[])?).await?, 0, None)
        }
        Window::Offset { limit, offset } => {
            let mut statement = select::<I>(&[])?;
            let condition = condition.add(filter);
            statement.cond_where(condition.clone());
            sort::<R::Entity>(&mut statement, &order);
            statement.limit(limit).offset(offset);
            let (rows, total) = counted::<R, I>(resource, &statement, condition).await?;
            (rows, total, None)
        }
        Window::After {
            limit,
            cursor,
            order: name,
        } => {
            let keyset = Keyset::<R::Entity>::new(name, &order, &filter);
            let mut condition = condition.add(filter);
            if let Some(cursor) = cursor {
                condition = condition.add(keyset.after(cursor, db(resource).cursor_keys())?);
            }
            let extra = keyset.columns();
            let mut statement = select::<I>(&extra)?;
            statement.cond_where(condition);
            sort::<R::Entity>(&mut statement, &order);
            // One more shows whether there is a next page.
            statement.limit(limit + 1);
            let mut rows = source.query(&statement, reader::<I>(&extra)?).await?;
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            let has_next = rows.len() > limit;
            rows.truncate(limit);
            let last = rows.last().filter(|_| has_next);
            let next = last.map(|last| keyset.cursor(&last.extra, db(resource).cursor_keys()));
            (rows, 0, next)
        }
    };
    if rows.is_empty() {
        check_parent(resource, request).await?;
    }
    let items = load_nested(source, rows).await?;
    Ok(query.page(items, total, next))
}

/// The rows and the number of all rows.
async fn counted<R: ModelResource, I: Item>(
    resource: &R,
    rows: &SelectStatement,
    condition: Condition,
) -> Result<(Vec<Loaded<I>>, u64), DbError> {
    let db = db(resource);
    let mut count = SqlQuery::select();
    count.expr(Func::count(Expr::col(sea_orm::sea_query::Asterisk)));
    count.from(<R::Entity as Default>::default().table_ref());
    count.cond_where(condition);
    let rows = Query::new(db.backend(), rows);
    let count = Query::new(db.backend(), &count);
    let (rows, count) = db
        .query_both::<_, Single<i64>>(rows, reader::<I>(&[])?, count)
        .await?;
    let total = count.first().map_or(0, |Single(total)| *total);
    Ok((rows, u64::try_from(total).unwrap_or_default()))
}

/// A page without items: are there none, or is there no such parent?
async fn check_parent<R: ModelResource>(
    resource: &R,
    request: &Request<Caller<R>>,
) -> Result<(), DbError> {
    let Some(within) = resource.within(request) else {
        return Ok(());
    };
    let exists = SqlQuery::select()
        .expr_as(Expr::exists(within.parent), Alias::new("found"))
        .to_owned();
    let found = Source::Db(db(resource))
        .query(&exists, |row| row.read::<bool>())
        .await?;
    if found == [true] {
        Ok(())
    } else {
        Err(not_found())
    }
}

/// Ends an order with the primary key, in the direction of the last column: an index can then serve it.
fn complete<R: ModelResource>(
    mut order: Vec<(Column<R>, Direction)>,
) -> Vec<(Column<R>, Direction)> {
    let direction = order
        .last()
        .map_or(Direction::Ascending, |(_, direction)| *direction);
    for key in <R::Entity as EntityTrait>::PrimaryKey::iter() {
        let key = key.into_column();
        let name = |column: Column<R>| sea_orm::IdenStatic::as_str(&column);
        if !order.iter().any(|(column, _)| name(*column) == name(key)) {
            order.push((key, direction));
        }
    }
    order
}

fn sort<E: EntityTrait>(statement: &mut SelectStatement, order: &[(E::Column, Direction)]) {
    for (column, direction) in order {
        let direction = match direction {
            Direction::Ascending => SqlOrder::Asc,
            Direction::Descending => SqlOrder::Desc,
        };
        statement.order_by(column.as_column_ref(), direction);
    }
}

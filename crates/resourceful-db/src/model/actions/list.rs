//! `list`.

use resourceful::{AsyncResource, Caller, Error, Page, Request};
use sea_orm::sea_query::{
    Alias, Asterisk, Condition, Expr, Func, Order as SqlOrder, Query as SqlQuery, SelectStatement,
};
use sea_orm::{ColumnTrait, EntityTrait, Iterable, PrimaryKeyToColumn};

use crate::error::DbError;
use crate::model::actions::{db, not_found, scope};
use crate::model::filter::Conditions;
use crate::model::item::Item;
use crate::model::keyset::Keyset;
use crate::model::list_query::{Count, ListQuery, PageEnd, Window};
use crate::model::nested::load_nested;
use crate::model::order::Direction;
use crate::model::resource::{Column, ModelResource};
use crate::model::select::{Loaded, reader, select};
use crate::row::{FromRow, Single};
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
    let (rows, end) = match query.window() {
        Window::All => {
            let mut statement = select::<I>(&[])?;
            statement.cond_where(condition.add(filter));
            sort::<R::Entity>(&mut statement, &order);
            let rows = source.query(&statement, reader::<I>(&[])?).await?;
            (rows, PageEnd::default())
        }
        Window::Offset {
            limit,
            offset,
            count,
        } => {
            let condition = condition.add(filter);
            let mut statement = select::<I>(&[])?;
            statement.cond_where(condition.clone());
            sort::<R::Entity>(&mut statement, &order);
            statement.limit(limit).offset(offset);
            if count != Count::Exact {
                // One more shows whether there is a next page.
                statement.limit(limit + 1);
            }
            let (rows, total) = match counting::<R::Entity>(count, condition) {
                Some(counting) => counted::<R, I>(resource, statement, counting).await?,
                None => (source.query(&statement, reader::<I>(&[])?).await?, None),
            };
            let (rows, mut end) = cut(rows, limit);
            if let (Count::Exact, Some(total)) = (count, total) {
                end.has_next = offset + limit < total;
            }
            end.total = total;
            (rows, end)
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
            statement.limit(limit + 1);
            let rows = source.query(&statement, reader::<I>(&extra)?).await?;
            let (rows, mut end) = cut(rows, limit);
            let last = rows.last().filter(|_| end.has_next);
            end.next = last.map(|last| keyset.cursor(&last.extra, db(resource).cursor_keys()));
            (rows, end)
        }
    };
    if rows.is_empty() {
        check_parent(resource, request).await?;
    }
    let items = load_nested(source, rows).await?;
    Ok(query.page(items, end))
}

/// Without the row that shows that there is a next page.
fn cut<I>(mut rows: Vec<Loaded<I>>, limit: u64) -> (Vec<Loaded<I>>, PageEnd) {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let end = PageEnd {
        has_next: rows.len() > limit,
        ..PageEnd::default()
    };
    rows.truncate(limit);
    (rows, end)
}

/// The statement that counts rows.
fn counting<E: EntityTrait>(count: Count, condition: Condition) -> Option<SelectStatement> {
    let all = Func::count(Expr::col(Asterisk));
    let mut rows = SqlQuery::select();
    rows.from(E::default().table_ref()).cond_where(condition);
    match count {
        Count::Exact => Some(rows.expr(all).to_owned()),
        Count::UpTo(max) => {
            rows.expr(Expr::val(1)).limit(max);
            Some(
                SqlQuery::select()
                    .expr(all)
                    .from_subquery(rows, "counted")
                    .to_owned(),
            )
        }
        Count::None => None,
    }
}

/// The rows and their number, in one round trip.
async fn counted<R: ModelResource, I: Item>(
    resource: &R,
    rows: SelectStatement,
    count: SelectStatement,
) -> Result<(Vec<Loaded<I>>, Option<u64>), DbError> {
    let db = db(resource);
    let (rows, count) = (
        Query::new(db.backend(), &rows),
        Query::new(db.backend(), &count),
    );
    let (rows, count) = db
        .query_both::<_, Single<i64>>(rows, reader::<I>(&[])?, count)
        .await?;
    let total = count.first().map_or(0, |Single(total)| *total);
    Ok((rows, u64::try_from(total).ok()))
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
        .query(&exists, Single::<bool>::from_row)
        .await?;
    if matches!(found[..], [Single(true)]) {
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

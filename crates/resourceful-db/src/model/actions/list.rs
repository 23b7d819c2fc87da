//! `list`.

use resourceful::{AsyncResource, Caller, Error, Page, Request};
use sea_orm::sea_query::{Asterisk, Expr, Func, Order as SqlOrder, Query as SqlQuery, Value};
use sea_orm::{ColumnTrait, EntityName, EntityTrait, IdenStatic, Iterable, PrimaryKeyToColumn};

use crate::error::DbError;
use crate::model::actions::{Connection, db, not_found, scope};
use crate::model::filter::Conditions;
use crate::model::item::Item;
use crate::model::keyset::Keyset;
use crate::model::list_query::{Count, ListQuery, PageEnd, Window};
use crate::model::nested::load_nested;
use crate::model::order::Direction;
use crate::model::resource::{Column, ModelResource};
use crate::model::scope::Scope;
use crate::model::select::{Loaded, reader, select};
use crate::model::within::Within;
use crate::row::{FromRow, Row, Single};
use crate::shape::Shape;
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
    let connection = Connection::of(resource, request);
    let source = connection.source();
    let mut conditions = Conditions::new(source.backend());
    query.filter(&mut conditions);
    let filter = conditions.into_scope().map_err(Error::invalid)?;
    let order = complete::<R>(query.order().unwrap_or_else(R::order));
    let scope = scope(resource, request);
    let (rows, end) = match query.window() {
        Window::All => {
            let scope = scope.and(filter);
            let query = rows::<R, I>(&scope, &order, (None, None), None, source)?;
            let rows = source.query(query, reader::<I>(Vec::new())?).await?;
            (rows, PageEnd::default())
        }
        Window::Offset {
            limit,
            offset,
            count,
        } => {
            let scope = scope.and(filter);
            // One more shows whether there is a next page.
            let more = u64::from(count != Count::Exact);
            let part = (Some(limit + more), Some(offset));
            let query = rows::<R, I>(&scope, &order, part, None, source)?;
            let read = reader::<I>(Vec::new())?;
            let (rows, total) = match counting::<R>(count, &scope, source)? {
                Some(counting) => counted(source, query, read, counting).await?,
                None => (source.query(query, read).await?, None),
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
            let db = db(resource);
            let keys = db.cursor_keys();
            let keyset = Keyset::<R::Entity>::new(db.backend(), name, &order, &filter);
            let mut scope = scope.and(filter);
            if let Some(cursor) = cursor {
                scope.push(keyset.after(cursor, &keys)?);
            }
            let part = (Some(limit + 1), None);
            let query = rows::<R, I>(&scope, &order, part, Some(&keyset), source)?;
            let rows = source.query(query, reader::<I>(keyset.variants())?).await?;
            let (rows, mut end) = cut(rows, limit);
            let last = rows.last().filter(|_| end.has_next);
            end.next = last.map(|last| keyset.cursor(&last.extra, &keys));
            (rows, end)
        }
    };
    if rows.is_empty() {
        check_parent(resource, request, source).await?;
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

/// The statement that reads rows, with the columns of the keyset.
fn rows<R: ModelResource, I: Item<Entity = R::Entity>>(
    scope: &Scope<R::Entity>,
    order: &[(Column<R>, Direction)],
    (limit, offset): (Option<u64>, Option<u64>),
    keyset: Option<&Keyset<R::Entity>>,
    source: Source<'_>,
) -> Result<Query, DbError> {
    let mut shape = Shape::of::<(R, I)>(if keyset.is_none() { "list" } else { "page" });
    scope.describe(&mut shape);
    shape.list(order, |(column, direction), shape| {
        shape.name(column.as_str());
        shape.code(*direction as u8);
    });
    shape.values(limit.map(Value::from));
    shape.values(offset.map(Value::from));
    source.statement(shape, |_| {
        let extra = keyset.map(Keyset::columns).unwrap_or_default();
        let mut statement = select::<I>(extra)?;
        statement.cond_where(scope.condition());
        for (column, direction) in order {
            let direction = match direction {
                Direction::Ascending => SqlOrder::Asc,
                Direction::Descending => SqlOrder::Desc,
            };
            statement.order_by(column.as_column_ref(), direction);
        }
        if let Some(limit) = limit {
            statement.limit(limit);
        }
        if let Some(offset) = offset {
            statement.offset(offset);
        }
        Ok(statement)
    })
}

/// The statement that counts rows.
fn counting<R: ModelResource>(
    count: Count,
    scope: &Scope<R::Entity>,
    source: Source<'_>,
) -> Result<Option<Query>, DbError> {
    let (name, max) = match count {
        Count::Exact => ("count", None),
        Count::UpTo(max) => ("count up to", Some(max)),
        Count::None => return Ok(None),
    };
    let mut shape = Shape::of::<R>(name);
    scope.describe(&mut shape);
    shape.values(max.map(Value::from));
    let query = source.statement(shape, |_| {
        let all = Func::count(Expr::col(Asterisk));
        let mut rows = SqlQuery::select();
        rows.from(<R::Entity as Default>::default().table_ref());
        rows.cond_where(scope.condition());
        let Some(max) = max else {
            return Ok(rows.expr(all).to_owned());
        };
        rows.expr(Expr::cust("1")).limit(max);
        Ok(SqlQuery::select()
            .expr(all)
            .from_subquery(rows, "counted")
            .to_owned())
    })?;
    Ok(Some(query))
}

/// The rows and their number, in one round trip.
async fn counted<T: Send + 'static>(
    source: Source<'_>,
    rows: Query,
    read: impl Fn(&mut Row<'_>) -> Result<T, DbError> + Send + 'static,
    count: Query,
) -> Result<(Vec<T>, Option<u64>), DbError> {
    let (rows, count) = source
        .query_both::<_, Single<i64>>(rows, read, count)
        .await?;
    let total = count.first().map_or(0, |Single(total)| *total);
    Ok((rows, u64::try_from(total).ok()))
}

/// The error of a parent that does not exist for the caller: of a page without items, and of many items in one request.
pub(super) async fn check_parent<R: ModelResource>(
    resource: &R,
    request: &Request<Caller<R>>,
    source: Source<'_>,
) -> Result<(), DbError> {
    let Some(Within { parent, .. }) = resource.within(request) else {
        return Ok(());
    };
    let mut shape = Shape::of::<R>("parent exists");
    parent.describe(&mut shape);
    let exists = source.statement(shape, |_| {
        let exists = Expr::exists(parent.select());
        Ok(SqlQuery::select().expr_as(exists, "found").to_owned())
    })?;
    let found = source.query(exists, Single::<bool>::from_row).await?;
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
        if !order
            .iter()
            .any(|(column, _)| column.as_str() == key.as_str())
        {
            order.push((key, direction));
        }
    }
    order
}

//! Reads the rows of a [`Scope`]: in hooks, and in what is written by hand.

use sea_orm::sea_query::{Expr, LockType, Order, Query as SqlQuery, SelectStatement};
use sea_orm::{
    ColumnTrait, DbBackend, EntityTrait, Iterable, PrimaryKeyToColumn, TryIntoModel, Value,
};

use crate::error::DbError;
use crate::model::row_model::{columns, row_model};
use crate::model::scope::Scope;
use crate::row::{FromRow, Single};
use crate::shape::Shape;
use crate::source::Source;
use crate::statement::Query;
use crate::tx::Tx;

/// Reads by `&Db` or `&Tx`. The text of a statement is written once, and its rows are read without SeaORM's conversions.
///
/// # Examples
/// ```
/// # use resourceful_db::{Db, DbError, Scope, Tx};
/// # mod member {
/// #     use sea_orm::entity::prelude::*;
/// #     #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
/// #     #[sea_orm(table_name = "member")]
/// #     pub struct Model {
/// #         #[sea_orm(primary_key)]
/// #         pub id: i64,
/// #         pub team_id: i64,
/// #     }
/// #     #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
/// #     pub enum Relation {}
/// #     impl ActiveModelBehavior for ActiveModel {}
/// # }
/// async fn is_last(tx: &Tx, team: i64) -> Result<bool, DbError> {
///     let members = Scope::all().eq(member::Column::TeamId, team);
///     Ok(members.count(tx).await? == 1)
/// }
/// ```
impl<E> Scope<E>
where
    E: EntityTrait<ActiveModel: TryIntoModel<E::Model>>,
{
    /// One of the rows; `None` if there is none.
    ///
    /// # Errors
    /// If the database is away, or a value cannot be read.
    pub async fn first<'s>(&self, db: impl Into<Source<'s>>) -> Result<Option<E::Model>, DbError> {
        let rows = self.models("first", Some(1), db.into(), |_| ()).await?;
        Ok(rows.into_iter().next())
    }

    /// All rows, in no order.
    ///
    /// # Errors
    /// As [`first`](Self::first).
    pub async fn rows<'s>(&self, db: impl Into<Source<'s>>) -> Result<Vec<E::Model>, DbError> {
        self.models("rows", None, db.into(), |_| ()).await
    }

    /// All rows, locked until the end of the transaction. They are locked in the order of the primary key, so that two
    /// transactions do not wait for each other. SQLite has one writer, and needs no lock.
    ///
    /// # Errors
    /// As [`first`](Self::first).
    pub async fn locked(&self, tx: &Tx) -> Result<Vec<E::Model>, DbError> {
        let source = Source::Tx(tx);
        let locked = self.models("all locked", None, source, |statement| {
            for key in E::PrimaryKey::iter() {
                statement.order_by(key.into_column().as_column_ref(), Order::Asc);
            }
            lock(source, statement);
        });
        locked.await
    }

    /// Whether there is a row.
    ///
    /// # Errors
    /// If the database is away.
    pub async fn exists<'s>(&self, db: impl Into<Source<'s>>) -> Result<bool, DbError> {
        let source = db.into();
        let query = self.query("exists", Some(1), source, |statement| {
            statement.expr(Expr::cust("1"));
        })?;
        let rows = source.query(query, Single::<i64>::from_row).await?;
        Ok(!rows.is_empty())
    }

    /// The number of rows.
    ///
    /// # Errors
    /// If the database is away.
    pub async fn count<'s>(&self, db: impl Into<Source<'s>>) -> Result<u64, DbError> {
        let source = db.into();
        let query = self.query("count", None, source, |statement| {
            statement.expr(Expr::cust("COUNT(*)"));
        })?;
        let rows = source.query(query, Single::<i64>::from_row).await?;
        let count = rows.into_iter().next().map_or(0, |Single(count)| count);
        Ok(u64::try_from(count).unwrap_or_default())
    }

    /// One of the rows, locked until the end of the transaction.
    pub(crate) async fn first_locked(
        &self,
        source: Source<'_>,
    ) -> Result<Option<E::Model>, DbError> {
        let lock = |statement: &mut SelectStatement| lock(source, statement);
        let rows = self.models("first locked", Some(1), source, lock).await?;
        Ok(rows.into_iter().next())
    }

    /// The rows of the statement with this name, which `complete` completes.
    async fn models(
        &self,
        name: &'static str,
        limit: Option<u64>,
        source: Source<'_>,
        complete: impl FnOnce(&mut SelectStatement),
    ) -> Result<Vec<E::Model>, DbError> {
        let query = self.query(name, limit, source, |statement| {
            statement.exprs(columns::<E>());
            complete(statement);
        })?;
        source.query(query, row_model::<E>()).await
    }

    /// The statement with this name, whose expressions `select` adds.
    fn query(
        &self,
        name: &'static str,
        limit: Option<u64>,
        source: Source<'_>,
        select: impl FnOnce(&mut SelectStatement),
    ) -> Result<Query, DbError> {
        let mut shape = Shape::of::<E>(name);
        self.describe(&mut shape);
        shape.values(limit.map(Value::from));
        source.statement(shape, |_| {
            let mut statement = SqlQuery::select();
            statement.from(E::default().table_ref());
            statement.cond_where(self.condition());
            if let Some(limit) = limit {
                statement.limit(limit);
            }
            select(&mut statement);
            Ok(statement)
        })
    }
}

/// Locks the rows for changes.
fn lock(source: Source<'_>, statement: &mut SelectStatement) {
    if source.backend() == DbBackend::Postgres {
        statement.lock(LockType::Update);
    }
}

//! [`Scope`]: the rows that exist for a caller.

use std::marker::PhantomData;

use sea_orm::sea_query::{Condition, Expr, ExprTrait, IntoCondition, SelectStatement, Value};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Select};

/// The rows of a table that exist for a caller. It is part of each statement of a model resource.
///
/// # Examples
/// ```
/// use resourceful_db::Scope;
/// # mod note {
/// #     use sea_orm::entity::prelude::*;
/// #     #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
/// #     #[sea_orm(table_name = "note")]
/// #     pub struct Model {
/// #         #[sea_orm(primary_key)]
/// #         pub id: i64,
/// #         pub author_id: i64,
/// #         pub team_id: i64,
/// #     }
/// #     #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
/// #     pub enum Relation {}
/// #     impl ActiveModelBehavior for ActiveModel {}
/// # }
/// # struct User { id: i64, teams: Vec<i64> }
///
/// fn visible(user: &User) -> Scope<note::Entity> {
///     let own = Scope::all().eq(note::Column::AuthorId, user.id);
///     own.or(Scope::all().is_in(note::Column::TeamId, user.teams.clone()))
/// }
/// ```
#[derive(Debug)]
#[must_use]
pub struct Scope<E> {
    /// `None` is every row.
    condition: Option<Condition>,
    entity: PhantomData<fn() -> E>,
}

impl<E> Clone for Scope<E> {
    fn clone(&self) -> Self {
        Self::of(self.condition.clone())
    }
}

impl<E> Scope<E> {
    fn of(condition: Option<Condition>) -> Self {
        Self {
            condition,
            entity: PhantomData,
        }
    }

    pub(crate) fn condition(&self) -> Option<&Condition> {
        self.condition.as_ref()
    }
}

impl<E: EntityTrait> Scope<E> {
    /// Every row, which the other methods narrow.
    pub fn all() -> Self {
        Self::of(None)
    }

    /// No row.
    pub fn none() -> Self {
        Self::all().filter(Expr::val(1).eq(0))
    }

    /// The rows in which a column has this value.
    pub fn eq<C>(self, column: C, value: impl Into<Value>) -> Self
    where
        C: ColumnTrait<EntityName = E>,
    {
        let value = column.save_as(Expr::val(value.into()));
        self.filter(Expr::col(column.as_column_ref()).eq(value))
    }

    /// The rows in which a column has another value.
    pub fn ne<C>(self, column: C, value: impl Into<Value>) -> Self
    where
        C: ColumnTrait<EntityName = E>,
    {
        let value = column.save_as(Expr::val(value.into()));
        self.filter(Expr::col(column.as_column_ref()).ne(value))
    }

    /// The rows in which a column has one of these values; none if there are no values.
    pub fn is_in<C, V>(self, column: C, values: impl IntoIterator<Item = V>) -> Self
    where
        C: ColumnTrait<EntityName = E>,
        V: Into<Value>,
    {
        let values: Vec<_> = values
            .into_iter()
            .map(|value| column.save_as(Expr::val(value.into())))
            .collect();
        if values.is_empty() {
            return self.filter(Expr::val(1).eq(0));
        }
        self.filter(Expr::col(column.as_column_ref()).is_in(values))
    }

    /// The rows in which a column is null.
    pub fn is_null<C: ColumnTrait<EntityName = E>>(self, column: C) -> Self {
        self.filter(column.is_null())
    }

    /// The rows in which a column is not null.
    pub fn is_not_null<C: ColumnTrait<EntityName = E>>(self, column: C) -> Self {
        self.filter(column.is_not_null())
    }

    /// The rows whose `column` is the `key` of a row in another scope: a task of a visible project, a document
    /// of a team with the caller as a member.
    pub fn within<C, P>(self, column: C, scope: Scope<P>, key: P::Column) -> Self
    where
        C: ColumnTrait<EntityName = E>,
        P: EntityTrait,
    {
        let keys = scope.keys(key);
        self.filter(column.in_subquery(keys))
    }

    /// The rows for which a condition of SeaORM's holds.
    pub fn filter(self, condition: impl IntoCondition) -> Self {
        let all = self.condition.unwrap_or_else(Condition::all);
        Self::of(Some(
            Condition::all().add(all).add(condition.into_condition()),
        ))
    }

    /// The rows of this scope and those of another.
    pub fn or(self, other: Self) -> Self {
        match (self.condition, other.condition) {
            (Some(one), Some(other)) => Self::of(Some(Condition::any().add(one).add(other))),
            _ => Self::all(),
        }
    }

    /// The rows that are in both scopes.
    pub fn and(self, other: Self) -> Self {
        match other.condition {
            Some(condition) => self.filter(condition),
            None => self,
        }
    }

    /// A query of SeaORM's for these rows, for what is written by hand.
    #[must_use]
    pub fn select(self) -> Select<E> {
        match self.condition {
            Some(condition) => E::find().filter(condition),
            None => E::find(),
        }
    }

    /// A statement of the values of `key` in the rows.
    pub(crate) fn keys(self, key: E::Column) -> SelectStatement {
        self.select().select_only().column(key).into_query()
    }
}

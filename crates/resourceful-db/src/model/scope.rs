//! [`Scope`]: the rows that exist for a caller.

use std::any::Any;
use std::str::FromStr;
use std::sync::Arc;

use sea_orm::sea_query::{Condition, IntoCondition, Value};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Select};

use crate::model::term::{Comparison, KeysOf, Term};
use crate::shape::Shape;

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
pub struct Scope<E: EntityTrait>(Vec<Term<E>>);

impl<E: EntityTrait> Clone for Scope<E> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<E: EntityTrait> From<Term<E>> for Scope<E> {
    fn from(term: Term<E>) -> Self {
        Self(vec![term])
    }
}

impl<E: EntityTrait> Scope<E> {
    /// Every row, which the other methods narrow.
    pub fn all() -> Self {
        Self(Vec::new())
    }

    /// No row.
    pub fn none() -> Self {
        Term::Nothing.into()
    }

    /// The rows in which a column has this value.
    pub fn eq<C>(self, column: C, value: impl Into<Value>) -> Self
    where
        C: ColumnTrait<EntityName = E>,
    {
        self.compare(column, Comparison::Eq, vec![value.into()])
    }

    /// The rows in which a column has another value.
    pub fn ne<C>(self, column: C, value: impl Into<Value>) -> Self
    where
        C: ColumnTrait<EntityName = E>,
    {
        self.compare(column, Comparison::Ne, vec![value.into()])
    }

    /// The rows in which a column has one of these values; none if there are no values.
    pub fn is_in<C, V>(self, column: C, values: impl IntoIterator<Item = V>) -> Self
    where
        C: ColumnTrait<EntityName = E>,
        V: Into<Value>,
    {
        let values: Vec<Value> = values.into_iter().map(Into::into).collect();
        if values.is_empty() {
            return Self::none();
        }
        self.compare(column, Comparison::Eq, values)
    }

    /// The rows in which a column is null.
    pub fn is_null<C: ColumnTrait<EntityName = E>>(self, column: C) -> Self {
        self.compare(column, Comparison::IsNull, Vec::new())
    }

    /// The rows in which a column is not null.
    pub fn is_not_null<C: ColumnTrait<EntityName = E>>(self, column: C) -> Self {
        self.compare(column, Comparison::IsNotNull, Vec::new())
    }

    /// The rows whose `column` is the `key` of a row in another scope: a task of a visible project, a document
    /// of a team with the caller as a member.
    pub fn within<C, P>(mut self, column: C, scope: Scope<P>, key: P::Column) -> Self
    where
        C: ColumnTrait<EntityName = E>,
        P: EntityTrait,
    {
        let keys = Arc::new(KeysOf { scope, key });
        let column = column_of::<E>(column);
        self.push(Term::Within { column, keys });
        self
    }

    /// The rows for which a condition of SeaORM's holds.
    ///
    /// Its text is written for each request; that of the other methods is written once.
    pub fn filter(mut self, condition: impl IntoCondition) -> Self {
        self.push(Term::Other(condition.into_condition()));
        self
    }

    /// The rows of this scope and those of another.
    pub fn or(self, other: Self) -> Self {
        if self.is_all() || other.is_all() {
            return Self::all();
        }
        Term::Any(vec![self, other]).into()
    }

    /// The rows that are in both scopes.
    pub fn and(mut self, mut other: Self) -> Self {
        self.0.append(&mut other.0);
        self
    }

    /// A query of SeaORM's for these rows, for what is written by hand.
    #[must_use]
    pub fn select(self) -> Select<E> {
        E::find().filter(self.condition())
    }

    fn compare<C: ColumnTrait>(
        mut self,
        column: C,
        comparison: Comparison,
        values: Vec<Value>,
    ) -> Self {
        self.push(Term::Compare {
            column: column_of::<E>(column),
            comparison,
            values,
        });
        self
    }

    pub(crate) fn push(&mut self, term: Term<E>) {
        self.0.push(term);
    }

    /// Whether it has every row.
    pub(crate) fn is_all(&self) -> bool {
        self.0.is_empty()
    }

    /// The condition for a statement.
    pub(crate) fn condition(&self) -> Condition {
        let terms = self.0.iter().map(Term::condition);
        terms.fold(Condition::all(), Condition::add)
    }

    /// Adds the text and the values of [`condition`](Self::condition) to the shape of a statement.
    pub(crate) fn describe(&self, shape: &mut Shape) {
        shape.list(&self.0, Term::describe);
    }
}

/// The column of the entity, whose type SeaORM knows by two names.
fn column_of<E: EntityTrait>(column: impl ColumnTrait) -> E::Column {
    let same = (&column as &dyn Any).downcast_ref::<E::Column>();
    match same {
        Some(column) => *column,
        None => E::Column::from_str(column.as_str())
            .unwrap_or_else(|_| panic!("no column `{}`", column.as_str())),
    }
}

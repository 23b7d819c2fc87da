//! [`Term`]: a condition as data, whose values can be told apart from the text that they are in.

use std::fmt::{Debug, Formatter, Result};
use std::sync::Arc;

use sea_orm::sea_query::extension::sqlite::SqliteBinOper;
use sea_orm::sea_query::{
    Condition, Expr, ExprTrait, Func, LikeExpr, Query, SelectStatement, SimpleExpr, Value,
};
use sea_orm::{ColumnTrait, EntityTrait, IdenStatic};

use crate::model::order::Direction;
use crate::model::scope::Scope;
use crate::shape::Shape;

/// The comparison of a column with values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// Equal to the value, or to one of several.
    Eq,
    /// Not equal to the value, or to none of several.
    Ne,
    Gt,
    Gte,
    Lt,
    Lte,
    IsNull,
    IsNotNull,
    /// Matches a pattern of `LIKE`, with `\` before a character that has no meaning.
    Like,
    /// The same with the lower case of the column's ASCII letters.
    LowerLike,
    /// Matches a pattern of SQLite's `GLOB`.
    Glob,
}

/// A condition on the rows of `E`.
pub(crate) enum Term<E: EntityTrait> {
    /// The column compares so with the value; several values are a list.
    Compare {
        column: E::Column,
        comparison: Comparison,
        values: Vec<Value>,
    },
    /// The columns are beyond the values, in their directions.
    Beyond(Vec<(E::Column, Direction, Value)>),
    /// The column is a key of other rows.
    Within {
        column: E::Column,
        keys: Arc<dyn Keys>,
    },
    /// One of the scopes has the row.
    Any(Vec<Scope<E>>),
    /// No row.
    Nothing,
    /// A condition of SeaORM's.
    Other(Condition),
}

impl<E: EntityTrait> Clone for Term<E> {
    fn clone(&self) -> Self {
        match self {
            Self::Compare {
                column,
                comparison,
                values,
            } => Self::Compare {
                column: *column,
                comparison: *comparison,
                values: values.clone(),
            },
            Self::Beyond(columns) => Self::Beyond(columns.clone()),
            Self::Within { column, keys } => Self::Within {
                column: *column,
                keys: Arc::clone(keys),
            },
            Self::Any(scopes) => Self::Any(scopes.clone()),
            Self::Nothing => Self::Nothing,
            Self::Other(condition) => Self::Other(condition.clone()),
        }
    }
}

impl<E: EntityTrait> Debug for Term<E> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Compare {
                column,
                comparison,
                values,
            } => write!(f, "{} {comparison:?} {values:?}", column.as_str()),
            Self::Beyond(columns) => {
                let columns = columns
                    .iter()
                    .map(|(column, direction, value)| (column.as_str(), direction, value));
                f.debug_list().entries(columns).finish()
            }
            Self::Within { column, keys } => write!(f, "{} within {keys:?}", column.as_str()),
            Self::Any(scopes) => f.debug_tuple("Any").field(scopes).finish(),
            Self::Nothing => f.write_str("Nothing"),
            Self::Other(condition) => condition.fmt(f),
        }
    }
}

impl<E: EntityTrait> Term<E> {
    pub(crate) fn equals(column: E::Column, value: Value) -> Self {
        Self::Compare {
            column,
            comparison: Comparison::Eq,
            values: vec![value],
        }
    }

    pub(crate) fn is_null(column: E::Column) -> Self {
        Self::Compare {
            column,
            comparison: Comparison::IsNull,
            values: Vec::new(),
        }
    }

    /// Adds the text and the values of the condition to the shape of a statement.
    pub(crate) fn describe(&self, shape: &mut Shape) {
        match self {
            Self::Compare {
                column,
                comparison,
                values,
            } => {
                shape.code(0);
                shape.name(column.as_str());
                shape.code(*comparison as u8);
                shape.values(values.iter().cloned());
            }
            Self::Beyond(columns) => {
                shape.code(1);
                describe_beyond::<E>(columns, shape);
            }
            Self::Within { column, keys } => {
                shape.code(2);
                shape.name(column.as_str());
                keys.describe(shape);
            }
            Self::Any(scopes) => {
                shape.code(3);
                shape.list(scopes, Scope::describe);
            }
            Self::Nothing => shape.code(4),
            Self::Other(_) => shape.is_unknown(),
        }
    }

    /// The condition for a statement.
    pub(crate) fn condition(&self) -> Condition {
        let expr = match self {
            Self::Compare {
                column,
                comparison,
                values,
            } => compare(*column, *comparison, values),
            Self::Beyond(columns) => beyond::<E>(columns),
            Self::Within { column, keys } => {
                Expr::col(column.as_column_ref()).in_subquery(keys.select())
            }
            Self::Any(scopes) => {
                let scopes = scopes.iter().map(Scope::condition);
                return scopes.fold(Condition::any(), Condition::add);
            }
            Self::Nothing => Expr::cust("1 = 0"),
            Self::Other(condition) => return condition.clone(),
        };
        Condition::all().add(expr)
    }
}

fn compare<C: ColumnTrait>(column: C, comparison: Comparison, values: &[Value]) -> SimpleExpr {
    let expr = Expr::col(column.as_column_ref());
    let mut saved = values.iter().map(|value| save(column, value));
    let is_list = values.len() > 1;
    let mut one = || saved.next().expect("a comparison has a value");
    match comparison {
        Comparison::IsNull => expr.is_null(),
        Comparison::IsNotNull => expr.is_not_null(),
        Comparison::Eq if is_list => expr.is_in(saved),
        Comparison::Ne if is_list => expr.is_not_in(saved),
        Comparison::Eq => expr.eq(one()),
        Comparison::Ne => expr.ne(one()),
        Comparison::Gt => expr.gt(one()),
        Comparison::Gte => expr.gte(one()),
        Comparison::Lt => expr.lt(one()),
        Comparison::Lte => expr.lte(one()),
        Comparison::Glob => expr.binary(SqliteBinOper::Glob, one()),
        Comparison::Like => expr.like(pattern(values)),
        Comparison::LowerLike => {
            let column = Expr::cust_with_expr("$1 COLLATE \"C\"", expr);
            Expr::expr(Func::cust("lower").arg(column)).like(pattern(values))
        }
    }
}

fn pattern(values: &[Value]) -> LikeExpr {
    let Some(Value::String(Some(pattern))) = values.first() else {
        unreachable!("a pattern is a text");
    };
    LikeExpr::new(pattern.clone()).escape('\\')
}

/// A value as the column stores it: an enum of PostgreSQL needs a cast.
fn save<C: ColumnTrait>(column: C, value: &Value) -> SimpleExpr {
    column.save_as(Expr::val(value.clone()))
}

/// `(a, b) > (x, y)`, which an index serves; if the directions differ,
/// `a > x OR (a = x AND b < y)`.
fn beyond<E: EntityTrait>(columns: &[(E::Column, Direction, Value)]) -> SimpleExpr {
    let column = |column: &E::Column| Expr::col(column.as_column_ref());
    let beyond = |one: SimpleExpr, other: SimpleExpr, direction| match direction {
        Direction::Ascending => one.gt(other),
        Direction::Descending => one.lt(other),
    };
    if let Some(direction) = one_direction::<E>(columns) {
        let values = columns
            .iter()
            .map(|(column, _, value)| save(*column, value));
        let columns = columns.iter().map(|(name, ..)| column(name));
        return beyond(Expr::tuple(columns), Expr::tuple(values), direction);
    }
    let rows = columns.iter().rev();
    let rows = rows.fold(
        None,
        |rest: Option<SimpleExpr>, (name, direction, value)| {
            let here = beyond(column(name), save(*name, value), *direction);
            Some(match rest {
                None => here,
                Some(rest) => here.or(column(name).eq(save(*name, value)).and(rest)),
            })
        },
    );
    rows.expect("an order has a column")
}

fn describe_beyond<E: EntityTrait>(columns: &[(E::Column, Direction, Value)], shape: &mut Shape) {
    // Apart from the last one, a value is there twice if the directions differ.
    let repeats = one_direction::<E>(columns).is_none();
    let mut rest = columns.len();
    shape.list(columns, |(column, direction, _), shape| {
        shape.name(column.as_str());
        shape.code(*direction as u8);
    });
    for (_, _, value) in columns {
        rest -= 1;
        let times = if repeats && rest > 0 { 2 } else { 1 };
        shape.values(std::iter::repeat_n(value, times).cloned());
    }
}

/// The direction of all columns.
fn one_direction<E: EntityTrait>(columns: &[(E::Column, Direction, Value)]) -> Option<Direction> {
    let (_, first, _) = columns.first()?;
    let is_same = columns.iter().all(|(_, direction, _)| direction == first);
    is_same.then_some(*first)
}

/// The values of a column in the rows of a scope.
pub(crate) trait Keys: Debug + Send + Sync {
    fn select(&self) -> SelectStatement;

    fn describe(&self, shape: &mut Shape);
}

pub(crate) struct KeysOf<E: EntityTrait> {
    pub(crate) scope: Scope<E>,
    pub(crate) key: E::Column,
}

impl<E: EntityTrait> Debug for KeysOf<E> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{} of {:?}", self.key.as_str(), self.scope)
    }
}

impl<E: EntityTrait> Keys for KeysOf<E> {
    fn select(&self) -> SelectStatement {
        let mut select = Query::select();
        let key = Expr::col(self.key.as_column_ref());
        select.expr(self.key.select_as(key));
        select.from(E::default().table_ref());
        select.cond_where(self.scope.condition());
        select
    }

    fn describe(&self, shape: &mut Shape) {
        shape.name(E::default().table_name());
        shape.name(self.key.as_str());
        self.scope.describe(shape);
    }
}

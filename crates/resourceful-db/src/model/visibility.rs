//! Rows that a write makes invisible.
//!
//! A statement that writes returns whether the row is still in the scope. The check is part of the statement, so
//! that it cannot come too late: in PostgreSQL it is an expression that fails, which undoes the statement; in
//! SQLite the reader of the row fails, which undoes the savepoint or the transaction.

use resourceful::Error;
use sea_orm::EntityTrait;
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, SimpleExpr};

use crate::error::DbError;
use crate::model::scope::Scope;
use crate::row::Row;

/// A text that is no integer, so that PostgreSQL refuses to cast it, and its error has the text.
const MARK: &str = "resourceful: the row is not visible";

/// The column that [`guarded`] reads; none if every row is visible.
pub(crate) fn guard<E: EntityTrait>(scope: &Scope<E>) -> Option<SimpleExpr> {
    if scope.is_all() {
        return None;
    }
    let visible = CaseStatement::new()
        .case(scope.condition(), Expr::cust("'1'"))
        .finally(Expr::cust(format!("'{MARK}'")));
    Some(SimpleExpr::Case(Box::new(visible)).cast_as("integer"))
}

/// Reads a row whose last column is the [`guard`].
pub(crate) fn guarded<E: EntityTrait, T>(
    scope: &Scope<E>,
    read: impl Fn(&mut Row<'_>) -> Result<T, DbError> + Send + 'static,
) -> impl Fn(&mut Row<'_>) -> Result<T, DbError> + Send + 'static {
    let has_guard = !scope.is_all();
    move |row: &mut Row<'_>| {
        let value = read(row)?;
        // SQLite casts the text to 0.
        if has_guard && row.read::<i64>()? == 0 {
            return Err(forbidden());
        }
        Ok(value)
    }
}

/// The column that [`flagged`] reads: whether the row is visible; none if every row is.
pub(crate) fn flag<E: EntityTrait>(scope: &Scope<E>) -> Option<SimpleExpr> {
    if scope.is_all() {
        return None;
    }
    let visible = CaseStatement::new()
        .case(scope.condition(), Expr::cust("1"))
        .finally(Expr::cust("0"));
    Some(SimpleExpr::Case(Box::new(visible)))
}

/// Reads a row whose last column is the [`flag`].
pub(crate) fn flagged<E: EntityTrait, T>(
    scope: &Scope<E>,
    read: impl Fn(&mut Row<'_>) -> Result<T, DbError> + Send + 'static,
) -> impl Fn(&mut Row<'_>) -> Result<(T, bool), DbError> + Send + 'static {
    let has_flag = !scope.is_all();
    move |row: &mut Row<'_>| {
        let value = read(row)?;
        Ok((value, !has_flag || row.read::<i64>()? == 1))
    }
}

/// Turns the error of PostgreSQL's cast into a 403.
pub(crate) fn refused(error: DbError) -> DbError {
    if error.to_string().contains(MARK) {
        forbidden()
    } else {
        error
    }
}

pub(crate) fn forbidden() -> DbError {
    Error::forbidden("You may not have an item with these values here.").into()
}

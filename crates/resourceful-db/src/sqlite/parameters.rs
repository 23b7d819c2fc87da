//! Values of a statement's parameters.

use rusqlite::{Rows, Statement};
use sea_orm::sea_query::Value;

use crate::error::DbError;
use crate::value::sqlite::Parameter;

/// Runs the statement with these values.
///
/// `$2` has the second value, as in PostgreSQL and in sqlx. To SQLite it is a name, and its place is the order in
/// which the names appear (<https://www.sqlite.org/lang_expr.html#varparam>): in `$2, $1` that of `$2` is 1.
pub(super) fn run<'s>(
    statement: &'s mut Statement<'_>,
    values: &[Value],
) -> Result<Rows<'s>, DbError> {
    let mut last = 0;
    for place in 1..=statement.parameter_count() {
        let number = match statement.parameter_name(place) {
            Some(name) => name[1..].parse().unwrap_or(0),
            None => place,
        };
        let value = number.checked_sub(1).and_then(|index| values.get(index));
        let value = value.ok_or_else(|| {
            let name = statement.parameter_name(place).unwrap_or("?");
            DbError::other(format!("no value for the parameter `{name}`"))
        })?;
        statement.raw_bind_parameter(place, Parameter(value))?;
        last = last.max(number);
    }
    if values.len() > last {
        let text = format!("{} values for {last} parameters", values.len());
        return Err(DbError::other(text));
    }
    Ok(statement.raw_query())
}

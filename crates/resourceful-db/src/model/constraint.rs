//! Errors of constraints, as fields of the body.

use resourceful::{Error, FieldError};
use sea_orm::sea_query::{Expr, ExprTrait, Query as SqlQuery};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, EntityTrait, IdenStatic, Identity, Iterable,
    RelationTrait,
};

use crate::error::{DbError, DbErrorKind};
use crate::row::{FromRow, Single};
use crate::source::Source;
use crate::statement::Query;

/// The columns of a body with the names of their members.
pub(crate) type Members = [(&'static str, &'static str)];

/// Turns the error of a constraint into a 422 with the fields, if the body has them. `written` is the
/// row, and `source` is outside of what has failed.
pub(crate) async fn explain<E: EntityTrait>(
    error: DbError,
    written: &E::ActiveModel,
    members: &Members,
    source: Source<'_>,
) -> DbError {
    let (columns, detail) = match error.kind() {
        DbErrorKind::Unique => (error.columns().to_vec(), "is taken"),
        DbErrorKind::NotNull => (error.columns().to_vec(), "must not be null"),
        DbErrorKind::Check => (of_check(&error, members), "is not allowed"),
        DbErrorKind::ForeignKey => {
            let columns = match error.columns() {
                // SQLite does not tell.
                [] => dangling::<E>(written, source).await,
                columns => columns.to_vec(),
            };
            (columns, "does not exist")
        }
        _ => return error,
    };
    let fields = members
        .iter()
        .filter(|(column, _)| columns.iter().any(|other| other == column));
    let fields = fields.map(|(_, member)| FieldError::body(pointer(member), detail));
    let fields: Vec<_> = fields.collect();
    if !fields.is_empty() {
        return Error::invalid(fields).with_source(error).into();
    }
    if error.kind() == DbErrorKind::NotNull {
        // The body cannot set it, so a hook has forgotten it.
        return DbError::other(error.to_string());
    }
    error
}

/// The JSON pointer of a member (RFC 6901).
pub(crate) fn pointer(member: &str) -> String {
    format!("/{}", member.replace('~', "~0").replace('/', "~1"))
}

/// The columns in the name of a `CHECK`, or in its condition: PostgreSQL names it after the table and the column,
/// SQLite returns the condition.
fn of_check(error: &DbError, members: &Members) -> Vec<String> {
    let name = error.constraint().unwrap_or_default();
    let is_word = |start: usize, end: usize| {
        let is_letter = |character: char| character.is_alphanumeric();
        !name[..start].ends_with(is_letter) && !name[end..].starts_with(is_letter)
    };
    let named = members.iter().filter(|(column, _)| {
        let mut found = name.match_indices(column);
        found.any(|(start, column)| is_word(start, start + column.len()))
    });
    // Of `state` and `state_code` in `task_state_code_check`, the longer one is meant.
    let longest = named.max_by_key(|(column, _)| column.len());
    longest
        .map(|(column, _)| (*column).to_owned())
        .into_iter()
        .collect()
}

/// The columns that were written and refer to no row.
async fn dangling<E: EntityTrait>(written: &E::ActiveModel, source: Source<'_>) -> Vec<String> {
    let mut columns = Vec::new();
    for relation in E::Relation::iter() {
        let relation = relation.def();
        let (Identity::Unary(from), Identity::Unary(to)) = (&relation.from_col, &relation.to_col)
        else {
            continue;
        };
        let name = from.to_string();
        let Some(column) = E::Column::iter().find(|column| column.as_str() == name) else {
            continue;
        };
        // The relations of others to this row have another column here, which was not written.
        let ActiveValue::Set(value) = written.get(column) else {
            continue;
        };
        if relation.is_owner || value == value.as_null() {
            continue;
        }
        let exists = SqlQuery::select()
            .expr(Expr::cust("1"))
            .from(relation.to_tbl.clone())
            .and_where(Expr::col(to.clone()).eq(column.save_as(Expr::val(value))))
            .limit(1)
            .to_owned();
        let rows = source
            .query(
                Query::new(source.backend(), &exists),
                Single::<i64>::from_row,
            )
            .await;
        if rows.is_ok_and(|rows| rows.is_empty()) {
            columns.push(name);
        }
    }
    columns
}

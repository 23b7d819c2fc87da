//! Errors of constraints, as fields of the body.

use resourceful::{Error, FieldError};
use sea_orm::sea_query::{Expr, ExprTrait, Query as SqlQuery};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, EntityTrait, IdenStatic, Iterable, RelationTrait,
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
        DbErrorKind::Check => {
            let column = error.constraint().and_then(of_check::<E>);
            (column.into_iter().collect(), "is not allowed")
        }
        DbErrorKind::ForeignKey => {
            let columns = match error.columns() {
                // SQLite does not tell.
                [] => dangling::<E>(written, source).await,
                columns if refers::<E>(&error) => columns.to_vec(),
                // Rows of others refer to this one.
                _ => Vec::new(),
            };
            (columns, "does not exist")
        }
        _ => return error,
    };
    let is_at_fault = |member: &&(&str, &str)| columns.iter().any(|column| column == member.0);
    let is_set = |member: &&(&str, &str)| {
        let column = column::<E>(member.0);
        column.is_some_and(|column| matches!(written.get(column), ActiveValue::Set(_)))
    };
    let mut at_fault: Vec<_> = members.iter().filter(is_at_fault).collect();
    // A change of one column of two: the body has this one alone.
    if at_fault.iter().any(is_set) {
        at_fault.retain(is_set);
    }
    let fields = at_fault.iter();
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

fn column<E: EntityTrait>(name: &str) -> Option<E::Column> {
    E::Column::iter().find(|column| column.as_str() == name)
}

/// The column of a `CHECK`, by its name. SQLite returns the condition of one without a name.
fn of_check<E: EntityTrait>(name: &str) -> Option<String> {
    let columns = || E::Column::iter().map(|column| column.as_str().to_owned());
    let is_of_name = |character: char| character.is_alphanumeric() || character == '_';
    if !name.chars().all(is_of_name) {
        // A column in a string is none.
        let condition: String = name.split('\'').step_by(2).collect();
        let has = |column: &String| {
            let mut words = condition.split(|character| !is_of_name(character));
            words.any(|word| word.eq_ignore_ascii_case(column))
        };
        let mut named = columns().filter(has);
        // Of several columns, none is at fault alone.
        return named.next().filter(|_| named.next().is_none());
    }
    // PostgreSQL names it after its table, and its column if it has only one, and a number if the name is taken.
    let table = E::default().table_name().to_owned();
    let automatic = name.trim_end_matches(|character: char| character.is_ascii_digit());
    if automatic == format!("{table}_check") {
        return None;
    }
    if let Some(column) = columns().find(|column| automatic == format!("{table}_{column}_check")) {
        return Some(column);
    }
    let is_word = |start: usize, end: usize| {
        let is_letter = |character: char| character.is_alphanumeric();
        !name[..start].ends_with(is_letter) && !name[end..].starts_with(is_letter)
    };
    let named = columns().filter(|column| {
        let mut found = name.match_indices(column.as_str());
        found.any(|(start, column)| is_word(start, start + column.len()))
    });
    // Of `state` and `state_code` in `state_code_is_known`, the longer one is meant.
    named.max_by_key(String::len)
}

/// Whether the foreign key is one of this table. PostgreSQL reports the same for a row that others refer to.
fn refers<E: EntityTrait>(error: &DbError) -> bool {
    // A partition has a name of its own, and the relations of its table.
    error.table() == Some(E::default().table_name())
        || E::Relation::iter().any(|relation| {
            let relation = relation.def();
            let from = relation
                .from_col
                .into_iter()
                .map(|column| column.to_string());
            !relation.is_owner && from.eq(error.columns().iter().cloned())
        })
}

/// The columns that were written and refer to no row.
async fn dangling<E: EntityTrait>(written: &E::ActiveModel, source: Source<'_>) -> Vec<String> {
    let mut dangling = Vec::new();
    for relation in E::Relation::iter() {
        let relation = relation.def();
        // A relation of others to this row has no column that refers.
        if relation.is_owner {
            continue;
        }
        let mut exists = SqlQuery::select();
        exists.expr(Expr::cust("1")).from(relation.to_tbl).limit(1);
        let mut columns = Vec::new();
        let mut has_null = false;
        for (from, to) in relation.from_col.into_iter().zip(relation.to_col) {
            let name = from.to_string();
            if let Some(column) = column::<E>(&name)
                && let ActiveValue::Set(value) = written.get(column)
            {
                has_null |= value == value.as_null();
                exists.and_where(Expr::col(to).eq(column.save_as(Expr::val(value))));
                columns.push(name);
            }
        }
        if columns.is_empty() || has_null {
            continue;
        }
        let exists = Query::new(source.backend(), &exists);
        let rows = source.query(exists, Single::<i64>::from_row).await;
        if rows.is_ok_and(|rows| rows.is_empty()) {
            dangling.extend(columns);
        }
    }
    dangling
}

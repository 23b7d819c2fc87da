//! Errors of PostgreSQL (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).

use deadpool::managed::PoolError;
use tokio_postgres::error::{DbError as Report, SqlState};

use crate::error::{Constraint, DbError, DbErrorKind};

impl From<tokio_postgres::Error> for DbError {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(report) = error.as_db_error() else {
            // Without a report of the server: the connection is lost, or a value has the wrong type.
            let source = std::error::Error::source(&error);
            let is_io = source.is_some_and(<dyn std::error::Error>::is::<std::io::Error>);
            let text = match source {
                Some(source) => format!("{error}: {source}"),
                None => error.to_string(),
            };
            return if is_io || error.is_closed() || text.contains("timed out") {
                Self::unavailable(text)
            } else {
                Self::other(text)
            };
        };
        let text = format!("{}: {}", report.code().code(), report.message());
        let of = |kind, columns| {
            let constraint = Constraint {
                name: report.constraint().map(str::to_owned),
                table: report.table().map(str::to_owned),
                columns,
            };
            Self::of_constraint(kind, text.clone(), constraint)
        };
        match *report.code() {
            SqlState::UNIQUE_VIOLATION | SqlState::EXCLUSION_VIOLATION => {
                of(DbErrorKind::Unique, columns(report))
            }
            // The second one is that of `RESTRICT`, since PostgreSQL 18.
            SqlState::FOREIGN_KEY_VIOLATION | SqlState::RESTRICT_VIOLATION => {
                of(DbErrorKind::ForeignKey, columns(report))
            }
            SqlState::NOT_NULL_VIOLATION => {
                let column = report.column().map(str::to_owned);
                of(DbErrorKind::NotNull, column.into_iter().collect())
            }
            // A value that is too long or too large for its column, as a `CHECK` would refuse it.
            SqlState::CHECK_VIOLATION
            | SqlState::STRING_DATA_RIGHT_TRUNCATION
            | SqlState::NUMERIC_VALUE_OUT_OF_RANGE
            | SqlState::DATETIME_FIELD_OVERFLOW => of(DbErrorKind::Check, Vec::new()),
            SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED => {
                Self::new(DbErrorKind::Serialization, text)
            }
            _ if is_stale_statement(&error) => Self::new(DbErrorKind::Serialization, text),
            ref code if is_unavailable(code) => Self::unavailable(text),
            _ => Self::other(text),
        }
    }
}

/// Connection, temporarily read-only, transaction rollback, resources, locks and operator intervention.
/// `57014` is a statement that took too long, which would take as long again.
fn is_unavailable(code: &SqlState) -> bool {
    let code = code.code();
    let classes = ["08", "25006", "25P03", "25P04", "40", "53", "55P03", "57P"];
    classes.iter().any(|class| code.starts_with(class))
}

/// The columns of `Key (team_id, slug)=(7, hello) already exists.` The words are in the language of the
/// server, the parentheses are not.
fn columns(report: &Report) -> Vec<String> {
    let detail = report.detail().unwrap_or_default();
    let list = detail
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(")=("));
    let Some((list, _)) = list else {
        return Vec::new();
    };
    list.split(", ")
        .map(|column| column.trim_matches('"').to_owned())
        .collect()
}

impl From<PoolError<tokio_postgres::Error>> for DbError {
    fn from(error: PoolError<tokio_postgres::Error>) -> Self {
        match error {
            PoolError::Backend(error) => {
                let error = Self::from(error);
                // A wrong password stays wrong. All else may be better at the next attempt.
                Self::unavailable(format!("cannot connect: {error}"))
            }
            other => Self::unavailable(other.to_string()),
        }
    }
}

/// Whether a prepared statement is out of date: a table has changed, or a pooler has another connection.
pub(super) fn is_stale_statement(error: &tokio_postgres::Error) -> bool {
    error.code().is_some_and(|code| {
        *code == SqlState::INVALID_SQL_STATEMENT_NAME
            || (*code == SqlState::FEATURE_NOT_SUPPORTED
                && error.as_db_error().and_then(Report::routine) == Some("RevalidateCachedQuery"))
    })
}

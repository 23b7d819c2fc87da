//! Errors of SQLite (<https://www.sqlite.org/rescode.html>).

use rusqlite::ffi;

use crate::error::{Constraint, DbError, DbErrorKind};

impl From<rusqlite::Error> for DbError {
    fn from(error: rusqlite::Error) -> Self {
        let rusqlite::Error::SqliteFailure(failure, message) = &error else {
            return Self::other(error.to_string());
        };
        let text = error.to_string();
        let message = message.as_deref().unwrap_or_default();
        // `UNIQUE constraint failed: post.slug`
        let told = message.split_once(": ").map(|(_, told)| told);
        let of_columns = |kind| {
            let columns = columns(told.unwrap_or_default());
            let constraint = Constraint {
                columns,
                ..Constraint::default()
            };
            Self::of_constraint(kind, text.clone(), constraint)
        };
        match failure.extended_code {
            ffi::SQLITE_CONSTRAINT_UNIQUE
            | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
            | ffi::SQLITE_CONSTRAINT_ROWID => of_columns(DbErrorKind::Unique),
            ffi::SQLITE_CONSTRAINT_NOTNULL => of_columns(DbErrorKind::NotNull),
            ffi::SQLITE_CONSTRAINT_FOREIGNKEY => {
                Self::of_constraint(DbErrorKind::ForeignKey, text, Constraint::default())
            }
            ffi::SQLITE_CONSTRAINT_CHECK => {
                let name = told.map(str::to_owned);
                let constraint = Constraint {
                    name,
                    ..Constraint::default()
                };
                Self::of_constraint(DbErrorKind::Check, text, constraint)
            }
            code => match code & 0xff {
                ffi::SQLITE_INTERRUPT => {
                    Self::new(DbErrorKind::Other, "the statement took too long")
                }
                // Of the authorizer of `Connection`.
                ffi::SQLITE_AUTH => Self::transaction_control(),
                ffi::SQLITE_BUSY
                | ffi::SQLITE_LOCKED
                | ffi::SQLITE_READONLY
                | ffi::SQLITE_IOERR
                | ffi::SQLITE_FULL
                | ffi::SQLITE_CANTOPEN
                | ffi::SQLITE_NOMEM => Self::unavailable(text),
                _ => Self::other(text),
            },
        }
    }
}

/// The columns of `post.team_id, post.slug`.
fn columns(list: &str) -> Vec<String> {
    let columns = list
        .split(", ")
        .filter_map(|column| column.rsplit('.').next());
    columns.map(str::to_owned).collect()
}

pub(crate) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked)
    )
}

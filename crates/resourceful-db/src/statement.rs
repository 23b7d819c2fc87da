//! [`Query`]: a statement with its values.

use std::sync::Arc;

use sea_orm::sea_query::{
    PostgresQueryBuilder, QueryStatementWriter, SqliteQueryBuilder, Value, Values,
};
use sea_orm::{DbBackend, Statement};

use crate::error::DbError;
use crate::lexer::{Backslash, Opening, begin_with, first_opening, openings};

/// Words with which a statement within another one begins if it writes.
const WRITES: [&str; 5] = ["INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE"];

/// Words with which a statement begins that begins or ends a transaction or a savepoint.
const CONTROL: [&[&str]; 9] = [
    &["ABORT"],
    &["BEGIN"],
    &["COMMIT"],
    &["END"],
    &["PREPARE", "TRANSACTION"],
    &["RELEASE"],
    &["ROLLBACK"],
    &["SAVEPOINT"],
    &["START"],
];

/// A statement and the values of its parameters `$1`, `$2` ..
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Query {
    pub(crate) sql: Arc<str>,
    pub(crate) values: Vec<Value>,
    /// Whether the statement only reads.
    pub(crate) only_reads: bool,
}

impl Query {
    pub(crate) fn new(backend: DbBackend, statement: &impl QueryStatementWriter) -> Self {
        let (sql, Values(values)) = match backend {
            DbBackend::Sqlite => statement.build(SqliteQueryBuilder),
            _ => statement.build(PostgresQueryBuilder),
        };
        Self::with_values(backend, sql, values)
    }

    pub(crate) fn text(backend: DbBackend, sql: impl Into<Arc<str>>) -> Self {
        Self::with_values(backend, sql, Vec::new())
    }

    pub(crate) fn with_values(
        backend: DbBackend,
        sql: impl Into<Arc<str>>,
        values: Vec<Value>,
    ) -> Self {
        let sql = sql.into();
        Self {
            only_reads: only_reads(&sql, backend),
            sql,
            values,
        }
    }
}

/// Whether a statement only reads. One that begins with `WITH` or `EXPLAIN` does, unless another one that may write
/// is in it.
fn only_reads(sql: &str, backend: DbBackend) -> bool {
    let opening = first_opening(sql, backend);
    let begins_with = |word| begin_with(&opening, &[word]);
    if begins_with("WITH") || begins_with("EXPLAIN") {
        // All words: those of strings do no harm here.
        let mut words = sql.split(|character: char| !character.is_ascii_alphabetic());
        return !words.any(|word| WRITES.iter().any(|write| word.eq_ignore_ascii_case(write)));
    }
    begins_with("SELECT") || begins_with("VALUES")
}

/// Refuses a statement that would end a transaction, or begin one that nobody ends: other statements may share it
/// or its connection.
pub(crate) fn refuse_transaction_control(sql: &str, backend: DbBackend) -> Result<(), DbError> {
    if is_control(&first_opening(sql, backend)) {
        return Err(DbError::transaction_control());
    }
    Ok(())
}

/// Refuses statements of which one would end a transaction or begin one.
pub(crate) fn refuse_transaction_control_in_any(
    sql: &str,
    backend: DbBackend,
) -> Result<(), DbError> {
    refuse_transaction_control_as(sql, backend, Backslash::Literal)?;
    // The setting that decides is the server's, so both readings must be without control.
    if backend != DbBackend::Sqlite && sql.contains('\\') {
        refuse_transaction_control_as(sql, backend, Backslash::Escape)?;
    }
    Ok(())
}

/// The same for a server whose setting is known.
pub(crate) fn refuse_transaction_control_as(
    sql: &str,
    backend: DbBackend,
    backslash: Backslash,
) -> Result<(), DbError> {
    if openings(sql, backend, backslash).any(|opening| is_control(&opening)) {
        return Err(DbError::transaction_control());
    }
    Ok(())
}

fn is_control(opening: &Opening<'_>) -> bool {
    CONTROL.iter().any(|control| begin_with(opening, control))
}

impl From<Statement> for Query {
    fn from(statement: Statement) -> Self {
        let values = statement.values.map_or_else(Vec::new, |values| values.0);
        Self::with_values(statement.db_backend, statement.sql, values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_reads_unless_it_may_write() {
        for reads in [
            "SELECT 1",
            " select name FROM tag",
            "VALUES (1)",
            "WITH RECURSIVE n(i) AS (SELECT 1) SELECT i FROM n",
            "EXPLAIN SELECT 1",
            "with t AS (SELECT updated_at FROM tag) SELECT * FROM t",
            "-- INSERT\n/* ; */ SELECT 1",
        ] {
            for backend in [DbBackend::Sqlite, DbBackend::Postgres] {
                assert!(only_reads(reads, backend), "{reads}");
            }
        }
        for writes in [
            "",
            "INSERT INTO tag VALUES (1)",
            "WITH t AS (SELECT 1) INSERT INTO tag SELECT * FROM t",
            "WITH t AS (DELETE FROM tag RETURNING *) SELECT * FROM t",
            "WITH t AS (SELECT 1)\nupdate\ntag SET name = 1",
            "EXPLAIN ANALYZE INSERT INTO tag VALUES (1)",
            "-- SELECT\nINSERT INTO tag VALUES (1)",
            "PRAGMA user_version",
            "SELECTED",
        ] {
            for backend in [DbBackend::Sqlite, DbBackend::Postgres] {
                assert!(!only_reads(writes, backend), "{writes}");
            }
        }
    }
}

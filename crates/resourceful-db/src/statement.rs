//! [`Query`]: a statement with its values.

use std::sync::Arc;

use sea_orm::sea_query::{
    PostgresQueryBuilder, QueryStatementWriter, SqliteQueryBuilder, Value, Values,
};
use sea_orm::{DbBackend, Statement};

use crate::error::DbError;

/// Words with which a statement within another one begins if it writes.
const WRITES: [&str; 5] = ["INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE"];

/// A statement and the values of its parameters `$1`, `$2` ..
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Query {
    pub(crate) sql: Arc<str>,
    pub(crate) values: Vec<Value>,
}

impl Query {
    pub(crate) fn new(backend: DbBackend, statement: &impl QueryStatementWriter) -> Self {
        let (sql, Values(values)) = match backend {
            DbBackend::Sqlite => statement.build(SqliteQueryBuilder),
            _ => statement.build(PostgresQueryBuilder),
        };
        Self {
            sql: sql.into(),
            values,
        }
    }

    pub(crate) fn text(sql: impl Into<Arc<str>>) -> Self {
        Self {
            sql: sql.into(),
            values: Vec::new(),
        }
    }

    /// Whether the statement only reads. One that begins with `WITH` or `EXPLAIN` does, unless another one that
    /// may write is in it.
    pub(crate) fn only_reads(&self) -> bool {
        let text = self.sql.trim_start();
        let mut words = text.split(|character: char| !character.is_ascii_alphabetic());
        let is_one_of =
            |list: &[&str], word: &str| list.iter().any(|other| word.eq_ignore_ascii_case(other));
        match words.next() {
            Some(first) if is_one_of(&["SELECT", "VALUES"], first) => true,
            Some(first) if is_one_of(&["WITH", "EXPLAIN"], first) => {
                !words.any(|word| is_one_of(&WRITES, word))
            }
            _ => false,
        }
    }
}

/// Refuses statements that would end a transaction, or begin one that nobody ends: other statements may share it
/// or its connection.
pub(crate) fn refuse_transaction_control(sql: &str) -> Result<(), DbError> {
    const CONTROL: [&str; 8] = [
        "BEGIN",
        "START",
        "COMMIT",
        "END",
        "ROLLBACK",
        "ABORT",
        "SAVEPOINT",
        "RELEASE",
    ];
    if begins_with(sql, &CONTROL) {
        let text = "use `begin`, `savepoint`, `commit` and `rollback` instead of their SQL";
        return Err(DbError::other(text));
    }
    Ok(())
}

fn begins_with(sql: &str, words: &[&str]) -> bool {
    let text = sql.trim_start();
    let is = |word: &&str| {
        text.get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    words.iter().any(is)
}

impl From<Statement> for Query {
    fn from(statement: Statement) -> Self {
        Self {
            sql: statement.sql.into(),
            values: statement.values.map_or_else(Vec::new, |values| values.0),
        }
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
        ] {
            assert!(Query::text(reads).only_reads(), "{reads}");
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
        ] {
            assert!(!Query::text(writes).only_reads(), "{writes}");
        }
    }
}

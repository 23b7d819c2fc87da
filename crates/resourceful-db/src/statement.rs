//! [`Query`]: a statement with its values.

use sea_orm::sea_query::{
    PostgresQueryBuilder, QueryStatementWriter, SqliteQueryBuilder, Value, Values,
};
use sea_orm::{DbBackend, Statement};

use crate::error::DbError;

/// A statement and the values of its parameters `$1`, `$2` ..
#[derive(Clone, Debug)]
pub(crate) struct Query {
    pub(crate) sql: String,
    pub(crate) values: Vec<Value>,
}

impl Query {
    pub(crate) fn new(backend: DbBackend, statement: &impl QueryStatementWriter) -> Self {
        let (sql, Values(values)) = match backend {
            DbBackend::Sqlite => statement.build(SqliteQueryBuilder),
            _ => statement.build(PostgresQueryBuilder),
        };
        Self { sql, values }
    }

    pub(crate) fn text(sql: impl Into<String>) -> Self {
        Self {
            sql: sql.into(),
            values: Vec::new(),
        }
    }

    /// Whether the statement only reads. A statement that begins with `WITH` may write.
    pub(crate) fn only_reads(&self) -> bool {
        begins_with(&self.sql, &["SELECT", "VALUES", "EXPLAIN"])
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
            sql: statement.sql,
            values: statement.values.map_or_else(Vec::new, |values| values.0),
        }
    }
}

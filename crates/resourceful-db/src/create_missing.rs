//! Tables and indexes of stores, which are created where they are missing.

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::db::Db;
use crate::error::DbError;

/// Creates tables and indexes that are missing: each its name and its statement, with `IF NOT EXISTS`.
///
/// PostgreSQL's `CREATE INDEX IF NOT EXISTS` waits for all transactions that write to the table, and makes others wait
/// meanwhile, also if the index is there: a replica that starts would stop the others.
///
/// # Errors
/// If the database cannot be reached, or the user may not create tables.
pub async fn create_missing(db: &Db, relations: &[(&str, &str)]) -> Result<(), DbError> {
    for (name, statement) in relations {
        // If two processes create one at the same time, PostgreSQL refuses one of them even with `IF NOT EXISTS`. It is
        // there then.
        if !exists(db, name).await?
            && let Err(error) = db.execute_unprepared(statement).await
            && !exists(db, name).await?
        {
            return Err(error.into());
        }
    }
    Ok(())
}

async fn exists(db: &Db, name: &str) -> Result<bool, DbError> {
    let sql = match db.backend() {
        DbBackend::Postgres => "SELECT 1 WHERE to_regclass($1) IS NOT NULL",
        _ => "SELECT 1 FROM sqlite_master WHERE name = $1",
    };
    let exists = Statement::from_sql_and_values(db.backend(), sql, [name.into()]);
    Ok(db.query_one_raw(exists).await?.is_some())
}

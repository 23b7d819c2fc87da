//! Concurrent queries, each on its own connection.
//!
//! One path runs four slow queries one after the other, the other path runs them at the same time:
//! `tokio::try_join!` waits for all of them, and SeaORM's pool provides the connections.
//!
//! ```sh
//! cargo run -p concurrent-db --release
//! curl 127.0.0.1:8000/sums/one-by-one
//! curl 127.0.0.1:8000/sums/at-once     # the same sums, faster with several cores
//! ```

use std::time::Instant;

use resourceful::prelude::*;
use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr, FromQueryResult, Statement};

#[derive(Debug, thiserror::Error, Problem)]
enum SumError {
    #[error(transparent)]
    #[problem(status = 500)]
    Database(#[from] DbErr),
}

#[derive(FromQueryResult)]
struct Sum {
    sum: i64,
}

#[derive(Serialize, JsonSchema)]
struct Sums {
    sums: [i64; 4],
    milliseconds: u128,
}

/// The sum of the numbers up to `last`, computed slowly.
async fn sum(database: &DatabaseConnection, last: i64) -> Result<i64, DbErr> {
    let sql = "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < $1) \
               SELECT SUM(n) AS sum FROM number";
    let backend = database.get_database_backend();
    let statement = Statement::from_sql_and_values(backend, sql, [last.into()]);
    let row = Sum::find_by_statement(statement).one(database).await?;
    row.map(|row| row.sum)
        .ok_or_else(|| DbErr::RecordNotFound("a sum has a row".to_owned()))
}

const LAST: i64 = 200_000;

/// Runs four queries one after the other.
#[endpoint]
async fn one_by_one(database: &DatabaseConnection) -> Result<Json<Sums>, SumError> {
    let started = Instant::now();
    let mut sums = [0; 4];
    for result in &mut sums {
        *result = sum(database, LAST).await?;
    }
    let milliseconds = started.elapsed().as_millis();
    Ok(Json(Sums { sums, milliseconds }))
}

/// Runs four queries at the same time.
#[endpoint]
async fn at_once(database: &DatabaseConnection) -> Result<Json<Sums>, SumError> {
    let started = Instant::now();
    let query = || sum(database, LAST);
    // Returns the first error at once and drops the other queries.
    let (first, second, third, fourth) = tokio::try_join!(query(), query(), query(), query())?;
    let sums = [first, second, third, fourth];
    let milliseconds = started.elapsed().as_millis();
    Ok(Json(Sums { sums, milliseconds }))
}

#[tokio::main]
async fn main() -> Result<()> {
    // A file, because an in-memory database belongs to one connection.
    let mut options = ConnectOptions::new("sqlite://sums.sqlite3?mode=rwc");
    options.min_connections(4).max_connections(4);
    let database = Database::connect(options).await.map_err(Error::internal)?;

    let bind = std::env::var("BIND").unwrap_or_else(|_| "127.0.0.1:8000".into());
    let server = App::new()
        .get("/sums/one-by-one", public(one_by_one).state(&database))
        .get("/sums/at-once", public(at_once).state(&database))
        .on_stop(|| async move { database.close().await.map_err(Error::internal) })
        .bind(bind)
        .await?;
    println!("Listening on http://{}", server.local_addr());
    server.run().await
}

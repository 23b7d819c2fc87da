//! Concurrent queries, each on its own connection.
//!
//! One path runs four slow queries one after the other, the other path runs them at the same time:
//! `tokio::try_join!` waits for all of them, and the database has several connections that read.
//!
//! ```sh
//! cargo run -p concurrent-db --release
//! curl 127.0.0.1:8000/sums/one-by-one
//! curl 127.0.0.1:8000/sums/at-once     # the same sums, faster with several cores
//! ```

use std::time::Instant;

use resourceful::prelude::*;
use resourceful_db::{Db, DbError};
use sea_orm::{FromQueryResult, Statement};

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
async fn sum(database: &Db, last: i64) -> Result<i64, DbError> {
    let sql = "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < $1) \
               SELECT SUM(n) AS sum FROM number";
    let backend = database.backend();
    let statement = Statement::from_sql_and_values(backend, sql, [last.into()]);
    let row = Sum::find_by_statement(statement).one(database).await?;
    Ok(row.map_or(0, |row| row.sum))
}

const LAST: i64 = 200_000;

/// Runs four queries one after the other.
#[endpoint]
async fn one_by_one(database: &Db) -> Result<Json<Sums>, DbError> {
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
async fn at_once(database: &Db) -> Result<Json<Sums>, DbError> {
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
    // A file, because an in-memory database has one connection.
    let options = Db::options().readers(4);
    let database = options.connect("sqlite://sums.sqlite3").await?;

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

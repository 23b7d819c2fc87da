//! By hand: hyper, and tokio-postgres or rusqlite.

use resourceful_database_benches::bare::serve;
use resourceful_database_benches::postgres::Postgres;
use resourceful_database_benches::sqlite::Sqlite;
use resourceful_database_benches::{Result, database_url};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let url = database_url();
    if url.starts_with("postgres") {
        serve(Postgres::open(&url)?).await
    } else {
        serve(Sqlite::open(&url)?).await
    }
}

//! Orders with work after the answer: an order enqueues its jobs in its own transaction, and workers do them once it is
//! committed. Any number of processes share the orders and the jobs.
//!
//! ```sh
//! cargo run -p shop
//! curl localhost:8000/orders --json '{"product_id": 1, "email": "ada@example.org"}'
//! ls receipts                                                            # the e-mail, a moment later
//! curl localhost:8000/products                                           # the sale is counted
//! curl localhost:8000/orders --json '{"product_id": 2, "email": "ada@example.org"}'   # 409: sold out, and no jobs
//! curl localhost:9100/dead-letters                                       # jobs that failed too often; not public
//! ```
//!
//! | variable | meaning | default |
//! |---|---|---|
//! | `DATABASE_URL` | SQLite or PostgreSQL | `sqlite://shop.sqlite3` |
//! | `BIND` | address | `127.0.0.1:8000` |
//! | `INTERNAL` | address for operators, which is not public | `127.0.0.1:9100` |
//! | `RECEIPTS` | directory for receipts | `receipts` |
//! | `LEASE` | seconds after which another worker does the job of a process that has ended | `60` |

mod jobs;
mod orders;
mod products;
mod tables;

use std::path::PathBuf;
use std::time::Duration;

use resourceful::prelude::*;
use resourceful_db::Db;
use resourceful_outbox::{DeadLetters, Outbox, RunningWorker, Schedule, Worker};

use crate::jobs::{CountSale, Receipts, RemoveOldOrders, SendReceipt};
use crate::orders::Orders;
use crate::products::Products;
use crate::tables::Migrator;

#[tokio::main]
async fn main() -> Result<()> {
    let db = Db::connect(&setting("DATABASE_URL", "sqlite://shop.sqlite3")).await?;
    db.migrate::<Migrator>().await?;
    let outbox = Outbox::new(db.clone()).await?;
    let worker = start_worker(&outbox)?;

    let internal = App::new()
        .resource("/dead-letters", DeadLetters::<Public>::new(&outbox, ()))
        .bind(setting("INTERNAL", "127.0.0.1:9100"))
        .await?;
    let server = App::new()
        .resource("/products", Products { db: db.clone() })
        .resource("/orders", Orders { db, outbox })
        .on_stop(|| worker.drain())
        .bind(setting("BIND", "127.0.0.1:8000"))
        .await?;
    println!("Listening on http://{}", server.local_addr());
    tokio::select! {
        result = server.run() => result,
        result = internal.run_until(std::future::pending()) => result,
    }
}

fn start_worker(outbox: &Outbox) -> Result<RunningWorker> {
    let directory = PathBuf::from(setting("RECEIPTS", "receipts"));
    std::fs::create_dir_all(&directory).map_err(Error::internal)?;
    let lease = setting("LEASE", "60").parse();
    let lease = lease.map_err(|_| Error::internal("LEASE is not a number"))?;
    let worker = Worker::new(outbox)
        .job::<CountSale>(())
        .job::<SendReceipt>(Receipts { directory })
        .job::<RemoveOldOrders>(())
        .schedule(
            "remove-old-orders",
            Schedule::cron("0 3 * * *")?,
            &RemoveOldOrders,
        );
    worker.lease(Duration::from_secs(lease)).start()
}

fn setting(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.into())
}

//! Payments that a client may send again after a lost response: each has its effect once. The response is kept in the
//! transaction that moves the money.
//!
//! ```sh
//! cargo run -p idempotent-payments
//!
//! pay() { curl -i localhost:8000/payments -H 'x-customer: ada' -H "idempotency-key: $1" --json "$2"; }
//! pay order-7 '{"from_account": 1, "to_account": 2, "amount": 250}'    # 201
//! pay order-7 '{"from_account": 1, "to_account": 2, "amount": 250}'    # the same 201, Idempotency-Replayed: true
//! pay order-7 '{"from_account": 1, "to_account": 2, "amount": 999}'    # 422: the key is that of another request
//! curl -i localhost:8000/payments -H 'x-customer: ada' --json '{}'     # 400: the key is missing
//! curl localhost:8000/accounts -H 'x-customer: ada'                    # 250 cents less, once
//! curl localhost:8000/accounts/1/deposit -H 'x-customer: ada' -H 'idempotency-key: cash-1' --json '{"amount": 100}'
//! ```
//!
//! Everything is in `payments.sqlite3`. `DATABASE_URL=postgres://user:password@host/name` has it in PostgreSQL, for any
//! number of processes. `BIND` is the address.

mod accounts;
mod payments;
mod tables;

use resourceful::prelude::*;
use resourceful_db::Db;
use resourceful_idempotency::{Idempotency, SqlIdempotency};

use crate::accounts::Accounts;
use crate::payments::Payments;
use crate::tables::Migrator;

/// A customer, by its name: a real service authenticates it.
struct Customer(String);

impl<R: Sync> Access<R> for Customer {
    type Caller = Self;

    async fn check(_: &R, request: &Request) -> Result<Self> {
        let name = request.header("x-customer");
        let name = name.ok_or_else(|| Error::unauthorized("Customer"))?;
        Ok(Self(name.to_owned()))
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let db = Db::connect(&setting("DATABASE_URL", "sqlite://payments.sqlite3")).await?;
    db.migrate::<Migrator>().await?;
    let store = SqlIdempotency::new(db.clone()).await?;
    let idempotency = Idempotency::new(store, |customer: &Customer| customer.0.clone());
    let accounts = Accounts {
        db: db.clone(),
        idempotency: idempotency.clone(),
    };
    let server = App::new()
        .resource("/accounts", accounts)
        .resource("/payments", Payments { db, idempotency })
        .bind(setting("BIND", "127.0.0.1:8000"))
        .await?;
    println!("Listening on http://{}", server.local_addr());
    server.run().await
}

fn setting(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.into())
}

//! Accounts: sign-up, sign-in, API keys, notes with owners, and an administrator.
//!
//! A browser has a session, which is a cookie. A machine has an API key, which a signed-in user makes. Both
//! reach the notes of their user, and nobody reaches the notes of others.
//!
//! ```sh
//! cargo run -p accounts     # then open http://localhost:8000
//!
//! ada='{"name": "ada", "password": "analytical engine"}'
//! curl localhost:8000/sign-up --json "$ada"
//! curl localhost:8000/sign-in --json "$ada" -c jar
//! curl localhost:8000/keys -b jar --json '{"name": "laptop"}'     # shows the key once
//! curl localhost:8000/notes -H 'Authorization: Bearer notes_..' --json '{"text": "A first note."}'
//! curl localhost:8000/notes -b jar                                # the same notes
//! curl -i localhost:8000/notes                                    # 401: a cookie or a key would do
//! ```
//!
//! Everything is in `accounts.sqlite3`, so users, sessions and keys survive a restart. `cargo run -p accounts --
//! make-administrator ada` gives Ada the path `/users`, where she blocks others.
//!
//! To change the address or the file, set `BIND` or `DATABASE_URL`.

use resourceful::prelude::*;

#[tokio::main]
async fn main() -> Result<()> {
    let url = setting("DATABASE_URL", "sqlite://accounts.sqlite3");
    let mut arguments = std::env::args().skip(1);
    if let (Some("make-administrator"), Some(name)) =
        (arguments.next().as_deref(), arguments.next())
    {
        accounts::make_administrator(&url, &name).await?;
        println!("{name} is an administrator");
        return Ok(());
    }
    let app = accounts::app(&url).await?;
    let server = app.bind(setting("BIND", "127.0.0.1:8000")).await?;
    println!("Listening on http://{}", server.local_addr());
    server.run().await
}

fn setting(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.into())
}

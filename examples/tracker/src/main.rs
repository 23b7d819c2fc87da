//! An issue tracker: organisations, members with roles, projects, tasks, comments, attachments and events.

use resourceful::prelude::*;

#[tokio::main]
async fn main() -> Result<()> {
    let (app, _) = tracker::app(&setting("DATABASE_URL", "sqlite://tracker.sqlite3")).await?;
    let server = app.bind(setting("BIND", "127.0.0.1:8000")).await?;
    println!("Listening on http://{}", server.local_addr());
    server.run().await
}

fn setting(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.into())
}

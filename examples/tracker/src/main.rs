//! An issue tracker: organisations, members with roles, projects, tasks, comments, attachments and events.
//!
//! ```sh
//! cargo run -p tracker
//!
//! v1=localhost:8000/v1
//! ada='{"name": "ada", "password": "analytical engine"}'
//! curl $v1/sign-up --json "$ada"
//! curl $v1/sign-in --json "$ada" -c jar
//! curl $v1/organisations -b jar --json '{"name": "Engines"}'
//! curl $v1/organisations/1/projects -b jar --json '{"key": "ENG", "name": "Engine"}'
//! tasks=$v1/organisations/1/projects/1/tasks
//! curl $tasks -b jar --json '{"title": "Grind the gears", "description": ""}'
//! curl "$tasks?state=open&q=gears&order=title" -b jar
//! curl -X PATCH $tasks/1 -b jar --json '{"state": "done", "version": 1}'   # again: 409
//! curl $tasks/1/comments -b jar --json '{"text": "Done by noon."}'
//! curl "$tasks/1/attachments?name=plan.pdf" -b jar --data-binary @plan.pdf
//! curl -OJ $tasks/1/attachments/1/content -b jar
//! curl -N $v1/organisations/1/projects/1/events -b jar                     # until Ctrl-C
//! curl -i $tasks                                                           # 401
//! ```
//!
//! The document is at `/openapi.json`, and `/docs` shows it. Version 2 of the API, at `/v2`, pages tasks by a cursor.
//!
//! Everything is in `tracker.sqlite3`. `DATABASE_URL=postgres://user:password@host/name` has it in PostgreSQL, and any
//! number of processes then serve it together, with the same `CURSOR_KEY` of 32 random bytes. `BIND` is the address.

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

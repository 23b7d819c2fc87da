//! The outbox on SQLite and PostgreSQL, with real workers.

#![allow(clippy::unwrap_used)]

mod dead_letters;
mod jobs;
mod parts;
mod schedules;
mod workers;

//! Settings from environment variables.

use std::env::{VarError, var};
use std::fmt;
use std::time::Duration;

use resourceful::prelude::*;

use crate::database;

/// Settings of the blog. An empty variable counts as unset.
#[derive(Clone)]
pub struct Settings {
    /// `BIND`: address of the server.
    pub bind: String,
    /// `DATABASE_URL`: URL of SQLite or PostgreSQL.
    pub database_url: String,
    /// `REDIS_URL`: URL of the cache and the sessions. If unset, the cache is in memory, and the sessions are
    /// in the database.
    pub redis_url: Option<String>,
    /// `UPSTREAM_BASE`: URL of the external service.
    pub upstream_base: String,
    /// `UPSTREAM_TIMEOUT`: timeout of the external service, in seconds.
    pub upstream_timeout: Duration,
    /// `GITHUB_WEBHOOK_SECRET`: if unset, webhooks are rejected.
    pub webhook_secret: Option<String>,
    /// Whether `DATABASE_URL` is unset, so that the blog uses its demo database.
    pub is_demo: bool,
}

impl Settings {
    /// # Errors
    /// If a variable is not UTF-8 or has an invalid value.
    pub fn from_environment() -> Result<Self> {
        let database_url = variable("DATABASE_URL")?;
        let is_demo = database_url.is_none();
        let seconds = variable("UPSTREAM_TIMEOUT")?.unwrap_or_else(|| "5".to_owned());
        let timeout = seconds.parse().ok().filter(|seconds| *seconds > 0.0);
        let timeout = timeout.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let invalid = || Error::internal(format!("UPSTREAM_TIMEOUT: `{seconds}` is not a timeout"));
        Ok(Self {
            bind: variable("BIND")?.unwrap_or_else(|| "127.0.0.1:8000".to_owned()),
            database_url: database_url.unwrap_or_else(|| database::DEFAULT_URL.to_owned()),
            redis_url: variable("REDIS_URL")?,
            upstream_base: variable("UPSTREAM_BASE")?
                .unwrap_or_else(|| "http://127.0.0.1:9000".to_owned()),
            upstream_timeout: timeout.ok_or_else(invalid)?,
            webhook_secret: variable("GITHUB_WEBHOOK_SECRET")?,
            is_demo,
        })
    }
}

/// Omits URLs and secrets.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("bind", &self.bind)
            .finish_non_exhaustive()
    }
}

fn variable(name: &str) -> Result<Option<String>> {
    match var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(error) => Err(Error::internal(format!("{name}: {error}"))),
    }
}

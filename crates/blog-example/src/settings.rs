//! What the environment says.

use std::env::{VarError, var};
use std::fmt;
use std::time::Duration;

use resourceful::prelude::*;

use crate::database;

/// The settings of the blog; an empty variable counts as unset.
#[derive(Clone)]
pub struct Settings {
    /// `BIND`: where it listens.
    pub bind: String,
    /// `DATABASE_URL`: SQLite or PostgreSQL.
    pub database_url: String,
    /// `REDIS_URL`: where the cache is; without it, in memory.
    pub redis_url: Option<String>,
    /// `UPSTREAM_BASE`: the external service.
    pub upstream_base: String,
    /// `UPSTREAM_TIMEOUT`: how long it has for an answer, in seconds.
    pub upstream_timeout: Duration,
    /// `GITHUB_WEBHOOK_SECRET`: without it, webhooks are not taken.
    pub webhook_secret: Option<String>,
    /// Whether the database was not named, but is the one that comes with the blog.
    pub is_demo: bool,
}

impl Settings {
    /// # Errors
    /// When a variable is not UTF-8 or has no such value.
    pub fn from_environment() -> Result<Self> {
        let database_url = variable("DATABASE_URL")?;
        let is_demo = database_url.is_none();
        let seconds = variable("UPSTREAM_TIMEOUT")?.unwrap_or_else(|| "5".to_owned());
        let timeout = seconds.parse().ok().filter(|seconds| *seconds > 0.0);
        let timeout = timeout.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let wrong = || Error::internal(format!("UPSTREAM_TIMEOUT: `{seconds}` is no time"));
        Ok(Self {
            bind: variable("BIND")?.unwrap_or_else(|| "127.0.0.1:8000".to_owned()),
            database_url: database_url.unwrap_or_else(|| database::DEFAULT_URL.to_owned()),
            redis_url: variable("REDIS_URL")?,
            upstream_base: variable("UPSTREAM_BASE")?
                .unwrap_or_else(|| "http://127.0.0.1:9000".to_owned()),
            upstream_timeout: timeout.ok_or_else(wrong)?,
            webhook_secret: variable("GITHUB_WEBHOOK_SECRET")?,
            is_demo,
        })
    }
}

/// Without URLs and secrets.
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

//! What the blog stands on, opened once at start.

use resourceful::prelude::*;
use resourceful_cache::{Cache, Memory, Redis};
use resourceful_client::Client;
use resourceful_webhook::{GitHub, SqlDeliveries};
use sea_orm::DatabaseConnection;

use crate::database;
use crate::settings::Settings;

#[derive(Debug)]
pub struct Services {
    pub database: DatabaseConnection,
    pub upstream: Client,
    pub cache: Cache,
    /// None without a secret.
    pub github: Option<GitHub>,
    pub deliveries: SqlDeliveries,
}

impl Services {
    /// # Errors
    /// When the database cannot be reached, or a setting makes no sense.
    pub async fn open(settings: &Settings) -> Result<Self> {
        let upstream = Client::builder(&settings.upstream_base)
            .timeout(settings.upstream_timeout)
            .user_agent("blog-example/0.1");
        let upstream = upstream.build()?;
        let cache = match &settings.redis_url {
            Some(url) => Cache::new(Redis::new(url).map_err(Error::internal)?, "blog", 1),
            None => Cache::new(Memory::default(), "blog", 1),
        };
        let secret = settings.webhook_secret.as_deref();
        let github = secret.map(GitHub::new).transpose();
        let database = database::connect(&settings.database_url);
        let database = database.await.map_err(Error::internal)?;
        let deliveries = SqlDeliveries::new(database.clone()).await;
        Ok(Self {
            upstream,
            cache,
            github: github.map_err(Error::internal)?,
            deliveries: deliveries.map_err(Error::internal)?,
            database,
        })
    }
}

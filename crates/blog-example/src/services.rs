//! Database, cache and clients, opened once at start.

use std::sync::Arc;

use resourceful::prelude::*;
use resourceful_auth::{RedisSessionStore, SessionStore, SqlSessionStore};
use resourceful_cache::{Cache, Memory, Redis, Store};
use resourceful_client::Client;
use resourceful_db::Db;
use resourceful_webhook::{GitHub, SqlDeliveryStore};

use crate::database;
use crate::settings::Settings;

#[derive(Debug)]
pub struct Services {
    pub database: Db,
    pub upstream: Client,
    pub cache: Cache,
    pub sessions: Arc<dyn SessionStore>,
    /// `None` if no secret is set.
    pub github: Option<GitHub>,
    pub deliveries: SqlDeliveryStore<Db>,
}

impl Services {
    /// # Errors
    /// If the database is unreachable or a setting is invalid.
    pub async fn open(settings: &Settings) -> Result<Self> {
        let upstream = Client::builder(&settings.upstream_base)
            .timeout(settings.upstream_timeout)
            // A batch keeps up to a hundred responses in memory.
            .max_response_size(2 * 1024 * 1024)
            .user_agent("blog-example/0.1");
        let upstream = upstream.build()?;
        let store: Arc<dyn Store> = match &settings.redis_url {
            Some(url) => Arc::new(Redis::new(url).map_err(Error::internal)?),
            None => Arc::new(Memory::default()),
        };
        let secret = settings.webhook_secret.as_deref();
        let github = secret.map(GitHub::new).transpose()?;
        let database = database::connect(&settings.database_url);
        let database = database.await.map_err(Error::internal)?;
        let sessions: Arc<dyn SessionStore> = if let Some(url) = &settings.redis_url {
            Arc::new(RedisSessionStore::new(url, "blog").map_err(Error::internal)?)
        } else {
            let store = SqlSessionStore::new(database.clone()).await;
            Arc::new(store.map_err(Error::internal)?)
        };
        let deliveries = SqlDeliveryStore::new(database.clone()).await;
        Ok(Self {
            upstream,
            cache: Cache::new(store, "blog", 1),
            sessions,
            github,
            deliveries: deliveries.map_err(Error::internal)?,
            database,
        })
    }
}

//! [`SqlApiKeyStore`]: an API key store in an SQL table.
//!
//! Each operation is one auto-committed statement, so a request that is dropped leaves nothing half-written,
//! whatever the connection does with open transactions. `revoke` reads the key in a second statement.

use std::fmt::Debug;
use std::time::SystemTime;

use async_trait::async_trait;
use resourceful::{Error, Result};
use sea_orm::{ConnectionTrait, DbErr, QueryResult, Value};

use crate::api_keys::key::{ApiKey, from_unix, to_unix};
use crate::api_keys::key_text::SecretHash;
use crate::api_keys::store::{ApiKeyStore, MAX_LISTED};
use crate::sql::Table;

/// The columns by name: `*` of a prepared statement fails after a column was added.
const COLUMNS: &str =
    "id, hash, owner, name, scopes, created_at, expires_at, revoked_at, last_used_at";

/// Keeps API keys in the table `api_key` of an SQLite or PostgreSQL database. `C` is the `Db` of resourceful-db,
/// or another connection of SeaORM's.
///
/// # Examples
/// ```
/// use resourceful_auth::{ApiKeys, SqlApiKeyStore};
/// use resourceful_db::{Db, DbError};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), DbError> {
/// let db = Db::connect("sqlite::memory:").await?;
/// let keys = ApiKeys::new("acme", SqlApiKeyStore::new(db).await?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SqlApiKeyStore<C> {
    table: Table<C>,
}

impl<C: ConnectionTrait> SqlApiKeyStore<C> {
    /// Creates the table if it is missing.
    ///
    /// # Errors
    /// If the database cannot be reached, or the user may not create tables.
    ///
    /// # Examples
    /// See [`SqlApiKeyStore`].
    pub async fn new(database: C) -> Result<Self, DbErr> {
        let keys = "CREATE TABLE IF NOT EXISTS api_key (id text PRIMARY KEY, hash text NOT NULL, \
                    owner text NOT NULL, name text NOT NULL, scopes text NOT NULL, \
                    created_at bigint NOT NULL, expires_at bigint, revoked_at bigint, last_used_at bigint)";
        let by_owner = "CREATE INDEX IF NOT EXISTS api_key_owner ON api_key (owner, created_at)";
        let relations = [("api_key", keys), ("api_key_owner", by_owner)];
        let table = Table::create(database, &relations).await?;
        Ok(Self { table })
    }

    async fn query_all(
        &self,
        sql: &str,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<(ApiKey, SecretHash)>> {
        let rows = self.table.query_all(sql, values).await?;
        rows.iter().map(read).collect()
    }
}

#[async_trait]
impl<C: ConnectionTrait + Debug + Send + 'static> ApiKeyStore for SqlApiKeyStore<C> {
    async fn insert(&self, key: &ApiKey, hash: &SecretHash) -> Result<()> {
        let insert =
            format!("INSERT INTO api_key ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
        let values = [
            key.id.as_str().into(),
            hex::encode(hash.as_bytes()).into(),
            key.owner.as_str().into(),
            key.name.as_str().into(),
            // Scopes have no spaces (RFC 6749 section 3.3).
            key.scopes.join(" ").into(),
            to_unix(key.created_at).into(),
            key.expires_at.map(to_unix).into(),
            key.revoked_at.map(to_unix).into(),
            key.last_used_at.map(to_unix).into(),
        ];
        self.table.execute(&insert, values).await?;
        Ok(())
    }

    async fn find(&self, id: &str) -> Result<Option<(ApiKey, SecretHash)>> {
        let find = format!("SELECT {COLUMNS} FROM api_key WHERE id = $1");
        Ok(self.query_all(&find, [id.into()]).await?.pop())
    }

    async fn list(&self, owner: &str) -> Result<Vec<ApiKey>> {
        let list = format!(
            "SELECT {COLUMNS} FROM api_key WHERE owner = $1 ORDER BY created_at DESC, id LIMIT {MAX_LISTED}"
        );
        let keys = self.query_all(&list, [owner.into()]).await?;
        Ok(keys.into_iter().map(|(key, _)| key).collect())
    }

    async fn revoke(&self, owner: &str, id: &str, at: SystemTime) -> Result<Option<ApiKey>> {
        let revoke = "UPDATE api_key SET revoked_at = $1 \
                      WHERE id = $2 AND owner = $3 AND revoked_at IS NULL";
        let values = [to_unix(at).into(), id.into(), owner.into()];
        self.table.execute(revoke, values).await?;
        let found = self.find(id).await?;
        Ok(found.map(|(key, _)| key).filter(|key| key.owner == owner))
    }

    async fn record_use(&self, id: &str, at: SystemTime) -> Result<()> {
        let record = "UPDATE api_key SET last_used_at = $1 \
                      WHERE id = $2 AND (last_used_at IS NULL OR last_used_at < $1)";
        let values = [to_unix(at).into(), id.into()];
        self.table.execute(record, values).await?;
        Ok(())
    }
}

/// Reads a row.
fn read(row: &QueryResult) -> Result<(ApiKey, SecretHash)> {
    let text = |column| row.try_get::<String>("", column).map_err(Error::internal);
    let time = |column| {
        let seconds: Option<i64> = row.try_get("", column).map_err(Error::internal)?;
        Ok::<_, Error>(seconds.map(from_unix))
    };
    let hash = hex::decode(text("hash")?)
        .ok()
        .and_then(|bytes| bytes.try_into().ok());
    let hash = hash.ok_or_else(|| Error::internal("the hash of an API key is not SHA-256"))?;
    let key = ApiKey {
        id: text("id")?,
        owner: text("owner")?,
        name: text("name")?,
        scopes: text("scopes")?
            .split_whitespace()
            .map(str::to_owned)
            .collect(),
        created_at: time("created_at")?.ok_or_else(|| Error::internal("an API key has no time"))?,
        expires_at: time("expires_at")?,
        revoked_at: time("revoked_at")?,
        last_used_at: time("last_used_at")?,
    };
    Ok((key, SecretHash::from_bytes(hash)))
}

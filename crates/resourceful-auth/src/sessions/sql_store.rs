//! [`SqlSessionStore`]: sessions in an SQL table.
//!
//! Each operation is one auto-committed statement, so a request that is dropped leaves nothing half-written,
//! whatever the connection does with open transactions.

use std::fmt::Debug;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use resourceful::Result;
use sea_orm::{ConnectionTrait, DbErr, QueryResult};

use crate::sessions::id::SessionKey;
use crate::sessions::store::{SessionStore, StoredSession};
use crate::sql::{Table, unavailable};

/// Interval for removing expired sessions, in seconds.
const CLEANUP_INTERVAL: i64 = 60 * 60;

/// Keeps sessions in the table `auth_session` of an SQLite or PostgreSQL database, for any number of
/// processes and across restarts. `C` is the `Db` of resourceful-db, or another connection of SeaORM's.
///
/// Expired sessions are removed once an hour, at a sign-in. A request waits for a connection as long as `C`
/// does: the `acquire_timeout` of `Db` (default 1.5 s for PostgreSQL, 3 s for SQLite).
///
/// # Examples
/// ```
/// use resourceful_auth::{Sessions, SqlSessionStore};
/// use resourceful_db::{Db, DbError};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), DbError> {
/// let db = Db::connect("sqlite::memory:").await?;
/// let sessions: Sessions<u64> = Sessions::new(SqlSessionStore::new(db).await?);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SqlSessionStore<C> {
    table: Table<C>,
    /// Unix time of the last removal of expired sessions.
    cleaned_at: AtomicI64,
}

impl<C: ConnectionTrait> SqlSessionStore<C> {
    /// Creates the table if it is missing.
    ///
    /// # Errors
    /// If the database cannot be reached, or the user may not create tables.
    ///
    /// # Examples
    /// See [`SqlSessionStore`].
    pub async fn new(database: C) -> Result<Self, DbErr> {
        let sessions = "CREATE TABLE IF NOT EXISTS auth_session (id_hash text PRIMARY KEY, owner text NOT NULL, \
                        data text NOT NULL, version bigint NOT NULL, created_at bigint NOT NULL, \
                        last_seen_at bigint NOT NULL, expires_at bigint NOT NULL)";
        let by_owner = "CREATE INDEX IF NOT EXISTS auth_session_owner ON auth_session (owner)";
        let by_expiry =
            "CREATE INDEX IF NOT EXISTS auth_session_expires_at ON auth_session (expires_at)";
        let relations = [
            ("auth_session", sessions),
            ("auth_session_owner", by_owner),
            ("auth_session_expires_at", by_expiry),
        ];
        Ok(Self {
            table: Table::create(database, &relations).await?,
            cleaned_at: AtomicI64::new(0),
        })
    }

    async fn remove_expired(&self, now: i64) -> Result<()> {
        let last = self.cleaned_at.load(Ordering::Relaxed);
        let is_due = now.saturating_sub(last) >= CLEANUP_INTERVAL;
        let is_ours = is_due
            && self
                .cleaned_at
                .compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if is_ours {
            let delete = "DELETE FROM auth_session WHERE expires_at <= $1";
            self.table.execute(delete, [now.into()]).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl<C: ConnectionTrait + Debug + Send + Sync + 'static> SessionStore for SqlSessionStore<C> {
    async fn create(&self, key: SessionKey, session: StoredSession) -> Result<()> {
        if let Err(error) = self.remove_expired(session.created_at).await {
            let error = error.to_string();
            tracing::warn!(error, "expired sessions could not be removed");
        }
        let insert = "INSERT INTO auth_session (id_hash, owner, data, version, created_at, \
                      last_seen_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let values = [
            key.to_hex().into(),
            (*session.owner).into(),
            (*session.data).into(),
            session.version.into(),
            session.created_at.into(),
            session.last_seen_at.into(),
            session.expires_at.into(),
        ];
        self.table.execute(insert, values).await?;
        Ok(())
    }

    async fn find(&self, key: SessionKey) -> Result<Option<StoredSession>> {
        let find = "SELECT owner, data, version, created_at, last_seen_at, expires_at \
                    FROM auth_session WHERE id_hash = $1";
        let rows = self.table.query_all(find, [key.to_hex().into()]).await?;
        rows.first().map(read).transpose().map_err(unavailable)
    }

    async fn replace(&self, key: SessionKey, version: i64, data: &str) -> Result<bool> {
        let replace = "UPDATE auth_session SET data = $1, version = version + 1 \
                       WHERE id_hash = $2 AND version = $3";
        let values = [data.into(), key.to_hex().into(), version.into()];
        Ok(self.table.execute(replace, values).await? == 1)
    }

    async fn touch(&self, key: SessionKey, last_seen_at: i64, expires_at: i64) -> Result<()> {
        let touch = "UPDATE auth_session SET last_seen_at = $1, expires_at = $2 \
                     WHERE id_hash = $3 AND last_seen_at < $1";
        let values = [last_seen_at.into(), expires_at.into(), key.to_hex().into()];
        self.table.execute(touch, values).await?;
        Ok(())
    }

    async fn delete(&self, key: SessionKey) -> Result<()> {
        let delete = "DELETE FROM auth_session WHERE id_hash = $1";
        self.table.execute(delete, [key.to_hex().into()]).await?;
        Ok(())
    }

    async fn delete_all(&self, owner: &str) -> Result<()> {
        let delete = "DELETE FROM auth_session WHERE owner = $1";
        self.table.execute(delete, [owner.into()]).await?;
        Ok(())
    }

    async fn list(&self, owner: &str) -> Result<Vec<(SessionKey, StoredSession)>> {
        let list = "SELECT id_hash, owner, data, version, created_at, last_seen_at, expires_at \
                    FROM auth_session WHERE owner = $1";
        let rows = self.table.query_all(list, [owner.into()]).await?;
        let read = |row: QueryResult| {
            let key = SessionKey::from_hex(&row.try_get::<String>("", "id_hash")?);
            let key = key.ok_or_else(|| DbErr::Type("`id_hash` is not a SHA-256".to_owned()))?;
            Ok((key, read(&row)?))
        };
        let sessions = rows.into_iter().map(read).collect::<Result<_, DbErr>>();
        sessions.map_err(unavailable)
    }
}

fn read(row: &QueryResult) -> Result<StoredSession, DbErr> {
    Ok(StoredSession {
        owner: row.try_get::<String>("", "owner")?.into(),
        data: row.try_get::<String>("", "data")?.into(),
        version: row.try_get("", "version")?,
        created_at: row.try_get("", "created_at")?,
        last_seen_at: row.try_get("", "last_seen_at")?,
        expires_at: row.try_get("", "expires_at")?,
    })
}

//! [`PostgresBroker`]: messages through PostgreSQL, with `LISTEN` and `NOTIFY`.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use resourceful::{BoxError, Error, Result};
use resourceful_db::hidden::{Notifications, create_missing, notifications};
use resourceful_db::{Db, DbError, Tx};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement, Value};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::broker::{Announcement, Broker, Listener, StoredMessage};
use crate::envelope::encode;
use crate::message_id::MessageId;
use crate::topic::{Topic, check};
use crate::{HISTORY, MAX_HISTORY};

/// Interval for the removal of histories that nobody uses.
const CLEANUP_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// The columns have the time of the database: the clocks of the processes may differ.
const TOPICS: &str = "CREATE TABLE IF NOT EXISTS bus_topic (name text PRIMARY KEY, \
    epoch bigint NOT NULL DEFAULT (extract(epoch FROM clock_timestamp()) * 1000)::bigint, \
    newest bigint NOT NULL DEFAULT 1, published_at timestamptz NOT NULL DEFAULT clock_timestamp())";

const MESSAGES: &str = "CREATE TABLE IF NOT EXISTS bus_message \
    (topic text, epoch bigint, number bigint, body bytea NOT NULL, PRIMARY KEY (topic, epoch, number))";

/// Adds a message with the number after the newest one, removes the oldest one, and announces it. Writers of one topic
/// wait for each other at its row, until the end of the transaction: so the order of the ids is that of the commits, and
/// that of the announcements. A long message is announced without its body: `NOTIFY` has less than 8,000 bytes.
const PUBLISH: &str = "\
    WITH topic AS (\
        INSERT INTO bus_topic (name) VALUES ($1) ON CONFLICT (name) \
        DO UPDATE SET newest = bus_topic.newest + 1, published_at = excluded.published_at \
        RETURNING epoch, newest\
    ), added AS (\
        INSERT INTO bus_message (topic, epoch, number, body) SELECT $1, epoch, newest, $2 FROM topic\
    ), removed AS (\
        DELETE FROM bus_message USING topic WHERE bus_message.topic = $1 \
        AND (bus_message.epoch, bus_message.number) <= (topic.epoch, topic.newest - $3)\
    ) \
    SELECT epoch, newest AS number, pg_notify($4, epoch || '-' || newest || $5) IS NULL AS is_announced FROM topic";

/// Removes some topics without a message for a day. It waits for none that is published just now.
const REMOVE: &str = "\
    WITH unused AS (\
        DELETE FROM bus_topic WHERE name IN (\
            SELECT name FROM bus_topic WHERE published_at < clock_timestamp() - interval '1 day' \
            LIMIT 100 FOR UPDATE SKIP LOCKED\
        ) RETURNING name\
    ) DELETE FROM bus_message USING unused WHERE bus_message.topic = unused.name";

const READ: &str = "\
    SELECT epoch, number, body FROM bus_message WHERE topic = $1 AND (epoch, number) > ($2, $3) \
    ORDER BY epoch, number";

const NEWEST: &str = "SELECT epoch, newest AS number FROM bus_topic WHERE name = $1";

/// Longest text that is announced, in bytes.
const MAX_ANNOUNCEMENT: usize = 7900;

/// Carries messages through PostgreSQL, for any number of processes.
///
/// A message is one row in `bus_message`, and a `NOTIFY` to each process that has a subscription of the topic; one of more
/// than 7,900 bytes is read from its row. Each process has one connection more, which listens. The history is on the disk.
/// With [`publish_in`](Self::publish_in) a message is part of a transaction.
///
/// PostgreSQL commits transactions with a `NOTIFY` one after another. For over a few hundred messages in a second use
/// Redis. `LISTEN` does not work through a pooler in transaction mode: see [`listening_on`](Self::listening_on).
///
/// # Examples
/// ```no_run
/// use resourceful_bus::{Bus, PostgresBroker};
/// use resourceful_db::Db;
///
/// # async fn open() -> resourceful::Result<()> {
/// let db = Db::connect("postgres://localhost/shop").await?;
/// let bus = Bus::new(PostgresBroker::new(db).await?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct PostgresBroker {
    db: Db,
    listening: Db,
    history: usize,
    /// The last removal of unused histories.
    cleaned_at: Arc<Mutex<Option<Instant>>>,
}

impl PostgresBroker {
    /// Creates the tables if they are missing.
    ///
    /// # Errors
    /// If the database is SQLite or cannot be reached, or the user may not create tables.
    pub async fn new(db: Db) -> Result<Self, DbError> {
        if db.backend() != DbBackend::Postgres {
            let text = "SQLite announces nothing to other processes; a bus in one process is a `MemoryBroker`";
            return Err(DbErr::Custom(text.to_owned()).into());
        }
        create_missing(&db, &[("bus_topic", TOPICS), ("bus_message", MESSAGES)]).await?;
        Ok(Self {
            listening: db.clone(),
            db,
            history: HISTORY,
            cleaned_at: Arc::default(),
        })
    }

    /// Sets the number of messages that the history of each topic has (default: 256; 1 to 1,000), for
    /// clients that resume. A subscription that goes on after an outage gets at most 512 at once.
    #[must_use]
    pub fn with_history(mut self, messages: usize) -> Self {
        self.history = messages.clamp(1, MAX_HISTORY);
        self
    }

    /// Listens on this database: the same one, without the pooler in transaction mode that the other connections pass.
    #[must_use]
    pub fn listening_on(mut self, db: Db) -> Self {
        self.listening = db;
        self
    }

    /// Publishes a message in a transaction: when it is committed, and not if it is rolled back. Others that publish in
    /// this topic wait for its end. Transactions that publish in several topics do so in the same order of topics: else two
    /// of them wait for each other, and PostgreSQL ends one.
    ///
    /// # Errors
    /// Those of [`Bus::publish`](crate::Bus::publish).
    pub async fn publish_in<M: Serialize>(
        &self,
        tx: &Tx,
        topic: &Topic<M>,
        message: &M,
    ) -> Result<MessageId> {
        check(topic)?;
        self.publish_by(tx, topic.name(), &encode(message)?).await
    }

    async fn publish_by(
        &self,
        connection: &impl ConnectionTrait,
        topic: &str,
        body: &Bytes,
    ) -> Result<MessageId> {
        let mut announcement = format!(" {} {topic} ", topic.len());
        match std::str::from_utf8(body) {
            Ok(text) if announcement.len() + text.len() + MAX_ID_LEN <= MAX_ANNOUNCEMENT => {
                announcement.push_str("= ");
                announcement.push_str(text);
            }
            _ => {}
        }
        let history = i64::try_from(self.history).unwrap_or(i64::MAX);
        self.remove_unused();
        let values: [Value; 5] = [
            topic.into(),
            body.to_vec().into(),
            history.into(),
            channel(topic).into(),
            announcement.into(),
        ];
        let row = connection.query_one_raw(statement(PUBLISH, values)).await;
        let row = row.map_err(DbError::from)?;
        let row = row.ok_or_else(|| Error::internal("a published message has no id"))?;
        id_of(&row)
    }

    /// Removes the histories that nobody uses, once an hour, beside the messages.
    fn remove_unused(&self) {
        let now = Instant::now();
        {
            let cleaned_at = self.cleaned_at.lock();
            let mut cleaned_at = cleaned_at.unwrap_or_else(PoisonError::into_inner);
            if cleaned_at.is_some_and(|last| now - last < CLEANUP_INTERVAL) {
                return;
            }
            *cleaned_at = Some(now);
        }
        let db = self.db.clone();
        tokio::spawn(async move {
            if let Err(error) = remove_unused(&db).await {
                tracing::warn!(error = error.to_string(), "unused topics of the bus stay");
            }
        });
    }
}

/// Longest text of an id.
const MAX_ID_LEN: usize = 41;

#[async_trait]
impl Broker for PostgresBroker {
    async fn publish(&self, topic: &str, body: Bytes) -> Result<MessageId> {
        self.publish_by(&self.db, topic, &body).await
    }

    async fn history(&self, topic: &str, after: Option<MessageId>) -> Result<Vec<StoredMessage>> {
        let after = after.unwrap_or(MessageId::new(0, 0));
        let values: [Value; 3] = [
            topic.into(),
            after.epoch().cast_signed().into(),
            after.number().cast_signed().into(),
        ];
        let rows = self.db.query_all_raw(statement(READ, values)).await;
        let messages = rows.map_err(DbError::from)?.into_iter().map(|row| {
            let body: Vec<u8> = row.try_get("", "body").map_err(DbError::from)?;
            Ok(StoredMessage {
                id: id_of(&row)?,
                body: body.into(),
            })
        });
        messages.collect()
    }

    async fn newest(&self, topic: &str) -> Result<Option<MessageId>> {
        let row = self
            .db
            .query_one_raw(statement(NEWEST, [topic.into()]))
            .await;
        row.map_err(DbError::from)?.as_ref().map(id_of).transpose()
    }

    async fn listen(&self) -> Result<Box<dyn Listener>, BoxError> {
        let notifications = notifications(&self.listening).await?;
        Ok(Box::new(PostgresListener(notifications)))
    }
}

struct PostgresListener(Notifications);

#[async_trait]
impl Listener for PostgresListener {
    async fn add(&mut self, topics: &[String]) -> Result<(), BoxError> {
        Ok(self.0.listen(&channels(topics)).await?)
    }

    async fn remove(&mut self, topics: &[String]) -> Result<(), BoxError> {
        Ok(self.0.unlisten(&channels(topics)).await?)
    }

    async fn next(&mut self) -> Result<Announcement, BoxError> {
        let payload = self.0.next().await?;
        parse(&payload).ok_or_else(|| "an announcement of the bus is damaged".into())
    }

    async fn check(&mut self) -> Result<(), BoxError> {
        Ok(self.0.check().await?)
    }
}

/// Parses `1732800000000-42 6 chat/7 = {"text":"Hello"}`, which has no body without the `=`.
fn parse(payload: &str) -> Option<Announcement> {
    let (id, rest) = payload.split_once(' ')?;
    let (length, rest) = rest.split_once(' ')?;
    let (topic, rest) = rest.split_at_checked(length.parse().ok()?)?;
    let body = rest.strip_prefix(" = ");
    Some(Announcement {
        topic: topic.to_owned(),
        id: id.parse().ok()?,
        body: body.map(|body| Bytes::copy_from_slice(body.as_bytes())),
    })
}

fn channels(topics: &[String]) -> Vec<String> {
    topics.iter().map(|topic| channel(topic)).collect()
}

/// The channel of a topic. The name of a channel has at most 63 bytes.
fn channel(topic: &str) -> String {
    let hash = Sha256::digest(topic.as_bytes());
    format!("bus_{}", hex::encode(&hash[..16]))
}

fn id_of(row: &QueryResult) -> Result<MessageId> {
    let number = |column| -> Result<i64> { Ok(row.try_get("", column).map_err(DbError::from)?) };
    let (epoch, number) = (number("epoch")?, number("number")?);
    Ok(MessageId::new(
        epoch.cast_unsigned(),
        number.cast_unsigned(),
    ))
}

async fn remove_unused(db: &Db) -> Result<(), DbError> {
    // Each topic has a message.
    while db.execute_raw(statement(REMOVE, [])).await?.rows_affected() > 0 {}
    Ok(())
}

fn statement(sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

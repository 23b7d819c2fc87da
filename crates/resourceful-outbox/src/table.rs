//! [`Table`]: the statements of the outbox.
//!
//! Times are Unix times in milliseconds, by the clock of the database. `run_at` is when a job is due, and while it runs the
//! end of its lease. `claims` grows with each claim, and when a job is put off or given back: a worker that was overtaken, or
//! a renewal that comes late, has an older number, and can neither remove the job nor change it.

use std::time::Duration;

use resourceful_db::hidden::create_missing;
use resourceful_db::{Db, DbError};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement, Value};

use crate::backlog::{Backlog, MAX_COUNT};
use crate::job_id::JobId;

const JOB_COLUMNS: &str = "name text NOT NULL, payload text NOT NULL, enqueued_at bigint NOT NULL, \
     run_at bigint NOT NULL, attempts bigint NOT NULL DEFAULT 0, claims bigint NOT NULL DEFAULT 0, \
     died_at bigint, error text, traceparent text";

const SCHEDULES: &str = "CREATE TABLE IF NOT EXISTS outbox_schedule \
     (name text PRIMARY KEY, definition text NOT NULL, next_at bigint NOT NULL, seen_at bigint NOT NULL)";

const DUE: &str =
    "CREATE INDEX IF NOT EXISTS outbox_job_due ON outbox_job (run_at) WHERE died_at IS NULL";

const NEXT: &str = "CREATE INDEX IF NOT EXISTS outbox_job_next ON outbox_job (name, run_at, id) \
     WHERE died_at IS NULL";

/// Each job leaves dead rows: by default, PostgreSQL would remove them after as many as a fifth of the table has.
const VACUUM: &str =
    " WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000)";

const DEAD: &str =
    "CREATE INDEX IF NOT EXISTS outbox_job_dead ON outbox_job (id) WHERE died_at IS NOT NULL";

/// The number of a job. An expression is always read as an `i64`; a column that SQLite calls `integer` may be of another type.
const ID: &str = "outbox_job.id + 0 AS id";

/// The other columns of a [`DeadRow`].
const DEAD_COLUMNS: &str = "name, payload, enqueued_at, attempts, died_at, error";

/// The statements of the outbox.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct Table {
    db: Db,
    /// The expression for the time.
    now: &'static str,
}

/// A job that this worker has until the end of its lease.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct Claim {
    pub(crate) id: JobId,
    pub(crate) name: String,
    pub(crate) payload: String,
    pub(crate) enqueued_at: i64,
    /// The number of the attempt, from 1.
    pub(crate) attempt: u32,
    pub(crate) lease: Duration,
    /// The span that enqueued it.
    pub(crate) traceparent: Option<String>,
    /// The number of the claim, which tells this worker from those before it.
    fence: i64,
}

/// A dead letter.
#[derive(Clone, Debug)]
pub(crate) struct DeadRow {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) payload: String,
    pub(crate) enqueued_at: i64,
    pub(crate) attempts: i64,
    pub(crate) died_at: i64,
    pub(crate) error: String,
}

impl Table {
    /// Creates the tables if they are missing.
    pub(crate) async fn create(db: Db) -> Result<Self, DbError> {
        let is_postgres = db.backend() == DbBackend::Postgres;
        let (id, storage, now) = if is_postgres {
            (
                "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
                VACUUM,
                "(extract(epoch FROM clock_timestamp()) * 1000)::bigint",
            )
        } else {
            // A number is not used again, as that of a job that was removed would be.
            (
                "integer PRIMARY KEY AUTOINCREMENT",
                "",
                "CAST(unixepoch('subsec') * 1000 AS integer)",
            )
        };
        let jobs =
            format!("CREATE TABLE IF NOT EXISTS outbox_job (id {id}, {JOB_COLUMNS}){storage}");
        let relations = [
            ("outbox_job", &*jobs),
            ("outbox_job_due", DUE),
            ("outbox_job_next", NEXT),
            ("outbox_job_dead", DEAD),
            ("outbox_schedule", SCHEDULES),
        ];
        create_missing(&db, &relations).await?;
        Ok(Self { db, now })
    }

    pub(crate) fn db(&self) -> &Db {
        &self.db
    }

    pub(crate) async fn insert(
        &self,
        connection: &impl ConnectionTrait,
        name: &str,
        payload: String,
        delay: Duration,
    ) -> Result<JobId, DbError> {
        let now = self.now;
        let sql = format!(
            "INSERT INTO outbox_job (name, payload, enqueued_at, run_at, traceparent) \
             VALUES ($1, $2, {now}, {now} + $3, $4) RETURNING {ID}"
        );
        let values = [
            name.into(),
            payload.into(),
            milliseconds(delay).into(),
            resourceful::traceparent().into(),
        ];
        let row = connection
            .query_one_raw(self.statement(sql, values))
            .await?;
        let row = row.ok_or_else(|| missing("a job was enqueued without a number"))?;
        Ok(JobId(row.try_get("", "id")?))
    }

    /// Claims jobs that are due, at most `limit`, the longest due first.
    pub(crate) async fn claim(
        &self,
        names: &[&'static str],
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<Claim>, DbError> {
        let now = self.now;
        let is_postgres = self.db.backend() == DbBackend::Postgres;
        let lock = if is_postgres {
            "FOR UPDATE SKIP LOCKED"
        } else {
            ""
        };
        // The first jobs of each name, by the index: jobs that no worker has must not be read again and again. Those that
        // are locked and not claimed are free when the statement ends. The time in a `SELECT` of its own is computed once.
        let of_name = |place: usize| {
            format!(
                "SELECT id, run_at FROM (SELECT id, run_at FROM outbox_job WHERE died_at IS NULL AND name = ${place} \
                 AND run_at <= (SELECT {now}) ORDER BY run_at, id LIMIT $2 {lock}) AS of_name"
            )
        };
        let of_names: Vec<_> = (3..names.len() + 3).map(of_name).collect();
        let due = format!(
            "SELECT id FROM ({}) AS of_names ORDER BY run_at, id LIMIT $2",
            of_names.join(" UNION ALL ")
        );
        let change = format!(
            "run_at = {now} + $1, attempts = outbox_job.attempts + 1, claims = outbox_job.claims + 1"
        );
        let columns = format!("{ID}, name, payload, enqueued_at, attempts, claims, traceparent");
        let sql = if is_postgres {
            // `MATERIALIZED`: without it, the subquery may run for each row, and claim more than `limit`.
            format!(
                "WITH due AS MATERIALIZED ({due}) \
                 UPDATE outbox_job SET {change} FROM due WHERE outbox_job.id = due.id RETURNING {columns}"
            )
        } else {
            format!("UPDATE outbox_job SET {change} WHERE id IN ({due}) RETURNING {columns}")
        };
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let values: Vec<Value> = [milliseconds(lease).into(), limit.into()]
            .into_iter()
            .chain(names.iter().map(|name| (*name).into()))
            .collect();
        let rows = self.db.query_all_raw(self.statement(sql, values)).await?;
        let claims = rows.iter().map(|row| {
            let attempts: i64 = row.try_get("", "attempts")?;
            Ok(Claim {
                id: JobId(row.try_get("", "id")?),
                name: row.try_get("", "name")?,
                payload: row.try_get("", "payload")?,
                enqueued_at: row.try_get("", "enqueued_at")?,
                attempt: u32::try_from(attempts).unwrap_or_default(),
                lease,
                fence: row.try_get("", "claims")?,
                traceparent: row.try_get("", "traceparent")?,
            })
        });
        claims.collect()
    }

    /// Renews a lease. Returns whether this worker still has the job.
    pub(crate) async fn renew(&self, claim: &Claim) -> Result<bool, DbError> {
        let sql = format!(
            "UPDATE outbox_job SET run_at = {} + $3 WHERE id = $1 AND claims = $2",
            self.now
        );
        self.change(&self.db, claim, sql, [milliseconds(claim.lease).into()])
            .await
    }

    /// Removes a job. Returns whether this worker still had it.
    pub(crate) async fn remove(
        &self,
        connection: &impl ConnectionTrait,
        claim: &Claim,
    ) -> Result<bool, DbError> {
        let sql = "DELETE FROM outbox_job WHERE id = $1 AND claims = $2";
        self.change(connection, claim, sql, []).await
    }

    /// Removes a job, whoever has it. Returns whether there was one.
    pub(crate) async fn cancel(
        &self,
        connection: &impl ConnectionTrait,
        id: JobId,
    ) -> Result<bool, DbError> {
        let sql = "DELETE FROM outbox_job WHERE id = $1";
        self.change_row(connection, sql, [id.0.into()]).await
    }

    /// Puts a job off after a failure.
    pub(crate) async fn put_off(
        &self,
        claim: &Claim,
        pause: Duration,
        error: &str,
    ) -> Result<bool, DbError> {
        let sql = format!(
            "UPDATE outbox_job SET run_at = {} + $3, error = $4, claims = claims + 1 \
             WHERE id = $1 AND claims = $2",
            self.now
        );
        let values = [milliseconds(pause).into(), error.into()];
        self.change(&self.db, claim, sql, values).await
    }

    /// Makes a job a dead letter.
    pub(crate) async fn bury(&self, claim: &Claim, error: &str) -> Result<bool, DbError> {
        let sql = format!(
            "UPDATE outbox_job SET died_at = {}, error = $3 WHERE id = $1 AND claims = $2",
            self.now
        );
        self.change(&self.db, claim, sql, [error.into()]).await
    }

    /// Gives a job back, for after this pause. The attempt does not count.
    pub(crate) async fn release(&self, claim: &Claim, pause: Duration) -> Result<bool, DbError> {
        let sql = format!(
            "UPDATE outbox_job SET run_at = {} + $3, attempts = attempts - 1, claims = claims + 1 \
             WHERE id = $1 AND claims = $2",
            self.now
        );
        self.change(&self.db, claim, sql, [milliseconds(pause).into()])
            .await
    }

    async fn change<const N: usize>(
        &self,
        connection: &impl ConnectionTrait,
        claim: &Claim,
        sql: impl Into<String>,
        values: [Value; N],
    ) -> Result<bool, DbError> {
        let ids = [claim.id.0.into(), claim.fence.into()];
        self.change_row(connection, sql, ids.into_iter().chain(values))
            .await
    }

    /// Changes or removes one row. Returns whether it was there.
    async fn change_row(
        &self,
        connection: &impl ConnectionTrait,
        sql: impl Into<String>,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<bool, DbError> {
        let changed = connection.execute_raw(self.statement(sql, values)).await?;
        Ok(changed.rows_affected() == 1)
    }

    /// Dead letters, the newest first, and the number of all.
    pub(crate) async fn dead(
        &self,
        limit: u64,
        offset: u64,
    ) -> Result<(Vec<DeadRow>, u64), DbError> {
        let select = format!(
            "SELECT {ID}, {DEAD_COLUMNS} FROM outbox_job WHERE died_at IS NOT NULL \
             ORDER BY id DESC LIMIT $1 OFFSET $2"
        );
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let values = [number(limit).into(), number(offset).into()];
        let rows = self
            .db
            .query_all_raw(self.statement(select, values))
            .await?;
        let count = "SELECT count(*) AS total FROM outbox_job WHERE died_at IS NOT NULL";
        let total = self.db.query_one_raw(self.statement(count, [])).await?;
        let total: i64 = match total {
            Some(row) => row.try_get("", "total")?,
            None => 0,
        };
        let rows: Result<_, DbError> = rows.iter().map(DeadRow::read).collect();
        Ok((rows?, total.cast_unsigned()))
    }

    pub(crate) async fn dead_one(&self, id: i64) -> Result<Option<DeadRow>, DbError> {
        let sql = format!(
            "SELECT {ID}, {DEAD_COLUMNS} FROM outbox_job WHERE id = $1 AND died_at IS NOT NULL"
        );
        let row = self
            .db
            .query_one_raw(self.statement(sql, [id.into()]))
            .await?;
        row.as_ref().map(DeadRow::read).transpose()
    }

    /// Makes a dead letter due now, with all its attempts again. Returns whether there was one.
    pub(crate) async fn revive(&self, id: i64) -> Result<bool, DbError> {
        let sql = format!(
            "UPDATE outbox_job SET died_at = NULL, attempts = 0, run_at = {} \
             WHERE id = $1 AND died_at IS NOT NULL",
            self.now
        );
        self.change_row(&self.db, sql, [id.into()]).await
    }

    /// Removes a dead letter. Returns whether there was one.
    pub(crate) async fn remove_dead(&self, id: i64) -> Result<bool, DbError> {
        let sql = "DELETE FROM outbox_job WHERE id = $1 AND died_at IS NOT NULL";
        self.change_row(&self.db, sql, [id.into()]).await
    }

    pub(crate) async fn backlog(&self) -> Result<Backlog, DbError> {
        let now = self.now;
        let due = format!("died_at IS NULL AND run_at <= (SELECT {now})");
        // In the order of the index, so that it is used.
        let count = |rows: &str, order: &str| {
            format!(
                "(SELECT count(*) FROM (SELECT 1 FROM outbox_job WHERE {rows} ORDER BY {order} LIMIT {MAX_COUNT}) AS counted)"
            )
        };
        let sql = format!(
            "SELECT {} AS due, {} AS dead, \
             {now} - (SELECT min(run_at) FROM outbox_job WHERE {due}) AS delay",
            count(&due, "run_at"),
            count("died_at IS NOT NULL", "id")
        );
        let row = self.db.query_one_raw(self.statement(sql, [])).await?;
        let row = row.ok_or_else(|| missing("the jobs were not counted"))?;
        let number = |name: &str| -> Result<u32, DbErr> {
            let number: i64 = row.try_get("", name)?;
            // At most `MAX_COUNT`.
            Ok(u32::try_from(number).unwrap_or(MAX_COUNT))
        };
        let delay: Option<i64> = row.try_get("", "delay")?;
        Ok(Backlog {
            due: number("due")?,
            delay: Duration::from_millis(delay.unwrap_or_default().max(0).cast_unsigned()),
            dead: number("dead")?,
        })
    }

    /// The time by the clock of the database.
    pub(crate) async fn time(&self) -> Result<i64, DbError> {
        let sql = format!("SELECT {} AS now", self.now);
        let row = self.db.query_one_raw(self.statement(sql, [])).await?;
        let row = row.ok_or_else(|| missing("the database has no time"))?;
        Ok(row.try_get("", "now")?)
    }

    /// Adds a schedule, or gives it this definition, unless a worker has seen the one that it has within `idle`. What is
    /// due stays due; else it begins at `first`, if that has not come meanwhile.
    pub(crate) async fn schedule(
        &self,
        name: &str,
        definition: &str,
        first: i64,
        idle: Duration,
    ) -> Result<(), DbError> {
        let now = self.now;
        let sql = format!(
            "INSERT INTO outbox_schedule (name, definition, next_at, seen_at) VALUES ($1, $2, $3, {now}) \
             ON CONFLICT (name) DO UPDATE SET definition = excluded.definition, seen_at = excluded.seen_at, \
             next_at = CASE WHEN outbox_schedule.next_at <= {now} THEN outbox_schedule.next_at \
             ELSE excluded.next_at END \
             WHERE outbox_schedule.definition <> excluded.definition \
             AND excluded.next_at > {now} AND (CAST($4 AS bigint) = 0 OR outbox_schedule.seen_at < {now} - CAST($4 AS bigint))"
        );
        let idle = milliseconds(idle);
        let values = [name.into(), definition.into(), first.into(), idle.into()];
        self.db.execute_raw(self.statement(sql, values)).await?;
        Ok(())
    }

    /// Tells the others that a worker has this definition. Returns whether the schedule has it, too.
    pub(crate) async fn see(&self, name: &str, definition: &str) -> Result<bool, DbError> {
        let sql = format!(
            "UPDATE outbox_schedule SET seen_at = {} WHERE name = $1 AND definition = $2",
            self.now
        );
        let values = [name.into(), definition.into()];
        self.change_row(&self.db, sql, values).await
    }

    /// The next time of a schedule. `None`: it has another definition.
    pub(crate) async fn next_at(
        &self,
        name: &str,
        definition: &str,
    ) -> Result<Option<i64>, DbError> {
        let sql = "SELECT next_at FROM outbox_schedule WHERE name = $1 AND definition = $2";
        let values = [name.into(), definition.into()];
        let row = self.db.query_one_raw(self.statement(sql, values)).await?;
        row.map(|row| Ok(row.try_get("", "next_at")?)).transpose()
    }

    /// Moves a schedule on. Returns whether no other worker does, or has done that. On PostgreSQL it does not wait for one
    /// that does.
    pub(crate) async fn advance(
        &self,
        connection: &impl ConnectionTrait,
        name: &str,
        definition: &str,
        from: i64,
        to: i64,
    ) -> Result<bool, DbError> {
        let row = "WHERE name = $1 AND definition = $2 AND next_at = $3";
        let sql = match self.db.backend() {
            DbBackend::Postgres => format!(
                "UPDATE outbox_schedule SET next_at = $4 WHERE name = \
                 (SELECT name FROM outbox_schedule {row} FOR UPDATE SKIP LOCKED)"
            ),
            _ => format!("UPDATE outbox_schedule SET next_at = $4 {row}"),
        };
        let values = [name.into(), definition.into(), from.into(), to.into()];
        self.change_row(connection, sql, values).await
    }

    fn statement(
        &self,
        sql: impl Into<String>,
        values: impl IntoIterator<Item = Value>,
    ) -> Statement {
        Statement::from_sql_and_values(self.db.backend(), sql, values)
    }
}

impl DeadRow {
    fn read(row: &QueryResult) -> Result<Self, DbError> {
        Ok(Self {
            id: row.try_get("", "id")?,
            name: row.try_get("", "name")?,
            payload: row.try_get("", "payload")?,
            enqueued_at: row.try_get("", "enqueued_at")?,
            attempts: row.try_get("", "attempts")?,
            died_at: row.try_get("", "died_at")?,
            error: row
                .try_get::<Option<String>>("", "error")?
                .unwrap_or_default(),
        })
    }
}

fn missing(text: &str) -> DbError {
    DbErr::Custom(text.to_owned()).into()
}

fn milliseconds(duration: Duration) -> i64 {
    // Of a century, so that a sum with the time has room.
    i64::try_from(duration.as_millis())
        .unwrap_or(i64::MAX)
        .min(100 * 366 * 24 * 60 * 60 * 1000)
}

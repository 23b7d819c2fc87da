//! [`InTransaction`] and [`Elsewhere`]: the two effects of jobs, which happen exactly once and at least once.

use std::time::Duration;

use resourceful::{Error, Result};
use resourceful_db::{DbError, DbErrorKind, Tx};
use tokio::task::{JoinSet, yield_now};
use tokio::time::timeout;

use crate::job::{Effect, Job, Performed};
use crate::job_id::JobId;
use crate::patience::until_stored;
use crate::table::{Claim, Table};

/// The effect is in the database of the outbox, in the transaction that also removes the job: it happens exactly once.
///
/// The hook gets this `&Tx`. On SQLite other writers wait for its end, so await nothing else in it.
#[derive(Clone, Copy, Debug)]
pub struct InTransaction;

impl Effect for InTransaction {
    type Context = Tx;

    async fn perform<J: Job<Effect = Self>>(
        job: &J,
        state: &J::State,
        table: &Table,
        claim: &Claim,
    ) -> Result<Performed> {
        let begin = async {
            let tx = table.db().begin().await?;
            // Removed first: until the end of the transaction no other worker can claim it.
            let is_removed = table.remove(&tx, claim).await?;
            Ok(is_removed.then_some(tx))
        };
        let tx = match begin.await {
            Ok(Some(tx)) => tx,
            Ok(None) => return Ok(Performed::Lost),
            Err(error) if DbError::kind(&error) == DbErrorKind::Unavailable => {
                return Ok(Performed::NotBegun);
            }
            Err(error) => return Err(error.into()),
        };
        within(J::TIMEOUT, job.run(state, &tx)).await?;
        tx.commit().await?;
        Ok(Performed::Done)
    }
}

/// The effect is outside of the database: an e-mail, a request to another service. It happens at least once: again if the
/// worker ends after the effect, and before the job is removed.
///
/// The hook gets an [`&Attempt`](Attempt), whose [`key`](Attempt::key) tells the other service that it is the same work.
#[derive(Clone, Copy, Debug)]
pub struct Elsewhere;

impl Effect for Elsewhere {
    type Context = Attempt;

    async fn perform<J: Job<Effect = Self>>(
        job: &J,
        state: &J::State,
        table: &Table,
        claim: &Claim,
    ) -> Result<Performed> {
        let attempt = Attempt {
            id: claim.id,
            enqueued_at: claim.enqueued_at,
            number: claim.attempt,
        };
        // A task of its own, which also runs while the hook blocks its thread. It ends with this attempt.
        let mut renewal = JoinSet::new();
        renewal.spawn(lost(table.clone(), claim.clone()));
        // The task begins before the hook, which may keep this thread.
        yield_now().await;
        tokio::select! {
            result = within(J::TIMEOUT, job.run(state, &attempt)) => result?,
            _ = renewal.join_next() => return Ok(Performed::Lost),
        }
        // The effect has happened.
        let removed = until_stored(claim.lease, || table.remove(table.db(), claim));
        Ok(match removed.await {
            Ok(true) => Performed::Done,
            Ok(false) => Performed::Lost,
            Err(_) => Performed::NotRemoved,
        })
    }
}

/// Limits the time of a hook, and not that of what follows it: the effect has happened then.
async fn within(limit: Duration, run: impl Future<Output = Result<()>>) -> Result<()> {
    timeout(limit, run).await.unwrap_or_else(|_| {
        Err(Error::internal(format!(
            "the attempt took longer than {limit:?}"
        )))
    })
}

/// Renews the lease, until another worker has the job.
async fn lost(table: Table, claim: Claim) {
    let mut held_until = tokio::time::Instant::now() + claim.lease;
    loop {
        tokio::time::sleep(claim.lease / 3).await;
        match table.renew(&claim).await {
            Ok(true) => held_until = tokio::time::Instant::now() + claim.lease,
            Ok(false) => return,
            // Without an answer the lease is over at its end.
            Err(_) if tokio::time::Instant::now() >= held_until => return,
            Err(error) => {
                let error = error.to_string();
                tracing::warn!(
                    job = claim.id.0,
                    error,
                    "the lease of a job was not renewed"
                );
            }
        }
    }
}

/// One attempt to do a job whose effect is [`Elsewhere`].
#[derive(Clone, Debug)]
pub struct Attempt {
    id: JobId,
    /// Unix time in milliseconds.
    enqueued_at: i64,
    number: u32,
}

impl Attempt {
    /// The number of the job.
    #[must_use]
    pub fn id(&self) -> JobId {
        self.id
    }

    /// The number of the attempt, from 1.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// A key that all attempts of this job have in common and no other job has: for the `Idempotency-Key` of a request to
    /// another service.
    #[must_use]
    pub fn key(&self) -> String {
        // A database that is created anew begins with the first number again.
        format!("job-{}-{}", self.id, self.enqueued_at)
    }
}

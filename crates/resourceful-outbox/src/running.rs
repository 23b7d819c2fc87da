//! [`Handler`]: does the jobs of one type, and settles each attempt.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use resourceful::{Error, Result, catch_panic};
use tracing::Instrument as _;

use crate::backoff::Backoff;
use crate::job::{Effect as _, Job, Performed};
use crate::metrics;
use crate::patience::until_stored;
use crate::table::{Claim, Table};

/// Pause before a job for which the database was too busy.
const BUSY_PAUSE: Duration = Duration::from_secs(1);

/// Longest text of an error that is stored, in characters.
const MAX_ERROR_LEN: usize = 2000;

/// Does the jobs of one type.
#[async_trait]
pub(crate) trait Handler: Send + Sync {
    fn name(&self) -> &'static str;

    /// Does a job, and settles the attempt: the job is removed, put off or a dead letter.
    async fn handle(&self, table: &Table, claim: &Claim, backoff: Backoff);
}

/// The jobs of type `J`, with the state of the worker.
pub(crate) struct JobHandler<J: Job> {
    state: Arc<J::State>,
    job: PhantomData<fn() -> J>,
}

impl<J: Job> JobHandler<J> {
    pub(crate) fn new(state: Arc<J::State>) -> Self {
        Self {
            state,
            job: PhantomData,
        }
    }

    async fn perform(&self, table: &Table, claim: &Claim) -> Result<Performed> {
        let perform = async {
            let job: J = serde_json::from_str(&claim.payload).map_err(Error::internal)?;
            J::Effect::perform(&job, &self.state, table, claim).await
        };
        catch_panic(perform).await
    }

    async fn attempt(&self, table: &Table, claim: &Claim, backoff: Backoff) -> &'static str {
        if claim.attempt > J::MAX_ATTEMPTS {
            // Each of these attempts ended without a word, and so would the next ones.
            let error =
                "the worker has ended during its last attempt, whose effect may have happened";
            return settle(table, claim, None, error).await;
        }
        match self.perform(table, claim).await {
            Ok(Performed::Done) => "done",
            Ok(Performed::Lost) => {
                tracing::warn!(
                    "a job was lost before it was removed: its lease was over, or it was cancelled"
                );
                "lost"
            }
            Ok(Performed::NotBegun) => {
                // Without a reply it is done after its lease.
                let _ = until_stored(claim.lease, || table.release(claim, BUSY_PAUSE)).await;
                "not_begun"
            }
            Ok(Performed::NotRemoved) => {
                tracing::error!("a job was done, but not removed: it is done again");
                "not_removed"
            }
            Err(error) => {
                let error = describe(&error);
                let is_last = claim.attempt >= J::MAX_ATTEMPTS;
                let pause = (!is_last).then(|| backoff.after(claim.attempt));
                settle(table, claim, pause, &error).await
            }
        }
    }
}

#[async_trait]
impl<J: Job> Handler for JobHandler<J> {
    fn name(&self) -> &'static str {
        J::NAME
    }

    async fn handle(&self, table: &Table, claim: &Claim, backoff: Backoff) {
        let span = tracing::info_span!(
            "job",
            name = J::NAME,
            id = claim.id.0,
            attempt = claim.attempt
        );
        resourceful::continue_trace(&span, claim.traceparent.as_deref());
        let started = Instant::now();
        let outcome = self.attempt(table, claim, backoff).instrument(span).await;
        metrics::ended(J::NAME, outcome, started.elapsed());
    }
}

/// Puts a job off by a pause, or makes it a dead letter.
async fn settle(
    table: &Table,
    claim: &Claim,
    pause: Option<Duration>,
    error: &str,
) -> &'static str {
    let settled = until_stored(claim.lease, || async move {
        match pause {
            Some(pause) => table.put_off(claim, pause, error).await,
            None => table.bury(claim, error).await,
        }
    });
    let settled = settled.await;
    match (settled, pause) {
        (Ok(true), Some(pause)) => {
            let pause = pause.as_secs_f64();
            tracing::warn!(error, pause, "a job has failed and is repeated");
            "failed"
        }
        (Ok(true), None) => {
            tracing::error!(error, "a job has failed too often and is a dead letter");
            "dead"
        }
        (Ok(false), _) => {
            tracing::warn!(
                error,
                "a job has failed after its lease was over, or after it was cancelled"
            );
            "lost"
        }
        // It is repeated after its lease.
        (Err(database), _) => {
            let database = database.to_string();
            tracing::warn!(error, database, "a job has failed, and so has the database");
            "failed"
        }
    }
}

/// The text of an error with its causes, which the caller of an action would not see.
pub(crate) fn describe(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    // PostgreSQL stores no zero.
    text.replace('\0', " ")
        .chars()
        .take(MAX_ERROR_LEN)
        .collect()
}

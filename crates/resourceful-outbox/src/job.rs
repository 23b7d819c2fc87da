//! [`Job`]: work that is done after the request.

use std::time::Duration;

use resourceful::Result;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::table::{Claim, Table};

/// Work that is done after the request: its data, which is stored as JSON, and the hook that does it.
///
/// # Examples
/// See the [crate](crate).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a job",
    note = "implement `Job`: its `NAME`, its `Effect` (`InTransaction` or `Elsewhere`), its `State` and `run`"
)]
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The name under which it is stored. It stays when the type is renamed, so that jobs that wait are found.
    const NAME: &'static str;

    /// Attempts before the job is a dead letter. The default spreads them over about a day.
    const MAX_ATTEMPTS: u32 = 20;

    /// Time limit for one attempt (default: 10 minutes). An attempt in a transaction also ends with `max_transaction_time` of
    /// the `Db` (10 s).
    const TIMEOUT: Duration = Duration::from_mins(10);

    /// The place of its effect: [`InTransaction`](crate::InTransaction), or [`Elsewhere`](crate::Elsewhere).
    type Effect: Effect;

    /// The state that the worker has for it, for example a client of the mail service.
    type State: Send + Sync + 'static;

    /// Does the work. After an error, a panic or the time limit it is done again, later.
    ///
    /// The parameter is `&Tx` with `InTransaction`, and `&Attempt` with `Elsewhere`.
    fn run(
        &self,
        state: &Self::State,
        context: &<Self::Effect as Effect>::Context,
    ) -> impl Future<Output = Result<()>> + Send;
}

/// The place of the effect of a job: [`InTransaction`](crate::InTransaction) or [`Elsewhere`](crate::Elsewhere).
pub trait Effect: Sized + Send + Sync + 'static {
    /// The parameter of the hook: a transaction, or an attempt.
    type Context: Send + Sync + 'static;

    /// Runs a job and removes it.
    #[doc(hidden)]
    fn perform<J: Job<Effect = Self>>(
        job: &J,
        state: &J::State,
        table: &Table,
        claim: &Claim,
    ) -> impl Future<Output = Result<Performed>> + Send;
}

/// The result of an attempt without an error of the job.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Performed {
    /// The job is removed.
    Done,
    /// The lease was over and another worker has the job, or it was cancelled.
    Lost,
    /// The database was away or too busy before the job began.
    NotBegun,
    /// The effect has happened, and the job could not be removed: it is done again after the lease.
    NotRemoved,
}

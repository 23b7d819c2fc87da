//! [`DeadLetters`]: a resource with the jobs that have failed too often.

use std::fmt;
use std::marker::PhantomData;

use chrono::{DateTime, Utc};
use resourceful::http::Method;
use resourceful::prelude::*;
use resourceful::{
    ActionSpec, ExtraActions, NoContent, NoInput, OnItem, ResourceAction, Unchecked,
};
use serde_json::Value;

use crate::outbox::Outbox;
use crate::table::{DeadRow, Table};

/// A resource with the jobs that have failed too often: to look at, to retry and to remove.
///
/// `A` is the access rule, which has no default: the data and the errors of jobs are for operators. `state` holds
/// what the rule reads by `AsRef`; pass `()` if it reads nothing.
///
/// | request | effect |
/// |---|---|
/// | `GET /dead-letters` | a page of dead letters, the newest first |
/// | `GET /dead-letters/7` | one of them |
/// | `POST /dead-letters/7/retry` | it is due now, with all its attempts again: 204 |
/// | `DELETE /dead-letters/7` | it is removed: 204 |
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful::{Access, SignedIn};
/// use resourceful_outbox::{DeadLetters, Outbox};
///
/// fn mount<Staff: Access<DeadLetters<Staff, S>>, S: Send + Sync + 'static>(app: App, outbox: &Outbox, state: S) -> App {
///     app.resource("/dead-letters", DeadLetters::<Staff, S>::new(outbox, state))
/// }
/// ```
pub struct DeadLetters<A, S = ()> {
    table: Table,
    state: S,
    access: PhantomData<fn() -> A>,
}

impl<A, S> DeadLetters<A, S> {
    /// The dead letters of this outbox.
    #[must_use]
    pub fn new(outbox: &Outbox, state: S) -> Self {
        Self {
            table: outbox.table().clone(),
            state,
            access: PhantomData,
        }
    }
}

impl<A, S: AsRef<T>, T: ?Sized> AsRef<T> for DeadLetters<A, S> {
    fn as_ref(&self) -> &T {
        self.state.as_ref()
    }
}

/// A job that has failed too often.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct DeadJob {
    /// The number of the job.
    pub id: i64,
    /// The name of its type.
    pub name: String,
    /// Its data.
    pub payload: Value,
    /// The error of its last attempt.
    pub error: String,
    /// The number of its attempts.
    pub attempts: i64,
    /// When it was enqueued.
    pub enqueued_at: DateTime<Utc>,
    /// When it became a dead letter.
    pub died_at: DateTime<Utc>,
}

impl From<DeadRow> for DeadJob {
    fn from(row: DeadRow) -> Self {
        let time = |milliseconds| DateTime::from_timestamp_millis(milliseconds).unwrap_or_default();
        Self {
            id: row.id,
            name: row.name,
            payload: serde_json::from_str(&row.payload).unwrap_or(Value::String(row.payload)),
            error: row.error,
            attempts: row.attempts,
            enqueued_at: time(row.enqueued_at),
            died_at: time(row.died_at),
        }
    }
}

fn not_found() -> Error {
    Error::not_found("There is no such dead letter.")
}

/// Jobs that have failed too often.
#[resource(name = "dead_letters")]
impl<A, S> AsyncResource for DeadLetters<A, S>
where
    A: Access<Self>,
    S: Send + Sync + 'static,
{
    type Access = A;

    /// Dead letters, the newest first.
    async fn list(&self, _: &Request<A::Caller>, page: PageNumber) -> Result<Page<DeadJob>> {
        let (rows, total) = self.table.dead(page.limit(), page.offset()).await?;
        let jobs = rows.into_iter().map(DeadJob::from).collect();
        Ok(page.of(jobs, total))
    }

    /// A dead letter.
    async fn retrieve(&self, _: &Request<A::Caller>, Unchecked(id): AnyId) -> Result<DeadJob> {
        let row = self.table.dead_one(id).await?;
        row.map(DeadJob::from).ok_or_else(not_found)
    }

    /// Removes a dead letter.
    async fn destroy(&self, _: &Request<A::Caller>, Unchecked(id): AnyId) -> Result<()> {
        let is_removed = self.table.remove_dead(id).await?;
        is_removed.then_some(()).ok_or_else(not_found)
    }

    fn extra_actions(actions: &mut impl ExtraActions<Self, A::Caller>) {
        actions.add::<Retry>();
    }
}

/// Whom the access rule lets in may touch all dead letters.
type AnyId = Unchecked<i64>;

/// The action `retry`. `#[action]` makes none for a generic resource.
struct Retry;

impl<A, S> ResourceAction<DeadLetters<A, S>> for Retry
where
    A: Access<DeadLetters<A, S>>,
    S: Send + Sync + 'static,
{
    const SPEC: &'static ActionSpec = &ActionSpec::on_item("retry", Method::POST, "retry");
    const DOC: &'static str = "Makes a dead letter due now, with all its attempts again.";

    type Caller = A::Caller;
    type Target = OnItem<AnyId>;
    type Input = NoInput;
    type Output = NoContent;
    type Error = Error;

    async fn run(
        resource: &DeadLetters<A, S>,
        _: &Request<A::Caller>,
        OnItem(Unchecked(id)): OnItem<AnyId>,
        _: NoInput,
    ) -> Result<NoContent> {
        let is_revived = resource.table.revive(id).await?;
        is_revived.then_some(NoContent).ok_or_else(not_found)
    }
}

impl<A, S> fmt::Debug for DeadLetters<A, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadLetters").finish_non_exhaustive()
    }
}

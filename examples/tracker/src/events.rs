//! Events: what happens to the tasks of a project.

use resourceful::{Event, EventStream, prelude::*};
use resourceful_db::{Committed, DbError};
use tokio::sync::broadcast::{self, error::RecvError};

use crate::entity::task;
use crate::tracker::{Tracker, User, project_at};

/// A change of a task. Clients read the task itself, so an event tells nothing to someone who may not.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct TaskEvent {
    #[serde(skip)]
    project_id: i64,
    kind: &'static str,
    task_id: i64,
    version: i64,
}

impl From<Committed<task::Model>> for TaskEvent {
    fn from(change: Committed<task::Model>) -> Self {
        let (kind, task) = match change {
            Committed::Created(task) => ("created", task),
            Committed::Updated(task) => ("updated", task),
            Committed::Destroyed(task) => ("deleted", task),
        };
        Self {
            project_id: task.project_id,
            kind,
            task_id: task.id,
            version: task.version,
        }
    }
}

/// The events of this process. Several processes need a broker.
#[derive(Clone, Debug)]
pub(crate) struct Events(broadcast::Sender<TaskEvent>);

impl Default for Events {
    fn default() -> Self {
        Self(broadcast::Sender::new(1000))
    }
}

impl Events {
    /// Sends an event to those who listen, if anybody does.
    pub(crate) fn send(&self, event: TaskEvent) {
        let _ = self.0.send(event);
    }
}

/// Streams the changes of a project's tasks. A client that is too slow gets an event `missed`, and reads the list.
#[endpoint(tag = "events")]
pub(crate) async fn project_events(
    tracker: &Tracker,
    request: &Request<User>,
    organisation_id: i64,
    project_id: i64,
) -> Result<EventStream, DbError> {
    // Before the query, so that no change is lost between the two.
    let mut changes = tracker.events.0.subscribe();
    let project = project_at(request.caller(), organisation_id, project_id).select();
    if project.one(&tracker.db).await?.is_none() {
        return Err(Error::not_found("There is no such project.").into());
    }
    Ok(EventStream::new(request, async move |events| {
        loop {
            match changes.recv().await {
                Ok(change) if change.project_id == project_id => {
                    events.send(Event::json(&change)?.with_name("task")).await?;
                }
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => {
                    events.send(Event::new("").with_name("missed")).await?
                }
                Err(RecvError::Closed) => return Ok(()),
            }
        }
    }))
}

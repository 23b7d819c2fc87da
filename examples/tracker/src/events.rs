//! Events: the changes of a project's tasks.

use resourceful::{Event, EventStream};
use tokio::sync::broadcast::{self, error::RecvError};

use crate::prelude::*;

/// A change of a task. It has no text of the task, which a client then reads.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct TaskEvent {
    #[serde(skip)]
    project_id: i64,
    kind: &'static str,
    task_id: i64,
}

impl From<Committed<task::Model>> for TaskEvent {
    fn from(change: Committed<task::Model>) -> Self {
        let (kind, task) = match change {
            Committed::Created(task) => ("created", task),
            Committed::Updated(task) => ("updated", task),
            Committed::Destroyed(task) => ("deleted", task),
        };
        let (task_id, project_id) = (task.id, task.project_id);
        Self {
            project_id,
            kind,
            task_id,
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
    pub(crate) fn send(&self, event: TaskEvent) {
        let _ = self.0.send(event); // an error is that nobody listens
    }
}

/// Streams the changes of a project's tasks. A client that is too slow gets an event `missed`, and reads the list.
#[endpoint(tag = "events")]
pub(crate) async fn project_events(
    at: &Tracker,
    request: &Request<User>,
    organisation_id: i64,
    project_id: i64,
) -> Result<EventStream, DbError> {
    // Before the query, so that no change is lost between the two.
    let mut changes = at.events.0.subscribe();
    let project = project_at(request.caller(), (organisation_id, project_id));
    if !project.exists(&at.db).await? {
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
                    events.send(Event::new("").with_name("missed")).await?;
                }
                Err(RecvError::Closed) => return Ok(()),
            }
        }
    }))
}

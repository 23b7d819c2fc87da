//! Events: the changes of a project's tasks.

use resourceful::{Event, EventStream};
use resourceful_bus::Topic;

use crate::prelude::*;

/// A change of a task. It has no text of the task, which a client then reads.
#[derive(Serialize, Deserialize)]
pub(crate) struct TaskEvent {
    kind: String,
    task_id: i64,
}

/// Each project has its own topic.
const TASKS: Topic<TaskEvent> = Topic::new("tasks");

impl Tracker {
    /// Tells the members of the project, on all replicas.
    pub(crate) async fn announce(&self, change: Committed<task::Model>) {
        let (kind, task) = match change {
            Committed::Created(task) => ("created", task),
            Committed::Updated(task) => ("updated", task),
            Committed::Destroyed(task) => ("deleted", task),
        };
        let (kind, task_id) = (kind.to_owned(), task.id);
        let event = TaskEvent { kind, task_id };
        if let Err(error) = self.bus.publish(&TASKS.of(task.project_id), &event).await {
            tracing::warn!(error = error.to_string(), "an event is lost");
        }
    }
}

/// Streams the changes of a project's tasks. A client that gets an event `missed` reads the list.
#[endpoint(tag = "events")]
pub(crate) async fn project_events(
    at: &Tracker,
    request: &Request<User>,
    organisation_id: i64,
    project_id: i64,
) -> Result<EventStream, DbError> {
    let project = project_at(request.caller(), (organisation_id, project_id));
    if !project.exists(&at.db).await? {
        return Err(Error::not_found("There is no such project.").into());
    }
    let event = |change| Ok(Event::json(&change)?.with_name("task"));
    let tasks = TASKS.of(project_id);
    Ok(at.bus.event_stream(request, &tasks, event).await?)
}

//! The application. `main.rs` explains how to try it.

#![allow(missing_docs)]

mod accounts;
mod attachments;
mod comments;
mod entity;
mod events;
mod members;
mod migration;
mod organisations;
mod projects;
mod tasks;
mod tracker;

use resourceful::prelude::*;
use resourceful_db::{Cursor, Db, DbError, ListQuery, Ordered};

use self::attachments::Attachments;
use self::comments::Comments;
use self::members::Members;
use self::organisations::Organisations;
use self::projects::Projects;
use self::tasks::{TaskOrder, Tasks};
use self::tracker::{Tracker, Users};

/// The application on this database: SQLite or PostgreSQL.
///
/// # Errors
/// If the database cannot be opened.
pub async fn app(database_url: &str) -> Result<(App, Db), DbError> {
    let tracker = Tracker::new(database_url).await?;
    let app = App::new()
        .nest("/v1", api::<Ordered<TaskOrder>>(&tracker))
        .nest("/v2", api::<Cursor<TaskOrder>>(&tracker));
    Ok((app, tracker.db))
}

/// A version of the API. Versions differ in the paging of tasks.
fn api<P: ListQuery<entity::task::Entity> + Send + 'static>(tracker: &Tracker) -> App {
    const PROJECTS: &str = "/organisations/{organisation_id}/projects";
    let tasks = format!("{PROJECTS}/{{project_id}}/tasks");
    let events = format!("{PROJECTS}/{{project_id}}/events");
    let comments = format!("{tasks}/{{task_id}}/comments");
    let attachments = format!("{tasks}/{{task_id}}/attachments");
    let me = guarded::<Users, _>(accounts::me);
    let project_events = guarded::<Users, _>(events::project_events);
    let upload = guarded::<Users, _>(attachments::upload);
    App::new()
        .post("/sign-up", public(accounts::sign_up).state(tracker))
        .post("/sign-in", public(accounts::sign_in).state(tracker))
        .post("/sign-out", public(accounts::sign_out).state(tracker))
        .get("/me", me.state(tracker))
        .resource("/organisations", Organisations(tracker.clone()))
        .resource(
            "/organisations/{organisation_id}/members",
            Members(tracker.clone()),
        )
        .resource(PROJECTS, Projects(tracker.clone()))
        .resource(&tasks, Tasks::<P>::new(tracker))
        .resource(&comments, Comments(tracker.clone()))
        .resource(&attachments, Attachments(tracker.clone()))
        .post(&attachments, upload.state(tracker))
        .get(&events, project_events.state(tracker))
}

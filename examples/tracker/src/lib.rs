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

use std::marker::PhantomData;

use resourceful_db::{Cursor, ListQuery, Ordered};

use self::prelude::*;
use self::tasks::{TaskOrder, Tasks};

/// The names of all modules.
mod prelude {
    pub(crate) use chrono::{DateTime, Utc};
    pub(crate) use resourceful::{Created, Parents, prelude::*};
    pub(crate) use resourceful_auth::Sessions;
    pub(crate) use resourceful_db::prelude::*;
    pub(crate) use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait};

    pub(crate) use crate::entity::*;
    pub(crate) use crate::tracker::*;
}

/// The application on a database.
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

/// A version of the API. `P` pages its tasks.
fn api<P: ListQuery<task::Entity> + 'static>(at: &Tracker) -> App {
    let projects = "/organisations/{organisation_id}/projects";
    let events = format!("{projects}/{{project_id}}/events");
    let tasks = format!("{projects}/{{project_id}}/tasks");
    let comments = format!("{tasks}/{{task_id}}/comments");
    let attachments = format!("{tasks}/{{task_id}}/attachments");
    let (tracker, paging) = (at.clone(), PhantomData::<fn() -> P>);
    let me = guarded::<Users, _>(accounts::me);
    let project_events = guarded::<Users, _>(events::project_events);
    let upload = guarded::<Users, _>(attachments::upload);
    App::new()
        .post("/sign-up", public(accounts::sign_up).state(at))
        .post("/sign-in", public(accounts::sign_in).state(at))
        .post("/sign-out", public(accounts::sign_out).state(at))
        .get("/me", me.state(at))
        .resource("/organisations", organisations::Organisations(at.clone()))
        .resource(
            "/organisations/{organisation_id}/members",
            members::Members(at.clone()),
        )
        .resource(projects, projects::Projects(at.clone()))
        .get(&events, project_events.state(at))
        .resource(&tasks, Tasks { tracker, paging })
        .resource(&comments, comments::Comments(at.clone()))
        .resource(&attachments, attachments::Attachments(at.clone()))
        .post(&attachments, upload.state(at))
}

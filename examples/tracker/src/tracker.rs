//! The state of the application, and the rows that exist for a user.

use resourceful::prelude::*;
use resourceful_auth::{Passwords, Sessions, SqlSessionStore};
use resourceful_db::{Db, DbError, Scope};

use crate::entity::member::Role;
use crate::entity::{member, organisation, project, task};
use crate::events::Events;
use crate::migration::Migrator;

/// The user who calls. It is the data of the session.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct User {
    pub(crate) id: i64,
    pub(crate) name: String,
}

/// Callers are users by the cookie of their browser.
pub(crate) type Users = SignedIn<Sessions<User>>;

/// The state of all resources.
#[derive(Clone, Debug, AsRef)]
pub(crate) struct Tracker {
    #[as_ref]
    pub(crate) db: Db,
    #[as_ref]
    pub(crate) sessions: Sessions<User>,
    pub(crate) passwords: Passwords,
    pub(crate) events: Events,
}

impl Tracker {
    pub(crate) async fn new(database_url: &str) -> Result<Self, DbError> {
        let db = Db::connect(database_url).await?;
        db.migrate::<Migrator>().await?;
        Ok(Self {
            sessions: Sessions::new(SqlSessionStore::new(db.clone()).await?),
            passwords: Passwords::new(),
            events: Events::default(),
            db,
        })
    }
}

fn memberships(user: &User) -> Scope<member::Entity> {
    Scope::all().eq(member::Column::UserId, user.id)
}

/// The organisations that a user is a member of.
pub(crate) fn organisations(user: &User) -> Scope<organisation::Entity> {
    let key = member::Column::OrganisationId;
    Scope::all().within(organisation::Column::Id, memberships(user), key)
}

/// The organisations that a user is an owner of.
pub(crate) fn owned_organisations(user: &User) -> Scope<organisation::Entity> {
    let owners = memberships(user).eq(member::Column::Role, Role::Owner);
    let key = member::Column::OrganisationId;
    Scope::all().within(organisation::Column::Id, owners, key)
}

/// The project of a path `/organisations/{organisation_id}/projects/{project_id}`.
pub(crate) fn project_at(user: &User, organisation: i64, project: i64) -> Scope<project::Entity> {
    let key = organisation::Column::Id;
    Scope::all()
        .eq(project::Column::Id, project)
        .eq(project::Column::OrganisationId, organisation)
        .within(project::Column::OrganisationId, organisations(user), key)
}

/// The task of a path `/organisations/{organisation_id}/projects/{project_id}/tasks/{task_id}`.
pub(crate) fn task_at(
    user: &User,
    organisation: i64,
    project: i64,
    task: i64,
) -> Scope<task::Entity> {
    let project = project_at(user, organisation, project);
    Scope::all()
        .eq(task::Column::Id, task)
        .is_null(task::Column::DeletedAt)
        .within(task::Column::ProjectId, project, project::Column::Id)
}

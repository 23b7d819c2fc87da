//! The state of the application, and the rows that exist for a user.

use resourceful_auth::{Passwords, Sessions, SqlSessionStore};
use resourceful_bus::{Bus, MemoryBroker, PostgresBroker};
use sea_orm::{ConnectionTrait, DbBackend};

use crate::migration::Migrator;
use crate::prelude::*;

/// The user who calls: the data of a session.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct User {
    pub(crate) id: i64,
    pub(crate) name: String,
}

/// Access for users, by the cookie of their browser.
pub(crate) type Users = SignedIn<Sessions<User>>;

/// The state of all resources.
#[derive(Clone, Debug, AsRef)]
pub(crate) struct Tracker {
    #[as_ref]
    pub(crate) db: Db,
    #[as_ref]
    pub(crate) sessions: Sessions<User>,
    pub(crate) passwords: Passwords,
    pub(crate) bus: Bus,
}

impl Tracker {
    pub(crate) async fn new(database_url: &str) -> Result<Self, DbError> {
        // Another process continues the cursors of this one only with the same key.
        let options = match std::env::var("CURSOR_KEY") {
            Ok(key) => Db::options().cursor_keys([key]),
            Err(_) => Db::options(),
        };
        let db = options.connect(database_url).await?;
        db.migrate::<Migrator>().await?;
        let bus = match db.get_database_backend() {
            DbBackend::Postgres => Bus::new(PostgresBroker::new(db.clone()).await?),
            _ => Bus::new(MemoryBroker::default()),
        };
        Ok(Self {
            sessions: Sessions::new(SqlSessionStore::new(db.clone()).await?),
            passwords: Passwords::new(),
            bus,
            db,
        })
    }
}

pub(crate) fn memberships(user: &User) -> Scope<member::Entity> {
    Scope::all().eq(member::Column::UserId, user.id)
}

pub(crate) fn ownerships(user: &User) -> Scope<member::Entity> {
    memberships(user).eq(member::Column::Role, member::Role::Owner)
}

/// The organisations of these memberships.
pub(crate) fn organisations(members: Scope<member::Entity>) -> Scope<organisation::Entity> {
    Scope::all().within(
        organisation::Column::Id,
        members,
        member::Column::OrganisationId,
    )
}

/// The project of a path, if the user is a member.
pub(crate) fn project_at(user: &User, (organisation, id): (i64, i64)) -> Scope<project::Entity> {
    let members = memberships(user).eq(member::Column::OrganisationId, organisation);
    let column = project::Column::OrganisationId;
    let projects = Scope::all().within(column, members, member::Column::OrganisationId);
    projects.eq(project::Column::Id, id)
}

/// The task of a path, if the user is a member.
pub(crate) fn task_at(
    user: &User,
    (organisation, project, id): (i64, i64, i64),
) -> Scope<task::Entity> {
    let project = project_at(user, (organisation, project));
    let tasks = Scope::all().within(task::Column::ProjectId, project, project::Column::Id);
    tasks
        .eq(task::Column::Id, id)
        .is_null(task::Column::DeletedAt)
}

//! `/organisations/{organisation_id}/projects/{project_id}/tasks`

use std::marker::PhantomData;

use chrono::{DateTime, Utc};
use resourceful::{Parents, prelude::*};
use resourceful_auth::Sessions;
use resourceful_db::{
    Changeset, Committed, Db, DbError, Filter, Item, ListQuery, ModelResource, Order, Scope, Tx,
    Within,
};
use sea_orm::ActiveValue::{self, Set};
use sea_orm::EntityTrait;

use crate::entity::task::{self, State};
use crate::entity::{member, project, user};
use crate::events::TaskEvent;
use crate::tracker::{Tracker, User, Users, project_at};

#[derive(Clone, Serialize, JsonSchema, Item)]
#[item(entity = user::Entity)]
pub(crate) struct Author {
    id: i64,
    name: String,
}

#[derive(Serialize, JsonSchema, Item)]
#[item(entity = task::Entity)]
pub(crate) struct Task {
    id: i64,
    title: String,
    description: String,
    state: State,
    assignee_id: Option<i64>,
    #[item(nested)]
    author: Option<Author>,
    version: i64,
    created_at: DateTime<Utc>,
}

#[derive(Deserialize, JsonSchema, Validate, Changeset)]
#[changeset(entity = task::Entity)]
pub(crate) struct NewTask {
    #[garde(length(chars, min = 1, max = 200))]
    title: String,
    #[serde(default)]
    #[garde(length(chars, max = 10_000))]
    description: String,
    /// A member of the organisation.
    #[serde(default)]
    #[garde(skip)]
    assignee_id: Option<i64>,
}

#[derive(Deserialize, JsonSchema, Validate, Changeset)]
#[changeset(entity = task::Entity)]
pub(crate) struct TaskChanges {
    /// The version that the changes are made from. If the task has another one, they get 409.
    #[serde(default)]
    #[garde(skip)]
    version: Change<i64>,
    #[serde(default)]
    #[garde(length(chars, min = 1, max = 200))]
    title: Change<String>,
    #[serde(default)]
    #[garde(length(chars, max = 10_000))]
    description: Change<String>,
    #[serde(default)]
    #[garde(skip)]
    state: Change<State>,
    #[serde(default)]
    #[garde(skip)]
    assignee_id: Change<Option<i64>>,
}

#[derive(Debug, Deserialize, JsonSchema, Validate, Filter)]
#[filter(entity = task::Entity)]
#[garde(allow_unvalidated)]
pub(crate) struct TaskFilter {
    state: Option<State>,
    assignee_id: Option<i64>,
    /// Searches the title and the description.
    #[filter(any(title, description), icontains)]
    q: Option<String>,
}

#[derive(Clone, Copy, Debug, Order)]
#[order(entity = task::Entity)]
pub(crate) enum TaskOrder {
    #[order(created_at desc)]
    Newest,
    #[order(title)]
    Title,
}

/// `P` is the paging style: page numbers in version 1, a cursor in version 2.
#[derive(AsRef)]
pub(crate) struct Tasks<P>(
    #[as_ref(Db, Sessions<User>)] Tracker,
    PhantomData<fn() -> P>,
);

impl<P> Tasks<P> {
    pub(crate) fn new(tracker: &Tracker) -> Self {
        Self(tracker.clone(), PhantomData)
    }
}

/// The tasks of a project, for the members of its organisation.
#[resource(only(list, create, retrieve, partial_update, destroy))]
impl<P: ListQuery<task::Entity> + Send + Sync + 'static> ModelResource for Tasks<P> {
    type Access = Users;
    type Parent = Parents<(i64, i64)>;
    type Entity = task::Entity;
    type Item = Task;
    type Create = NewTask;
    type PartialUpdate = TaskChanges;
    type Query = Filtered<TaskFilter, P>;

    fn within(&self, request: &Request<User>) -> Option<Within<task::Entity>> {
        let Parents((organisation, project)) = self.parent(request);
        let project = project_at(request.caller(), organisation, project);
        Some(Within::parent(
            task::Column::ProjectId,
            project,
            project::Column::Id,
        ))
    }

    fn visible(&self, _: &Request<User>) -> Scope<task::Entity> {
        Scope::all() // of the project
    }

    fn version() -> Option<task::Column> {
        Some(task::Column::Version)
    }

    fn deleted_at() -> Option<task::Column> {
        Some(task::Column::DeletedAt)
    }

    fn fill_create(
        &self,
        request: &Request<User>,
        task: &mut task::ActiveModel,
    ) -> Result<(), DbError> {
        task.author_id = Set(request.caller().id);
        task.state = Set(State::Open);
        task.created_at = Set(Utc::now());
        Ok(())
    }

    async fn before_create(
        &self,
        request: &Request<User>,
        tx: &Tx,
        task: &mut task::ActiveModel,
    ) -> Result<(), DbError> {
        check_assignee(self.parent(request), tx, task).await
    }

    async fn before_update(
        &self,
        request: &Request<User>,
        tx: &Tx,
        _: &task::Model,
        task: &mut task::ActiveModel,
    ) -> Result<(), DbError> {
        check_assignee(self.parent(request), tx, task).await
    }

    async fn on_commit(&self, _: &Request<User>, change: Committed<task::Model>) {
        self.0.events.send(TaskEvent::from(change));
    }
}

/// Only a member of the organisation is assigned.
async fn check_assignee(
    Parents((organisation, _)): Parents<(i64, i64)>,
    tx: &Tx,
    task: &task::ActiveModel,
) -> Result<(), DbError> {
    let ActiveValue::Set(Some(assignee)) = task.assignee_id else {
        return Ok(());
    };
    let member = Scope::<member::Entity>::all()
        .eq(member::Column::OrganisationId, organisation)
        .eq(member::Column::UserId, assignee);
    match member.select().one(tx).await? {
        Some(_) => Ok(()),
        None => Err(Error::invalid([FieldError::body("/assignee_id", "is not a member")]).into()),
    }
}

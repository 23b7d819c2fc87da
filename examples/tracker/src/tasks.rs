//! `/organisations/{organisation_id}/projects/{project_id}/tasks`

use std::marker::PhantomData;

use resourceful_db::ListQuery;

use crate::entity::task::State;
use crate::prelude::*;

#[derive(Clone, Serialize, JsonSchema, Item)]
#[item(entity = user::Entity)]
pub(crate) struct Person {
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
    #[item(nested, relation = task::Relation::Assignee)]
    assignee: Option<Person>,
    #[item(nested, relation = task::Relation::Author)]
    author: Option<Person>,
    version: i64,
    created_at: DateTime<Utc>,
}

#[derive(Deserialize, JsonSchema, Validate, Changeset)]
#[changeset(entity = task::Entity)]
#[garde(allow_unvalidated)]
pub(crate) struct NewTask {
    #[garde(length(chars, min = 1, max = 200))]
    title: String,
    #[garde(length(chars, max = 10_000))]
    description: String,
    /// A member of the organisation.
    assignee_id: Option<i64>,
}

#[derive(Default, Deserialize, JsonSchema, Validate, Changeset)]
#[changeset(entity = task::Entity)]
#[serde(default)]
#[garde(allow_unvalidated)]
pub(crate) struct TaskChanges {
    /// The version that the client has read. A task that has another one by now is not changed: 409.
    version: Change<i64>,
    #[garde(length(chars, min = 1, max = 200))]
    title: Change<String>,
    #[garde(length(chars, max = 10_000))]
    description: Change<String>,
    state: Change<State>,
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

/// `P` is the paging style, in which the versions of the API differ.
#[derive(AsRef)]
pub(crate) struct Tasks<P> {
    #[as_ref(Db, Sessions<User>)]
    pub(crate) tracker: Tracker,
    pub(crate) paging: PhantomData<fn() -> P>,
}

/// The tasks of a project, for the members of its organisation.
#[resource(only(list, create, retrieve, partial_update, destroy))]
impl<P: ListQuery<task::Entity> + 'static> ModelResource for Tasks<P> {
    type Access = Users;
    type Parent = Parents<(i64, i64)>;
    type Entity = task::Entity;
    type Item = Task;
    type Create = NewTask;
    type PartialUpdate = TaskChanges;
    type Query = Filtered<TaskFilter, P>;

    fn within(&self, request: &Request<User>) -> Option<Within<task::Entity>> {
        let project = project_at(request.caller(), self.parent(request).0);
        Some(Within::parent(task::Column::ProjectId, project))
    }

    fn version() -> Option<task::Column> {
        Some(task::Column::Version)
    }

    fn deleted_at() -> Option<task::Column> {
        Some(task::Column::DeletedAt)
    }

    async fn before_create(
        &self,
        request: &Request<User>,
        tx: &Tx,
        task: &mut task::ActiveModel,
    ) -> Result<(), DbError> {
        task.author_id = Set(request.caller().id);
        task.state = Set(State::Open);
        task.created_at = Set(Utc::now());
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
        self.tracker.announce(change).await;
    }
}

/// Only a member of the organisation is assigned.
async fn check_assignee(
    Parents((organisation, _)): Parents<(i64, i64)>,
    tx: &Tx,
    task: &task::ActiveModel,
) -> Result<(), DbError> {
    if let Set(Some(assignee)) = task.assignee_id {
        let member = Scope::<member::Entity>::all()
            .eq(member::Column::OrganisationId, organisation)
            .eq(member::Column::UserId, assignee);
        if !member.exists(tx).await? {
            let error = FieldError::body("/assignee_id", "is not a member of the organisation");
            return Err(Error::invalid([error]).into());
        }
    }
    Ok(())
}

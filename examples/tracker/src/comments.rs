//! `/organisations/{organisation_id}/projects/{project_id}/tasks/{task_id}/comments`

use crate::prelude::*;
use crate::tasks::Person;

#[derive(Serialize, JsonSchema, Item)]
#[item(entity = comment::Entity)]
pub(crate) struct Comment {
    id: i64,
    text: String,
    #[item(nested)]
    author: Option<Person>,
    created_at: DateTime<Utc>,
}

#[derive(Deserialize, JsonSchema, Validate, Changeset)]
#[changeset(entity = comment::Entity)]
pub(crate) struct NewComment {
    #[garde(length(chars, min = 1, max = 10_000))]
    text: String,
}

#[derive(AsRef)]
pub(crate) struct Comments(#[as_ref(Db, Sessions<User>)] pub(crate) Tracker);

/// The comments on a task. Each is changed by its author alone.
#[resource(only(list, create, retrieve, update, destroy))]
impl ModelResource for Comments {
    type Access = Users;
    type Parent = Parents<(i64, i64, i64)>;
    type Entity = comment::Entity;
    type Item = Comment;
    type Create = NewComment;
    type Query = PageNumber;

    fn within(&self, request: &Request<User>) -> Option<Within<comment::Entity>> {
        let task = task_at(request.caller(), self.parent(request).0);
        Some(Within::parent(comment::Column::TaskId, task))
    }

    fn writable(&self, request: &Request<User>) -> Scope<comment::Entity> {
        Scope::all().eq(comment::Column::AuthorId, request.caller().id)
    }

    fn fill_create(
        &self,
        request: &Request<User>,
        comment: &mut comment::ActiveModel,
    ) -> Result<(), DbError> {
        comment.author_id = Set(request.caller().id);
        comment.created_at = Set(Utc::now());
        Ok(())
    }
}

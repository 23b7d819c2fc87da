//! `/organisations/{organisation_id}/projects/{project_id}/tasks/{task_id}/attachments`
//!
//! The bytes are in the table: one backup has all of it, and a deletion leaves no file behind. Lists do not read them.

use resourceful::{Created, FileResponse, Parents, prelude::*};
use resourceful_auth::Sessions;
use resourceful_db::{Db, DbError, Found, Item, ModelResource, Scope, Within};
use sea_orm::{ActiveModelTrait, ActiveValue::Set};

use crate::entity::{attachment, task};
use crate::tracker::{Tracker, User, Users, task_at};

/// The maximum size of an attachment.
const MAX_BYTES: u64 = 10 << 20;

#[derive(Serialize, JsonSchema, Item)]
#[item(entity = attachment::Entity)]
pub(crate) struct Attachment {
    id: i64,
    name: String,
    bytes: i64,
}

#[derive(AsRef)]
pub(crate) struct Attachments(#[as_ref(Db, Sessions<User>)] pub(crate) Tracker);

/// The attachments of a task.
#[resource(only(list, retrieve, destroy))]
impl ModelResource for Attachments {
    type Access = Users;
    type Parent = Parents<(i64, i64, i64)>;
    type Entity = attachment::Entity;
    type Item = Attachment;
    type Query = PageNumber;

    fn within(&self, request: &Request<User>) -> Option<Within<attachment::Entity>> {
        let Parents((organisation, project, task)) = self.parent(request);
        let task = task_at(request.caller(), organisation, project, task);
        Some(Within::parent(
            attachment::Column::TaskId,
            task,
            task::Column::Id,
        ))
    }

    fn visible(&self, _: &Request<User>) -> Scope<attachment::Entity> {
        Scope::all() // of the task
    }

    /// The bytes, to be saved as a file.
    #[action(GET, "content", detail)]
    async fn content(
        &self,
        request: &Request<User>,
        file: Found<Attachments>,
    ) -> Result<FileResponse, DbError> {
        let attachment::Model { name, content, .. } = file.into_model();
        Ok(FileResponse::from_bytes(request, &name, content).attachment(name))
    }
}

#[derive(Deserialize, JsonSchema, Validate)]
pub(crate) struct FileName {
    /// The name under which it is saved.
    #[garde(length(chars, min = 1, max = 200))]
    name: String,
}

/// Attaches a file: the body is its bytes.
#[endpoint(tag = "attachments")]
pub(crate) async fn upload(
    tracker: &Tracker,
    mut request: Request<User>,
    organisation_id: i64,
    project_id: i64,
    task_id: i64,
    query: FileName,
) -> Result<Created<Json<Attachment>>, DbError> {
    let task = task_at(request.caller(), organisation_id, project_id, task_id).select();
    if task.one(&tracker.db).await?.is_none() {
        return Err(Error::not_found("There is no such task.").into());
    }
    let mut content = Vec::new();
    request.body(MAX_BYTES)?.write_to(&mut content).await?;
    let file = attachment::ActiveModel {
        task_id: Set(task_id),
        name: Set(query.name),
        bytes: Set(content.len() as i64),
        content: Set(content),
        ..Default::default()
    };
    let attachment::Model {
        id, name, bytes, ..
    } = file.insert(&tracker.db).await?;
    Ok(Created(Json(Attachment { id, name, bytes })))
}

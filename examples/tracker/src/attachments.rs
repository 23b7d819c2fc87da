//! `/organisations/{organisation_id}/projects/{project_id}/tasks/{task_id}/attachments`
//!
//! The bytes are in the table: a backup has them, and a deletion leaves no file behind. Lists do not read them.

use resourceful::FileResponse;

use crate::prelude::*;

/// The maximum size in bytes.
const MAX_SIZE: u64 = 10 << 20;

#[derive(Serialize, JsonSchema, Item)]
#[item(entity = attachment::Entity)]
pub(crate) struct Attachment {
    id: i64,
    name: String,
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
        let task = task_at(request.caller(), self.parent(request).0);
        Some(Within::parent(attachment::Column::TaskId, task))
    }

    /// The bytes, for saving them as a file.
    #[action(GET, "content", detail)]
    async fn content(
        &self,
        request: &Request<User>,
        file: Found<Self>,
    ) -> Result<FileResponse, DbError> {
        let attachment::Model { name, content, .. } = file.into_model();
        Ok(FileResponse::from_bytes(request, &name, content).attachment(name))
    }
}

#[derive(Deserialize, JsonSchema, Validate)]
pub(crate) struct FileName {
    #[garde(length(chars, min = 1, max = 200))]
    name: String,
}

/// Attaches a file, whose bytes are the body.
#[endpoint(tag = "attachments")]
pub(crate) async fn upload(
    at: &Tracker,
    mut request: Request<User>,
    organisation_id: i64,
    project_id: i64,
    task_id: i64,
    query: FileName,
) -> Result<Created<Attachment>, DbError> {
    let task = task_at(request.caller(), (organisation_id, project_id, task_id));
    if !task.exists(&at.db).await? {
        return Err(Error::not_found("There is no such task.").into());
    }
    let mut content = Vec::new();
    request.body(MAX_SIZE)?.write_to(&mut content).await?;
    let file = attachment::ActiveModel {
        task_id: Set(task_id),
        name: Set(query.name),
        content: Set(content),
        ..Default::default()
    };
    let attachment::Model { id, name, .. } = file.insert(&at.db).await?;
    Ok(Created(Attachment { id, name }))
}

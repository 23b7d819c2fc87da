//! `/notes`: notes, which belong to the user who wrote them.

use resourceful::prelude::*;
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, ModelTrait, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, Select,
};

use crate::accounts::{Accounts, Browsers, Callers, Machines};
use crate::error::AccountError;
use crate::note;
use crate::user::User;

#[derive(Serialize, JsonSchema)]
pub(crate) struct Note {
    id: i64,
    text: String,
    is_archived: bool,
}

impl From<note::Model> for Note {
    fn from(note: note::Model) -> Self {
        Self {
            id: note.id,
            text: note.text,
            is_archived: note.is_archived,
        }
    }
}

/// The text of a note. The owner is never in a body.
#[derive(Deserialize, JsonSchema, Validate)]
pub(crate) struct NoteText {
    #[garde(length(chars, min = 1, max = 10_000))]
    text: String,
}

#[derive(AsRef)]
pub(crate) struct Notes(#[as_ref(Browsers, Machines)] pub(crate) Accounts);

/// The notes that exist for this user, in lists and by their ids.
fn notes_of(user: &User) -> Select<note::Entity> {
    note::Entity::find().filter(note::Column::OwnerId.eq(user.id))
}

/// A note that the caller owns.
pub(crate) struct OwnNote(note::Model);

impl Subject<Notes, User> for OwnNote {
    type Id = i64;

    async fn find(notes: &Notes, request: &Request<User>, id: i64) -> Result<Option<Self>> {
        let note = notes_of(request.caller()).filter(note::Column::Id.eq(id));
        let note = note.one(&notes.0.database).await.map_err(Error::internal)?;
        Ok(note.map(Self))
    }
}

/// The notes of the user who calls.
#[resource]
impl AsyncResource for Notes {
    type Access = SignedIn<Callers>;

    /// My notes, the newest first.
    async fn list(
        &self,
        request: &Request<User>,
        page: PageNumber,
    ) -> Result<Page<Note>, AccountError> {
        let mine = notes_of(request.caller());
        let rows = mine.clone().order_by_desc(note::Column::Id);
        let rows = rows.offset(page.offset()).limit(page.limit());
        let (rows, total) =
            tokio::try_join!(rows.all(&self.0.database), mine.count(&self.0.database))?;
        Ok(page.of(rows, total).map(Note::from))
    }

    /// Writes a note.
    async fn create(&self, request: &Request<User>, new: NoteText) -> Result<Note, AccountError> {
        let note = note::ActiveModel {
            owner_id: Set(request.caller().id),
            text: Set(new.text),
            is_archived: Set(false),
            ..Default::default()
        };
        Ok(note.insert(&self.0.database).await?.into())
    }

    async fn retrieve(
        &self,
        _: &Request<User>,
        OwnNote(note): OwnNote,
    ) -> Result<Note, AccountError> {
        Ok(note.into())
    }

    /// Replaces the text.
    async fn update(
        &self,
        _: &Request<User>,
        OwnNote(note): OwnNote,
        new: NoteText,
    ) -> Result<Note, AccountError> {
        let mut note = note.into_active_model();
        note.text = Set(new.text);
        Ok(note.update(&self.0.database).await?.into())
    }

    async fn destroy(&self, _: &Request<User>, OwnNote(note): OwnNote) -> Result<(), AccountError> {
        note.delete(&self.0.database).await?;
        Ok(())
    }

    /// Puts a note aside.
    #[action(POST, "archive")]
    async fn archive(
        &self,
        _: &Request<User>,
        OwnNote(note): OwnNote,
    ) -> Result<Note, AccountError> {
        let mut note = note.into_active_model();
        note.is_archived = Set(true);
        Ok(note.update(&self.0.database).await?.into())
    }

    fn location_id(&self, note: &Note) -> Option<i64> {
        Some(note.id)
    }
}

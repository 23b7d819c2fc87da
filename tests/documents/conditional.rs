//! `conformance` of resources with validators.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use http::header::HeaderName;
use resourceful::prelude::*;
use resourceful::{Body, Validators};
use resourceful_testing::conformance;
use tower::util::MapRequestLayer;

use super::assert_found;

#[derive(Clone, Serialize, JsonSchema)]
struct Note {
    id: i64,
    text: String,
    version: u64,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct NewNote {
    #[garde(length(chars, max = 20))]
    text: String,
}

/// Whether a change needs a precondition.
#[derive(Default)]
struct Notes<const REQUIRED: bool> {
    notes: Mutex<BTreeMap<i64, Note>>,
    last: AtomicI64,
}

fn nothing() -> Error {
    Error::not_found("There is no such note.")
}

#[resource(name = "notes")]
impl<const REQUIRED: bool> AsyncResource for Notes<REQUIRED> {
    type Access = Public;
    const REQUIRE_IF_MATCH: bool = REQUIRED;

    async fn list(&self, _: &Request, page: PageNumber) -> Result<Page<Note>> {
        let notes: Vec<_> = self.notes.lock().unwrap().values().cloned().collect();
        Ok(page.slice(&notes))
    }

    async fn create(&self, _: &Request, new: NewNote) -> Result<Note> {
        let id = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let note = Note {
            id,
            text: new.text,
            version: 1,
        };
        self.notes.lock().unwrap().insert(id, note.clone());
        Ok(note)
    }

    async fn retrieve(&self, _: &Request, id: i64) -> Result<Note> {
        let notes = self.notes.lock().unwrap();
        notes.get(&id).cloned().ok_or_else(nothing)
    }

    async fn update(&self, _: &Request, id: i64, new: NewNote) -> Result<Note> {
        let mut notes = self.notes.lock().unwrap();
        let note = notes.get_mut(&id).ok_or_else(nothing)?;
        note.text = new.text;
        note.version += 1;
        Ok(note.clone())
    }

    async fn destroy(&self, _: &Request, id: i64) -> Result<()> {
        let removed = self.notes.lock().unwrap().remove(&id);
        removed.map(drop).ok_or_else(nothing)
    }

    fn location_id(&self, note: &Note) -> Option<i64> {
        Some(note.id)
    }

    fn validators(&self, note: &Note) -> Validators {
        Validators::version(note.version)
    }
}

#[tokio::test]
async fn good_applications_pass() {
    for seed in [0, 7] {
        conformance(App::new().resource("/notes", Notes::<false>::default()))
            .seed(seed)
            .await;
        conformance(App::new().resource("/notes", Notes::<true>::default()))
            .seed(seed)
            .await;
    }
}

#[tokio::test]
async fn a_precondition_that_is_ignored_is_found() {
    for name in ["if-match", "if-none-match"] {
        let name = HeaderName::from_static(name);
        let remove = move |mut request: http::Request<Body>| {
            request.headers_mut().remove(&name);
            request
        };
        let app = App::new()
            .resource("/notes", Notes::<false>::default())
            .layer(MapRequestLayer::new(remove));
        assert_found(conformance(app), &["PUT /notes/{id} [stale-tag]"]).await;
    }
}

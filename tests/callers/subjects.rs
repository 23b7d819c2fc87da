//! Items that are found for their caller, after the body was read and before the hook.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use resourceful::prelude::*;
use resourceful::{Any, TestResponse};
use serde_json::{Value, json};

use super::{Machines, Tokens, User};

#[derive(Clone, Serialize, JsonSchema)]
struct Note {
    id: i64,
    author: String,
    text: String,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct NewNote {
    #[garde(length(chars, min = 1, max = 9))]
    text: String,
}

#[derive(AsRef)]
struct Notes {
    #[as_ref]
    tokens: Tokens,
    #[as_ref]
    machines: Machines,
    stored: Mutex<Vec<Note>>,
    finds: &'static AtomicU32,
}

impl Notes {
    fn new(finds: &'static AtomicU32) -> Self {
        let note = |id, author: &str| Note {
            id,
            author: author.to_owned(),
            text: "private".to_owned(),
        };
        Self {
            tokens: Tokens,
            machines: Machines,
            stored: Mutex::new(vec![note(1, "ada"), note(2, "bob"), note(3, "everybody")]),
            finds,
        }
    }
}

/// One's own notes, and those of everybody.
impl Subject<Notes, User> for Note {
    type Id = i64;

    async fn find(notes: &Notes, request: &Request<User>, id: i64) -> Result<Option<Note>> {
        notes.finds.fetch_add(1, Ordering::SeqCst);
        let is_seen = |note: &&Note| {
            note.id == id && [&request.caller().name, "everybody"].contains(&&*note.author)
        };
        Ok(notes.stored.lock().unwrap().iter().find(is_seen).cloned())
    }
}

/// A note that its caller may also change.
struct OwnNote(Note);

impl Subject<Notes, User> for OwnNote {
    type Id = i64;

    async fn find(notes: &Notes, request: &Request<User>, id: i64) -> Result<Option<OwnNote>> {
        match Note::find(notes, request, id).await? {
            Some(note) if note.author == request.caller().name => Ok(Some(OwnNote(note))),
            Some(_) => Err(Error::forbidden("This note is not yours.")),
            None => Ok(None),
        }
    }
}

#[resource]
impl AsyncResource for Notes {
    type Access = SignedIn<Any<(Tokens, Machines)>>;

    async fn list(&self, request: &Request<User>, _: Unpaged) -> Result<Page<Note>> {
        let name = &request.caller().name;
        let notes = self.stored.lock().unwrap();
        let theirs = notes.iter().filter(|note| note.author == *name);
        Ok(Page::all(theirs.cloned().collect()))
    }

    async fn retrieve(&self, _: &Request<User>, note: Note) -> Result<Note> {
        Ok(note)
    }

    async fn update(&self, _: &Request<User>, note: OwnNote, new: NewNote) -> Result<Note> {
        let mut notes = self.stored.lock().unwrap();
        let stored = notes.iter_mut().find(|one| one.id == note.0.id).unwrap();
        stored.text = new.text;
        Ok(stored.clone())
    }

    async fn destroy(&self, _: &Request<User>, OwnNote(note): OwnNote) -> Result<()> {
        self.stored.lock().unwrap().retain(|one| one.id != note.id);
        Ok(())
    }

    /// The type of a subject of another hook makes it an action of an item.
    #[action(POST, "archive")]
    async fn archive(&self, request: &Request<User>, note: OwnNote) -> Result<String> {
        Ok(format!("{} of {}", note.0.id, request.caller().name))
    }

    #[action(POST, "copy")]
    async fn copy(&self, _: &Request<User>, note: Note, new: NewNote) -> Result<String> {
        Ok(format!("{} {}", note.id, new.text))
    }

    #[action(GET, "size", detail)]
    async fn size(&self, _: &Request<User>, wanted: Sized) -> Result<usize> {
        Ok(wanted.0.text.len())
    }
}

/// A subject of no standard hook.
struct Sized(Note);

impl Subject<Notes, User> for Sized {
    type Id = i64;

    async fn find(notes: &Notes, request: &Request<User>, id: i64) -> Result<Option<Sized>> {
        Ok(Note::find(notes, request, id).await?.map(Sized))
    }
}

struct Fixture {
    client: TestClient,
    finds: &'static AtomicU32,
}

impl Fixture {
    fn new() -> Self {
        let finds = Box::leak(Box::new(AtomicU32::new(0)));
        let app = App::new().resource("/notes", Notes::new(finds));
        let client = TestClient::new(app).unwrap();
        Self { client, finds }
    }

    async fn send(&self, line: &str, user: &str, body: Option<Value>) -> TestResponse {
        let (method, path) = line.split_once(' ').unwrap();
        let mut request = self.client.request(method.parse().unwrap(), path);
        if !user.is_empty() {
            request = request.header("authorization", &format!("Bearer of-{user}"));
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.await
    }
}

#[tokio::test]
async fn an_item_that_the_caller_cannot_see_is_not_there() {
    let fixture = Fixture::new();
    let new = Some(json!({"text": "new"}));
    for (line, body) in [
        ("GET /notes/2", None),
        ("HEAD /notes/2", None),
        ("PUT /notes/2", new.clone()),
        ("DELETE /notes/2", None),
        ("POST /notes/2/archive", None),
        ("POST /notes/2/copy", new),
        ("GET /notes/2/size", None),
    ] {
        let hidden = fixture.send(line, "ada", body.clone()).await;
        let missing = fixture.send(&line.replace('2', "9"), "ada", body).await;
        assert_eq!(hidden.status(), 404, "{line}");
        assert_eq!(hidden.text(), missing.text(), "{line}");
        assert_eq!(hidden.headers(), missing.headers(), "{line}");
    }
    assert_eq!(
        fixture.send("GET /notes/2", "bob", None).await.status(),
        200
    );
}

#[tokio::test]
async fn an_item_that_the_caller_sees_may_still_not_be_theirs() {
    let fixture = Fixture::new();
    assert_eq!(
        fixture.send("GET /notes/3", "ada", None).await.status(),
        200
    );
    let refused = fixture.send("DELETE /notes/3", "ada", None).await;
    assert_eq!(refused.status(), 403);
    assert_eq!(refused.json()["detail"], "This note is not yours.");
    assert_eq!(
        fixture
            .send("POST /notes/3/archive", "ada", None)
            .await
            .status(),
        403
    );
    let copied = fixture
        .send("POST /notes/3/copy", "ada", Some(json!({"text": "x"})))
        .await;
    assert_eq!(copied.json(), "3 x");
}

#[tokio::test]
async fn the_caller_and_the_item_reach_the_hook() {
    let fixture = Fixture::new();
    let list = fixture.send("GET /notes", "bob", None).await.json();
    assert_eq!(list["notes"].as_array().unwrap().len(), 1);
    assert_eq!(list["notes"][0]["id"], 2);
    let archived = fixture.send("POST /notes/1/archive", "ada", None).await;
    assert_eq!(archived.json(), "1 of ada");
    assert_eq!(
        fixture.send("GET /notes/1/size", "ada", None).await.json(),
        7
    );
    let updated = fixture
        .send("PUT /notes/1", "ada", Some(json!({"text": "new"})))
        .await;
    assert_eq!(updated.json()["text"], "new");
    assert_eq!(
        fixture.send("DELETE /notes/1", "ada", None).await.status(),
        204
    );
    assert_eq!(
        fixture.send("GET /notes/1", "ada", None).await.status(),
        404
    );
}

/// Rejected requests cost no query, and a 422 tells nothing of the item.
#[tokio::test]
async fn the_item_is_found_after_the_body_was_read() {
    let fixture = Fixture::new();
    let long = || Some(json!({"text": "far too long"}));
    for (line, user, body, status) in [
        ("PUT /notes/1", "", long(), 401),
        ("PUT /notes/1", "ada", None, 400),
        ("PUT /notes/1", "ada", long(), 422),
        ("PUT /notes/2", "ada", long(), 422),
        ("PUT /notes/9", "ada", long(), 422),
        ("POST /notes/2/copy", "ada", long(), 422),
        ("GET /notes/one", "ada", None, 404),
        ("GET /notes/01", "ada", None, 404),
    ] {
        let response = fixture.send(line, user, body).await;
        assert_eq!(response.status(), status, "{line} {user}");
    }
    assert_eq!(fixture.finds.load(Ordering::SeqCst), 0);
    fixture.send("GET /notes/1", "ada", None).await;
    assert_eq!(fixture.finds.load(Ordering::SeqCst), 1);
}

#[test]
fn the_rules_name_the_subject_of_each_hook() {
    let finds = Box::leak(Box::new(AtomicU32::new(0)));
    let app = App::new().nest("/v1", App::new().resource("/notes", Notes::new(finds)));
    let rule = "SignedIn<Any<(Tokens, Machines)>>";
    let expected = [
        "GET /v1/notes: @",
        "DELETE /v1/notes/{id}: @, OwnNote",
        "GET /v1/notes/{id}: @, Note",
        "PUT /v1/notes/{id}: @, OwnNote",
        "POST /v1/notes/{id}/archive: @, OwnNote",
        "POST /v1/notes/{id}/copy: @, Note",
        "GET /v1/notes/{id}/size: @, Sized",
    ];
    let rules: Vec<_> = app.access_rules().iter().map(ToString::to_string).collect();
    assert_eq!(rules, expected.map(|line| line.replace('@', rule)));
}

//! Notes with owners, with faults that can be switched on.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use http::header::HeaderValue;
use resourceful::prelude::*;
use resourceful::{
    Authenticate, Authentication, Body, Maybe, Security, SignedIn, Subject, guarded,
};
use tower::util::MapResponseLayer;

pub(crate) const ALICE: &str = "key_of_alice_0123456789abcdef";
pub(crate) const BOB: &str = "key_of_bob_0123456789abcdef";

/// The faults.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Fault {
    #[default]
    None,
    /// The rule is `Public`, and the hooks take everybody for Alice.
    AccessIsRemoved,
    /// The rule is `Public`, and the hooks take those without credentials for Alice.
    AccessIsOptional,
    /// The document demands credentials, and the rule does not.
    DoorIsOpen,
    /// The hooks check the credentials, after the body.
    ChecksAfterTheBody,
    /// The 401 has no challenge.
    ForgetsTheChallenge,
    /// The document demands no credentials for the list.
    SaysItIsPublic,
    /// Compares the known key with as many characters as the client sent.
    AcceptsTheStartOfAKey,
    /// Wrong credentials count as none.
    TakesBadForNone,
    /// The caller is the one of the request before.
    TakesTheLastCaller,
    /// Requests at the same time share the caller.
    SharesTheCaller,
    FindsEverything,
    /// `find` asks for the owner in `DELETE` only.
    FindsEverythingButToDestroy,
    ListsEverything,
    CountsEverything,
    ExportsEverything,
    PublishesEverything,
    ForbidsWhatIsThere,
    TellsWhatIsThere,
    /// The 404 comes after the removal.
    RemovesAndHides,
    CreatesForOthers,
    UpdatesTheOwner,
    /// Reading changes the title.
    MarksWhatIsRead,
    CommentsOnEverything,
    /// Comments are found below each note.
    ForgetsTheParent,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct User {
    id: i64,
}

const NOBODY: User = User { id: 0 };

#[derive(Clone)]
pub(crate) struct Keys {
    fault: Fault,
    last: Arc<Mutex<Option<User>>>,
}

impl AsRef<Self> for Keys {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl Keys {
    fn find(&self, given: &str) -> Option<User> {
        let is_known = |key: &str| match self.fault {
            Fault::AcceptsTheStartOfAKey => key.starts_with(given),
            _ => key == given,
        };
        let (alice, bob) = (User { id: 1 }, User { id: 2 });
        let known = [(ALICE, alice), (BOB, bob)];
        let found = known.into_iter().find(|(key, _)| is_known(key));
        found.map(|(_, user)| user)
    }
}

impl Authenticate for Keys {
    type Caller = User;

    async fn authenticate(&self, request: &Request) -> Result<Authentication<User>> {
        let Some(given) = request.credentials("Bearer")? else {
            return Ok(Authentication::Missing);
        };
        let Some(user) = self.find(given) else {
            return match self.fault {
                Fault::TakesBadForNone => Ok(Authentication::Missing),
                _ => Err(Error::unauthorized("Bearer error=\"invalid_token\"")),
            };
        };
        let caller = match self.fault {
            Fault::TakesTheLastCaller => self.last.lock().unwrap().replace(user).unwrap_or(user),
            Fault::SharesTheCaller => {
                *self.last.lock().unwrap() = Some(user);
                tokio::task::yield_now().await;
                self.last.lock().unwrap().unwrap_or(user)
            }
            _ => user,
        };
        Ok(Authentication::Caller(caller))
    }

    fn challenge(&self) -> HeaderValue {
        HeaderValue::from_static("Bearer")
    }

    fn security(&self) -> Security {
        Security::Bearer
    }
}

/// `SignedIn<Keys>`, except for the faults.
pub(crate) struct Guard;

impl Access<Notes> for Guard {
    type Caller = User;

    fn security(notes: &Notes, action: Option<Action>) -> Vec<Security> {
        match notes.fault {
            Fault::AccessIsRemoved | Fault::AccessIsOptional => vec![Security::Public],
            Fault::SaysItIsPublic if action == Some(Action::List) => vec![Security::Public],
            _ => SignedIn::<Keys>::security(notes, action),
        }
    }

    async fn check(notes: &Notes, request: &Request) -> Result<User> {
        let found = SignedIn::<Keys>::check(notes, request).await;
        match notes.fault {
            Fault::AccessIsRemoved => Ok(User { id: 1 }),
            Fault::AccessIsOptional | Fault::DoorIsOpen => Ok(found.unwrap_or(User { id: 1 })),
            Fault::ChecksAfterTheBody => Ok(found.unwrap_or(NOBODY)),
            _ => found,
        }
    }
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Note {
    id: i64,
    owner: i64,
    title: String,
    is_published: bool,
}

#[derive(Deserialize, JsonSchema, Validate)]
pub(crate) struct NewNote {
    #[garde(length(chars, min = 1, max = 40))]
    title: String,
    /// The faults read it, and the document does not have it.
    #[serde(default)]
    #[schemars(skip)]
    #[garde(skip)]
    owner: Option<i64>,
}

#[derive(Default, Deserialize, JsonSchema, Validate)]
#[serde(default)]
pub(crate) struct NoteChanges {
    #[garde(inner(length(chars, min = 1, max = 40)))]
    #[schemars(length(min = 1, max = 40))]
    title: Change<String>,
}

/// A note of the caller.
pub(crate) struct OwnNote(Note);

impl Subject<Notes, User> for OwnNote {
    type Id = i64;

    async fn find(notes: &Notes, request: &Request<User>, id: i64) -> Result<Option<Self>> {
        let caller = caller_of(request)?;
        let stored = notes.stored.lock().unwrap().get(&id).cloned();
        let Some(note) = stored else {
            return Ok(None);
        };
        if note.owner == caller.id {
            return Ok(Some(Self(note)));
        }
        match notes.fault {
            Fault::FindsEverything => Ok(Some(Self(note))),
            Fault::FindsEverythingButToDestroy if request.method() != http::Method::DELETE => {
                Ok(Some(Self(note)))
            }
            Fault::PublishesEverything if request.path().contains("publish") => {
                Ok(Some(Self(note)))
            }
            Fault::ForbidsWhatIsThere => Err(Error::forbidden("This note is not yours.")),
            Fault::TellsWhatIsThere => Err(Error::not_found("This note is not yours.")),
            Fault::RemovesAndHides if request.method() == http::Method::DELETE => {
                notes.stored.lock().unwrap().remove(&id);
                Ok(None)
            }
            _ => Ok(None),
        }
    }
}

/// A note that everybody may read.
pub(crate) struct ReadableNote(Note);

impl Subject<Notes, User> for ReadableNote {
    type Id = i64;

    async fn find(notes: &Notes, request: &Request<User>, id: i64) -> Result<Option<Self>> {
        if notes.readers == Readers::Owner {
            let own = OwnNote::find(notes, request, id).await?;
            return Ok(own.map(|OwnNote(note)| Self(note)));
        }
        let mut stored = notes.stored.lock().unwrap();
        let Some(note) = stored.get_mut(&id) else {
            return Ok(None);
        };
        if notes.fault == Fault::MarksWhatIsRead && note.owner != request.caller().id {
            "read by others".clone_into(&mut note.title);
        }
        Ok(Some(Self(note.clone())))
    }
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Readers {
    Owner,
    Everybody,
}

#[derive(AsRef)]
pub(crate) struct Notes {
    fault: Fault,
    readers: Readers,
    #[as_ref]
    keys: Keys,
    stored: Stored,
}

type Stored = Arc<Mutex<BTreeMap<i64, Note>>>;

fn caller_of(request: &Request<User>) -> Result<User> {
    match *request.caller() {
        NOBODY => Err(Error::unauthorized("Bearer")),
        caller => Ok(caller),
    }
}

impl Notes {
    fn replace(&self, note: Note) -> Note {
        let mut stored = self.stored.lock().unwrap();
        stored.insert(note.id, note.clone());
        note
    }

    fn notes_of(&self, caller: User, is_everything: Fault) -> Vec<Note> {
        let stored = self.stored.lock().unwrap();
        let shows_all = self.fault == is_everything || self.readers == Readers::Everybody;
        let notes = stored.values();
        notes
            .filter(|note| shows_all || note.owner == caller.id)
            .cloned()
            .collect()
    }
}

#[resource]
impl AsyncResource for Notes {
    const NAME: &'static str = "notes";
    type Access = Guard;

    async fn list(&self, request: &Request<User>, page: PageNumber) -> Result<Page<Note>> {
        let notes = self.notes_of(caller_of(request)?, Fault::ListsEverything);
        let page_of_notes = page.slice(&notes);
        if self.fault == Fault::CountsEverything {
            let total = self.stored.lock().unwrap().len() as u64;
            return Ok(page.of(page_of_notes.items().to_vec(), total));
        }
        Ok(page_of_notes)
    }

    async fn create(&self, request: &Request<User>, new: NewNote) -> Result<Note> {
        let caller = caller_of(request)?;
        let mut stored = self.stored.lock().unwrap();
        let note = Note {
            id: stored.last_key_value().map_or(1, |(id, _)| id + 1),
            owner: match self.fault {
                Fault::CreatesForOthers => new.owner.unwrap_or(caller.id),
                _ => caller.id,
            },
            title: new.title,
            is_published: false,
        };
        stored.insert(note.id, note.clone());
        Ok(note)
    }

    async fn retrieve(&self, _: &Request<User>, ReadableNote(note): ReadableNote) -> Result<Note> {
        Ok(note)
    }

    async fn update(
        &self,
        _: &Request<User>,
        OwnNote(note): OwnNote,
        new: NewNote,
    ) -> Result<Note> {
        let owner = match self.fault {
            Fault::UpdatesTheOwner => new.owner.unwrap_or(note.owner),
            _ => note.owner,
        };
        Ok(self.replace(Note {
            title: new.title,
            owner,
            ..note
        }))
    }

    async fn partial_update(
        &self,
        _: &Request<User>,
        OwnNote(note): OwnNote,
        changes: NoteChanges,
    ) -> Result<Note> {
        let title = changes.title.unwrap_or(note.title.clone());
        Ok(self.replace(Note { title, ..note }))
    }

    async fn destroy(&self, _: &Request<User>, OwnNote(note): OwnNote) -> Result<()> {
        self.stored.lock().unwrap().remove(&note.id);
        Ok(())
    }

    #[action(POST, "publish")]
    async fn publish(&self, _: &Request<User>, OwnNote(note): OwnNote) -> Result<Note> {
        Ok(self.replace(Note {
            is_published: true,
            ..note
        }))
    }

    #[action(GET, "export")]
    async fn export(&self, request: &Request<User>) -> Result<Vec<Note>> {
        Ok(self.notes_of(caller_of(request)?, Fault::ExportsEverything))
    }
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Comment {
    id: i64,
    note: i64,
    text: String,
}

#[derive(Deserialize, JsonSchema, Validate)]
pub(crate) struct NewComment {
    #[garde(length(chars, min = 1, max = 40))]
    text: String,
}

/// Comments on the notes of the caller.
#[derive(AsRef)]
pub(crate) struct Comments {
    fault: Fault,
    #[as_ref]
    keys: Keys,
    notes: Stored,
    stored: Mutex<BTreeMap<i64, Comment>>,
}

impl Comments {
    /// The id of the note, if it is the caller's.
    fn note(&self, request: &Request<User>) -> Result<i64> {
        let id = self.parent(request);
        let notes = self.notes.lock().unwrap();
        let is_everything = self.fault == Fault::CommentsOnEverything;
        let is_own = |note: &&Note| is_everything || note.owner == request.caller().id;
        let note = notes.get(&id).filter(is_own);
        note.map(|note| note.id)
            .ok_or(Error::not_found("Note not found"))
    }
}

impl Subject<Comments, User> for Comment {
    type Id = i64;

    async fn find(comments: &Comments, request: &Request<User>, id: i64) -> Result<Option<Self>> {
        let note = comments.note(request)?;
        let is_everything = comments.fault == Fault::ForgetsTheParent;
        let stored = comments.stored.lock().unwrap().get(&id).cloned();
        Ok(stored.filter(|comment| is_everything || comment.note == note))
    }
}

#[resource]
impl AsyncResource for Comments {
    const NAME: &'static str = "comments";
    type Access = SignedIn<Keys>;
    type Parent = i64;

    async fn list(&self, request: &Request<User>, _: Unpaged) -> Result<Page<Comment>> {
        let note = self.note(request)?;
        let stored = self.stored.lock().unwrap();
        let comments = stored.values().filter(|comment| comment.note == note);
        Ok(Page::all(comments.cloned().collect()))
    }

    async fn create(&self, request: &Request<User>, new: NewComment) -> Result<Comment> {
        let note = self.note(request)?;
        let mut stored = self.stored.lock().unwrap();
        let id = stored.last_key_value().map_or(1, |(id, _)| id + 1);
        let text = new.text;
        let comment = Comment { id, note, text };
        stored.insert(id, comment.clone());
        Ok(comment)
    }

    async fn retrieve(&self, _: &Request<User>, comment: Comment) -> Result<Comment> {
        Ok(comment)
    }

    async fn destroy(&self, _: &Request<User>, comment: Comment) -> Result<()> {
        self.stored.lock().unwrap().remove(&comment.id);
        Ok(())
    }
}

/// The notes with their comments.
pub(crate) fn app_with_comments(fault: Fault) -> App {
    let keys = Keys {
        fault,
        last: Arc::default(),
    };
    let notes = Stored::default();
    let comments = Comments {
        fault,
        keys: keys.clone(),
        notes: Arc::clone(&notes),
        stored: Mutex::default(),
    };
    let notes = Notes {
        fault,
        readers: Readers::Owner,
        keys,
        stored: notes,
    };
    App::new()
        .resource("/notes", notes)
        .resource("/notes/{note_id}/comments", comments)
}

/// A view for which credentials are optional.
#[endpoint]
async fn greet(request: &Request<Option<User>>) -> Result<String> {
    Ok(match request.caller() {
        Some(user) => format!("Hello, {}!", user.id),
        None => "Hello!".to_owned(),
    })
}

pub(crate) fn app(fault: Fault, readers: Readers) -> App {
    let keys = Keys {
        fault,
        last: Arc::default(),
    };
    let notes = Notes {
        fault,
        readers,
        keys: keys.clone(),
        stored: Stored::default(),
    };
    let app = App::new()
        .resource("/notes", notes)
        .get("/greeting", guarded::<Maybe<Keys>, _>(greet).state(&keys));
    match fault {
        Fault::ForgetsTheChallenge => app.layer(MapResponseLayer::new(without_challenge)),
        _ => app,
    }
}

fn without_challenge(mut response: http::Response<Body>) -> http::Response<Body> {
    response.headers_mut().remove("www-authenticate");
    response
}

//! A resource in memory with all six hooks, and a server for it.

use std::collections::BTreeMap;
use std::sync::Mutex;

use http::header::{AUTHORIZATION, HeaderValue};
use resourceful::prelude::*;
use resourceful_client::{Client, ResourceClient};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Note {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) color: Option<Color>,
    pub(crate) tags: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Color {
    Red,
    DarkBlue,
}

/// A new note; the client chooses its name.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema, Validate)]
pub(crate) struct NewNote {
    #[garde(length(min = 1))]
    pub(crate) name: String,
    #[garde(length(max = 100))]
    pub(crate) text: String,
    #[garde(skip)]
    pub(crate) color: Option<Color>,
    #[serde(default)]
    #[garde(inner(length(min = 1)))]
    pub(crate) tags: Vec<String>,
}

#[derive(Debug, Default, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default)]
pub(crate) struct NoteChanges {
    #[serde(skip_serializing_if = "Change::is_keep")]
    #[garde(inner(length(max = 100)))]
    pub(crate) text: Change<String>,
    #[serde(skip_serializing_if = "Change::is_keep")]
    #[garde(skip)]
    pub(crate) color: Change<Option<Color>>,
}

#[derive(Debug, Default, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default)]
pub(crate) struct NoteFilter {
    #[garde(skip)]
    pub(crate) color: Option<Color>,
    #[garde(length(max = 20))]
    pub(crate) text: Option<String>,
    /// All notes.
    #[garde(skip)]
    pub(crate) tags: Vec<String>,
    #[garde(skip)]
    pub(crate) shorter_than: Option<u64>,
}

#[derive(Debug, Default)]
pub(crate) struct Notes(Mutex<BTreeMap<String, Note>>);

impl Notes {
    fn change(&self, name: &str, change: impl FnOnce(&mut Note)) -> Result<Note> {
        let mut notes = self.0.lock().unwrap();
        let note = notes.get_mut(name).ok_or_else(missing)?;
        change(note);
        Ok(note.clone())
    }
}

fn missing() -> Error {
    Error::not_found("Note not found")
}

#[resource]
impl AsyncResource for Notes {
    type Access = WithToken;

    async fn list(
        &self,
        _: &Request,
        query: Filtered<NoteFilter, PageNumber>,
    ) -> Result<Page<Note>> {
        let Filtered { filter, paging } = query;
        let is_wanted = |note: &&Note| {
            let shorter_than = filter.shorter_than.unwrap_or(u64::MAX);
            (filter.color.is_none() || filter.color == note.color)
                && filter.text.iter().all(|text| *text == note.text)
                && filter.tags.iter().all(|tag| note.tags.contains(tag))
                && (note.text.len() as u64) < shorter_than
        };
        let notes = self.0.lock().unwrap();
        let wanted: Vec<_> = notes.values().filter(is_wanted).cloned().collect();
        Ok(paging.slice(&wanted))
    }

    async fn create(&self, _: &Request, new: NewNote) -> Result<Note> {
        let NewNote {
            name,
            text,
            color,
            tags,
        } = new;
        let note = Note {
            name: name.clone(),
            text,
            color,
            tags,
        };
        self.0.lock().unwrap().insert(name, note.clone());
        Ok(note)
    }

    async fn retrieve(&self, _: &Request, Unchecked(name): Unchecked<String>) -> Result<Note> {
        self.change(&name, |_| {})
    }

    async fn update(
        &self,
        _: &Request,
        Unchecked(name): Unchecked<String>,
        new: NewNote,
    ) -> Result<Note> {
        self.change(&name, |note| {
            (note.text, note.color, note.tags) = (new.text, new.color, new.tags);
        })
    }

    async fn partial_update(
        &self,
        _: &Request,
        Unchecked(name): Unchecked<String>,
        changes: NoteChanges,
    ) -> Result<Note> {
        self.change(&name, |note| {
            note.text = changes.text.unwrap_or(note.text.clone());
            note.color = changes.color.unwrap_or(note.color);
        })
    }

    async fn destroy(&self, _: &Request, Unchecked(name): Unchecked<String>) -> Result<()> {
        let removed = self.0.lock().unwrap().remove(&name);
        removed.map(drop).ok_or_else(missing)
    }
}

pub(crate) struct WithToken;

impl Access<Notes> for WithToken {
    type Caller = ();

    async fn check(_: &Notes, request: &Request) -> Result<()> {
        match request.header("authorization") {
            Some("Bearer secret") => Ok(()),
            _ => Err(Error::unauthorized("Bearer")),
        }
    }
}

/// Starts a server without notes at `/v1` and `path`, and returns its origin. It ends with its
/// test.
pub(crate) async fn start(path: &str) -> String {
    let app = App::new()
        .resource(&format!("/v1{path}"), Notes::default())
        .map_problem(|_, problem| {
            let detail = problem.detail().unwrap_or_default().to_owned();
            problem.with("error", detail)
        });
    let server = app.bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", server.local_addr());
    tokio::spawn(server.run());
    origin
}

/// A client that sends the token.
pub(crate) fn client(origin: &str) -> Client {
    let token = HeaderValue::from_static("Bearer secret");
    let client = Client::builder(&format!("{origin}/v1")).header(AUTHORIZATION, token);
    client.build().unwrap()
}

pub(crate) async fn notes() -> ResourceClient<Notes> {
    let client = client(&start("/notes/").await);
    ResourceClient::with_client(client, "/notes/").unwrap()
}

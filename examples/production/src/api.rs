//! The API: notes, news about them, and the caller's address.

use std::net::IpAddr;

use resourceful::prelude::*;
use resourceful::{AsyncSocket, Event, EventStream, Socket};
use tokio::sync::{Mutex, watch};

pub(crate) fn mount(app: App) -> App {
    let news = News::default();
    let notes = Notes {
        notes: Mutex::default(),
        news: news.clone(),
    };
    app.resource("/notes", notes)
        .get("/events", public(note_events).state(&news))
        .socket("/talk", Talk(news))
        .get("/whoami", public(whoami))
}

/// The newest text.
type News = watch::Sender<String>;

#[derive(Clone, Serialize, JsonSchema)]
struct Note {
    id: usize,
    text: String,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct NewNote {
    #[garde(length(chars, min = 1, max = 1000))]
    text: String,
}

struct Notes {
    notes: Mutex<Vec<Note>>,
    news: News,
}

#[resource]
impl AsyncResource for Notes {
    type Access = Public;

    async fn create(&self, _: &Request, new: NewNote) -> Result<Note> {
        let mut notes = self.notes.lock().await;
        let note = Note {
            id: notes.len(),
            text: new.text,
        };
        notes.push(note.clone());
        self.news.send_replace(note.text.clone());
        Ok(note)
    }

    async fn retrieve(&self, _: &Request, id: usize) -> Result<Note> {
        let note = self.notes.lock().await.get(id).cloned();
        note.ok_or_else(|| Error::not_found("There is no such note."))
    }
}

/// Streams new texts. A slow client misses some of them.
#[endpoint]
async fn note_events(news: &News, request: &Request) -> Result<EventStream> {
    let mut news = news.subscribe();
    Ok(EventStream::new(request, |events| async move {
        while news.changed().await.is_ok() {
            let text = news.borrow_and_update().clone();
            events.send(Event::new(text).with_name("note")).await?;
        }
        Ok(())
    }))
}

/// Sends a text to all clients of `/events`, and returns the number of these clients.
struct Talk(News);

impl AsyncSocket for Talk {
    type Access = Public;
    type Incoming = NewNote;
    type Outgoing = usize;

    async fn serve(&self, _: &Request, socket: &mut Socket<NewNote, usize>) -> Result<()> {
        while let Some(note) = socket.receive().await? {
            self.0.send_replace(note.text);
            socket.send(&self.0.receiver_count()).await?;
        }
        Ok(())
    }
}

#[derive(Serialize, JsonSchema)]
struct Caller {
    client: Option<IpAddr>,
    scheme: &'static str,
    host: Option<String>,
}

/// The address that the caller has, as the server sees it.
#[endpoint]
async fn whoami(request: &Request) -> Result<Json<Caller>> {
    Ok(Json(Caller {
        client: request.client_ip(),
        scheme: request.scheme(),
        host: request.host().map(str::to_owned),
    }))
}

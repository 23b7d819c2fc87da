//! The API: notes, news about them, and the caller's address.

use std::net::IpAddr;

use resourceful::prelude::*;
use resourceful::{AsyncSocket, Event, EventStream, Socket};
use resourceful_bus::Bus;
use resourceful_db::Model;
use resourceful_db::prelude::*;
use resourceful_outbox::Outbox;

use crate::news::{Announce, NEWS};
use crate::tables::note;

pub(crate) fn mount(app: App, db: Db, outbox: Outbox, bus: Bus) -> App {
    app.resource("/notes", Notes { db, outbox })
        .get("/events", public(note_events).state(&bus))
        .socket("/talk", Talk(bus))
        .get("/whoami", public(whoami))
}

#[derive(Serialize, JsonSchema, Item)]
#[item(entity = note::Entity)]
struct Note {
    id: i64,
    text: String,
}

#[derive(Deserialize, JsonSchema, Validate, Changeset)]
#[changeset(entity = note::Entity)]
struct NewNote {
    #[garde(length(chars, min = 1, max = 1000))]
    text: String,
}

#[derive(AsRef)]
struct Notes {
    #[as_ref]
    db: Db,
    outbox: Outbox,
}

#[resource(only(list, create, retrieve))]
impl ModelResource for Notes {
    type Access = Public;
    type Entity = note::Entity;
    type Item = Note;
    type Create = NewNote;
    type Query = PageNumber;

    fn visible(&self, _: &Request) -> Scope<note::Entity> {
        Scope::all()
    }

    async fn after_create(&self, _: &Request, tx: &Tx, note: &Model<Self>) -> Result<(), DbError> {
        let text = note.text.clone();
        self.outbox.enqueue(tx, &Announce { text }).await?;
        Ok(())
    }
}

/// Streams new texts of all replicas.
#[endpoint]
async fn note_events(bus: &Bus, request: &Request) -> Result<EventStream> {
    let event = |text| Ok(Event::new(text).with_name("note"));
    bus.event_stream(request, &NEWS, event).await
}

/// Sends a text to all clients of `/events`, and returns its id there.
struct Talk(Bus);

impl AsyncSocket for Talk {
    type Access = Public;
    type Incoming = NewNote;
    type Outgoing = String;

    async fn serve(&self, _: &Request, socket: &mut Socket<NewNote, String>) -> Result<()> {
        while let Some(note) = socket.receive().await? {
            let id = self.0.publish(&NEWS, &note.text).await?;
            socket.send(&id.to_string()).await?;
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

//! Items that are held are changed only as they were read.

use std::sync::Mutex;

use resourceful::Validators;
use resourceful::prelude::*;
use resourceful_client::{ClientError, ResourceClient, ResourceError};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[garde(allow_unvalidated)]
struct Note {
    text: String,
    version: u64,
}

struct Notes(Mutex<Note>);

impl Notes {
    fn new() -> Self {
        let text = "one".to_owned();
        Self(Mutex::new(Note { text, version: 1 }))
    }

    fn write(&self, text: String) -> Note {
        let mut note = self.0.lock().unwrap();
        note.text = text;
        note.version += 1;
        note.clone()
    }
}

#[resource]
impl AsyncResource for Notes {
    type Access = Public;
    const REQUIRE_IF_MATCH: bool = true;

    async fn retrieve(&self, _: &Request, _: i64) -> Result<Note> {
        Ok(self.0.lock().unwrap().clone())
    }

    async fn update(&self, _: &Request, _: i64, note: Note) -> Result<Note> {
        Ok(self.write(note.text))
    }

    async fn partial_update(&self, _: &Request, _: i64, note: Note) -> Result<Note> {
        Ok(self.write(note.text))
    }

    async fn destroy(&self, _: &Request, _: i64) -> Result<()> {
        Ok(())
    }

    fn validators(&self, note: &Note) -> Validators {
        Validators::version(note.version)
    }
}

struct Plain;

#[resource]
impl AsyncResource for Plain {
    type Access = Public;

    async fn retrieve(&self, _: &Request, _: i64) -> Result<String> {
        Ok("plain".to_owned())
    }
}

#[tokio::test]
async fn the_second_of_two_writers_is_told() {
    let app = App::new().resource("/notes", Notes::new());
    let server = app.bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/notes", server.local_addr());
    tokio::spawn(server.run());
    let notes = ResourceClient::<Notes>::new(&url).unwrap();
    let (first, second) = (notes.hold(1).await.unwrap(), notes.hold(1).await.unwrap());
    assert_eq!(first.text, "one");
    let new = |text: &str| Note {
        text: text.to_owned(),
        version: 0,
    };
    assert_eq!(first.update(&new("two")).await.unwrap().text, "two");
    for result in [
        second.update(&new("three")).await,
        second.partial_update(&new("three")).await,
        second.destroy().await.map(|()| new("")),
    ] {
        match result {
            Err(ResourceError::Changed(problem)) => assert_eq!(problem.status(), 412),
            other => panic!("{other:?}"),
        }
    }
    let third = notes.hold(1).await.unwrap();
    assert_eq!(third.text, "two");
    third.partial_update(&new("three")).await.unwrap();
    assert_eq!(notes.hold(1).await.unwrap().into_item().text, "three");
    notes.hold(1).await.unwrap().destroy().await.unwrap();
    // Without the version the service refuses it.
    let error = notes.update(&1, &new("four")).await.unwrap_err();
    assert_eq!(error.status().unwrap(), 428);
}

#[tokio::test]
async fn an_item_without_a_version_cannot_be_held() {
    let app = App::new().resource("/plain", Plain);
    let server = app.bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/plain", server.local_addr());
    tokio::spawn(server.run());
    let plain = ResourceClient::<Plain>::new(&url).unwrap();
    let error = plain.hold(1).await.unwrap_err();
    assert!(matches!(
        error,
        ResourceError::Client(ClientError::MissingETag)
    ));
}

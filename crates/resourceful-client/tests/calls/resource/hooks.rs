//! Inputs arrive at the hooks unchanged.

use http::StatusCode;
use resourceful::prelude::*;
use resourceful_client::{ClientError, ResourceClient, ResourceError};

use super::notes::{Color, NewNote, Note, NoteChanges, NoteFilter, Notes, client, notes, start};

fn new(name: &str, text: &str) -> NewNote {
    NewNote {
        name: name.to_owned(),
        text: text.to_owned(),
        ..Default::default()
    }
}

fn all(paging: PageNumber) -> Filtered<NoteFilter, PageNumber> {
    let filter = NoteFilter::default();
    Filtered { filter, paging }
}

#[tokio::test]
async fn all_hooks_work_with_and_without_trailing_slash() {
    for path in ["/notes", "/notes/"] {
        let client = client(&start(path).await);
        let notes = ResourceClient::<Notes>::with_client(client, path).unwrap();
        let made = notes.create(&new("a", "first")).await.unwrap();
        let color = None;
        let (name, text, tags) = ("a".to_owned(), "first".to_owned(), Vec::new());
        let expected = Note {
            name,
            text,
            color,
            tags,
        };
        assert_eq!(made, expected);

        let name = "a".to_owned();
        assert_eq!(notes.retrieve(&name).await.unwrap(), made);
        let page = notes.list(&all(PageNumber::FIRST)).await.unwrap();
        assert_eq!(page.items(), [made]);
        let replaced = notes.update(&name, &new("a", "second")).await.unwrap();
        assert_eq!(replaced.text, "second");
        notes.destroy(&name).await.unwrap();
        let error = notes.destroy(&name).await.unwrap_err();
        assert_eq!(error.status(), Some(StatusCode::NOT_FOUND));
    }
}

#[tokio::test]
async fn keep_is_omitted_and_null_is_sent() {
    let notes = notes().await;
    let color = Some(Color::Red);
    let made = NewNote {
        color,
        ..new("a", "x")
    };
    notes.create(&made).await.unwrap();
    let name = "a".to_owned();
    let change = async |text, color| {
        let changes = NoteChanges { text, color };
        let note = notes.partial_update(&name, &changes).await.unwrap();
        (note.text, note.color)
    };
    let text = Change::Set("y".to_owned());
    assert_eq!(change(text, Change::Keep).await, ("y".to_owned(), color));
    let none = Change::Set(None);
    assert_eq!(change(Change::Keep, none).await, ("y".to_owned(), None));
}

#[tokio::test]
async fn an_id_stays_in_its_segment() {
    let notes = notes().await;
    for id in ["a/b c", "?x=1#y", "50%", "%2F", "é\n", "..."] {
        let id = id.to_owned();
        notes.create(&new(&id, "x")).await.unwrap();
        assert_eq!(notes.retrieve(&id).await.unwrap().name, id);
        notes.destroy(&id).await.unwrap();
    }
    // resourceful servers refuse dot segments, encoded or not.
    let error = notes.destroy(&"a/../b".to_owned()).await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::BAD_REQUEST));
    for id in ["", ".", ".."] {
        let error = notes.destroy(&id.to_owned()).await.unwrap_err();
        let segment = matches!(
            error,
            ResourceError::Client(ClientError::InvalidPathParam { .. })
        );
        assert!(segment, "{error:?}");
    }
}

#[tokio::test]
async fn a_loop_reads_all_pages() {
    let notes = notes().await;
    for number in 0..25 {
        let name = format!("{number:02}");
        notes.create(&new(&name, "x")).await.unwrap();
    }
    let mut names = Vec::new();
    for number in 1.. {
        let page = notes.list(&all(PageNumber::at(number, 10))).await.unwrap();
        assert_eq!(page.total(), Some(25));
        let has_next = page.has_next();
        names.extend(page.into_items().into_iter().map(|note| note.name));
        if !has_next {
            break;
        }
    }
    let expected: Vec<_> = (0..25).map(|number| format!("{number:02}")).collect();
    assert_eq!(names, expected);
}

#[tokio::test]
async fn a_filter_arrives_unchanged() {
    let notes = notes().await;
    let odd = "a&b=c +é%\n\"'";
    let tags = ["x y", "a,b", "x&tags=z"].map(str::to_owned).to_vec();
    let color = Some(Color::DarkBlue);
    let wanted = NewNote {
        color,
        tags: tags.clone(),
        ..new("wanted", odd)
    };
    notes.create(&wanted).await.unwrap();
    notes
        .create(&new("other", "long enough to be left out"))
        .await
        .unwrap();
    let found = async |filter| {
        let paging = PageNumber::FIRST;
        let page = notes.list(&Filtered { filter, paging }).await.unwrap();
        page.map(|note| note.name).into_items().join(", ")
    };
    let filter = NoteFilter::default();
    assert_eq!(found(filter).await, "other, wanted");
    let (text, shorter_than) = (Some(odd.to_owned()), Some(20));
    let filter = NoteFilter {
        color,
        text,
        tags,
        shorter_than,
    };
    assert_eq!(found(filter).await, "wanted");
    let text = Some(String::new());
    let filter = NoteFilter {
        text,
        ..Default::default()
    };
    assert_eq!(found(filter).await, "");
    let tags = vec!["x y".to_owned(), "z".to_owned()];
    let filter = NoteFilter {
        tags,
        ..Default::default()
    };
    assert_eq!(found(filter).await, "");
}

#[tokio::test]
async fn a_wrong_trailing_slash_is_an_error_for_unsafe_methods() {
    let client = client(&start("/notes/").await);
    let notes = ResourceClient::<Notes>::with_client(client, "/notes").unwrap();
    // Safe methods follow the redirect.
    let page = notes.list(&all(PageNumber::FIRST)).await.unwrap();
    assert_eq!(page.total(), Some(0));
    let error = notes.create(&new("a", "x")).await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::PERMANENT_REDIRECT));
}

#[tokio::test]
async fn a_url_alone_is_enough() {
    let origin = start("/my%20notes/").await;
    let url = format!("{}/v1/my%20notes/", origin.replace("//", "//user:secret@"));
    let notes = ResourceClient::<Notes>::new(&url).unwrap();
    // The server is reached and requires a token.
    for error in [
        notes.retrieve(&"a".to_owned()).await.unwrap_err(),
        notes.list(&all(PageNumber::FIRST)).await.unwrap_err(),
    ] {
        assert_eq!(error.status(), Some(StatusCode::UNAUTHORIZED), "{error}");
    }
    assert!(!format!("{notes:?}").contains("secret"));
}

#[test]
fn a_collection_path_must_be_plain() {
    assert!(ResourceClient::<Notes>::new("/notes/").is_err());
    assert!(ResourceClient::<Notes>::new("http://localhost/notes/?page=2").is_err());
    for path in [
        "notes",
        "/a%20b/",
        "/{user}/notes/",
        "/notes?page=2",
        "/../notes",
    ] {
        let client = client("http://localhost");
        let error = ResourceClient::<Notes>::with_client(client, path).unwrap_err();
        assert!(error.to_string().contains(path), "{error}");
    }
}

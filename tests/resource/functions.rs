//! Functions with `#[endpoint]`.

use resourceful::prelude::*;
use serde_json::json;

#[derive(Clone)]
struct Library {
    name: String,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Search {
    #[garde(length(min = 2))]
    word: String,
}

#[derive(Deserialize, Serialize, JsonSchema, Validate)]
struct Note {
    #[garde(range(min = 1, max = 5))]
    stars: u8,
}

#[derive(Debug, thiserror::Error, Problem)]
enum LibraryError {
    #[error("no book {0}")]
    #[problem(status = 404, detail = "Book not found")]
    NoBook(i64),
    #[error(transparent)]
    #[problem(transparent)]
    Request(#[from] Error),
}

/// Rates a book.
///
/// From one star to five.
#[endpoint]
async fn rate(
    library: &Library,
    shelf: String,
    request: &Request,
    book: i64,
    query: Search,
    body: Note,
) -> Result<Json<String>, LibraryError> {
    if book == 99 {
        return Err(LibraryError::NoBook(book));
    }
    let Library { name } = library;
    let method = request.method();
    let (word, stars) = (query.word, body.stars);
    Ok(Json(format!(
        "{name} {shelf} {method} {book} {word} {stars}"
    )))
}

#[endpoint]
async fn plain() -> Result<&'static str> {
    Ok("plain")
}

#[endpoint]
async fn upload(_library: &Library, mut request: Request) -> Result<String> {
    Ok(request.bytes().await?.len().to_string())
}

fn library() -> Library {
    Library {
        name: "City".to_owned(),
    }
}

const PATH: &str = "/shelves/{shelf}/books/{book}";

fn app() -> App {
    App::new()
        .post(PATH, public(rate).state(&library()))
        .get("/plain", public(plain))
        .post("/upload", public(upload).state(&library()))
}

#[tokio::test]
async fn all_parts_of_a_request_are_read() {
    let client = TestClient::new(app()).unwrap();
    let rated = client
        .post("/shelves/a%20b/books/7?word=rust")
        .json(&json!({"stars": 5}));
    assert_eq!(rated.await.json(), "City a b POST 7 rust 5");
    assert_eq!(client.get("/plain").await.text(), "plain");
    assert_eq!(client.post("/upload").body("12345").await.text(), "5");
    assert_eq!(plain().call().await.unwrap(), "plain");
}

#[tokio::test]
async fn what_is_wrong_is_said_as_in_hooks() {
    let client = TestClient::new(app()).unwrap();
    let good = json!({"stars": 5});
    for (path, body, status) in [
        ("/shelves/a/books/seven?word=rust", &good, 404),
        ("/shelves/a/books/+7?word=rust", &good, 404),
        ("/shelves/a/books/7?word=r", &good, 422),
        ("/shelves/a/books/7", &good, 422),
        ("/shelves/a/books/7?word=rust", &json!({"stars": 6}), 422),
        ("/shelves/a/books/7?word=rust", &json!([]), 422),
        ("/shelves/a/books/99?word=rust", &good, 404),
    ] {
        let response = client.post(path).json(body).await;
        assert_eq!(response.status(), status, "{path}: {}", response.text());
    }
    let path = "/shelves/a/books/7?word=rust";
    assert_eq!(client.post(path).body("{").await.status(), 415);
    let large = format!("{{\"stars\": {}}}", " ".repeat(3 << 20));
    let large = client
        .post(path)
        .header("content-type", "application/json")
        .body(large);
    assert_eq!(large.await.status(), 413);
}

#[test]
fn the_signature_is_the_documentation() {
    let document = app().openapi().unwrap();
    let operation = &document.as_value()["paths"][PATH]["post"];
    assert_eq!(operation["summary"], "Rates a book.");
    assert_eq!(operation["description"], "From one star to five.");
    let parameters = operation["parameters"].as_array().unwrap().iter();
    let parameters: Vec<_> = parameters
        .map(|one| format!("{} {} {}", one["in"], one["name"], one["schema"]["type"]))
        .collect();
    let expected = [
        r#""path" "shelf" "string""#,
        r#""path" "book" "integer""#,
        r#""query" "word" "string""#,
    ];
    assert_eq!(parameters, expected);
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    assert_eq!(body["$ref"], "#/components/schemas/Note");
    let statuses: Vec<_> = operation["responses"].as_object().unwrap().keys().collect();
    for status in ["200", "404", "413", "415", "422"] {
        assert!(statuses.contains(&&status.to_owned()), "{statuses:?}");
    }
    assert!(!statuses.contains(&&"401".to_owned()), "{statuses:?}");
}

/// The access has the state of its function; a function without a state has any.
#[tokio::test]
async fn an_access_has_the_state_of_its_function() {
    struct OfTheCity;
    impl Access<Library> for OfTheCity {
        type Caller = ();

        async fn check(library: &Library, request: &Request) -> Result<()> {
            if request.header("x-city") == Some(&library.name) {
                return Ok(());
            }
            Err(Error::forbidden("Not of this city."))
        }
    }
    async fn raw(_: Request) -> Result<&'static str> {
        Ok("raw")
    }
    let library = library();
    let app = App::new()
        .post(PATH, guarded::<OfTheCity, _>(rate).state(&library))
        .get("/plain", guarded::<OfTheCity, _>(plain).state(&library))
        .get("/raw", guarded::<OfTheCity, _>(raw).state(&library));
    let client = TestClient::new(app).unwrap();
    for path in ["/plain", "/raw"] {
        assert_eq!(client.get(path).await.status(), 403);
        assert_eq!(
            client.get(path).header("x-city", "City").await.status(),
            200
        );
    }
    // Before the body is read.
    assert_eq!(
        client.post("/shelves/a/books/7").body("{").await.status(),
        403
    );
}

#[test]
fn a_parameter_that_the_path_does_not_have_is_a_mistake() {
    let app = App::new().post("/shelves/{shelf}/{id}", public(rate).state(&library()));
    let errors = app.build().unwrap_err().to_string();
    let expected = "`/shelves/{shelf}/{id}` is no path: it has no parameter `{book}`, which the function reads";
    assert!(errors.contains(expected), "{errors}");
}

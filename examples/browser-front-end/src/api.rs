//! The API: books and their covers.

use std::sync::Arc;

use resourceful::http::Method;
use resourceful::http::header::{CONTENT_TYPE, HeaderValue};
use resourceful::prelude::*;
use resourceful::{MultipartLimits, WithoutCookies};
use tokio::sync::Mutex;
use tower_http::compression::CompressionLayer;
use tower_http::cors::CorsLayer;

/// The API for pages of this origin.
pub(crate) fn app(page_origin: &str) -> Result<App> {
    let books = Books::default();
    let origin = HeaderValue::try_from(page_origin).map_err(Error::internal)?;
    let cors = CorsLayer::new()
        .allow_origin([origin])
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([CONTENT_TYPE]);
    Ok(App::new()
        .post("/books/{id}/cover", public(upload_cover).state(&books))
        .resource("/books", books)
        .layer(WithoutCookies(CompressionLayer::new()))
        .layer(cors))
}

#[derive(Clone, Default)]
struct Books(Arc<Mutex<Vec<Book>>>);

#[derive(Clone, Serialize, JsonSchema)]
struct Book {
    id: usize,
    title: String,
    stars: u8,
    cover_bytes: u64,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct NewBook {
    #[garde(length(chars, min = 1, max = 80))]
    title: String,
    #[garde(range(min = 1, max = 5))]
    stars: u8,
}

#[resource]
impl AsyncResource for Books {
    type Access = Public;

    async fn list(&self, _: &Request, _: Unpaged) -> Result<Page<Book>> {
        Ok(Page::all(self.0.lock().await.clone()))
    }

    async fn create(&self, _: &Request, new: NewBook) -> Result<Book> {
        let mut books = self.0.lock().await;
        let book = Book {
            id: books.len(),
            title: new.title,
            stars: new.stars,
            cover_bytes: 0,
        };
        books.push(book.clone());
        Ok(book)
    }
}

/// Stores the cover of a book: a form with one file.
#[endpoint]
async fn upload_cover(books: &Books, id: usize, mut request: Request) -> Result<Json<Book>> {
    let limits = MultipartLimits {
        parts: 1,
        ..MultipartLimits::default()
    };
    let mut form = request.multipart(limits)?;
    let file = form.next_part().await?;
    let file = file.ok_or_else(|| Error::bad_request("The form has no file."))?;
    // This example only counts the bytes. `write_to` also writes to a file.
    let bytes = file.write_to(&mut tokio::io::sink()).await?;
    let mut books = books.0.lock().await;
    let book = books.get_mut(id);
    let book = book.ok_or_else(|| Error::not_found("There is no such book."))?;
    book.cover_bytes = bytes;
    Ok(Json(book.clone()))
}

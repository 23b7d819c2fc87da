//! A class view: a hook per HTTP method, with blocking work.
//!
//! The view stores a note in the file `note.txt`. File access blocks a thread, so `blocking` runs it
//! on tokio's blocking pool.
//!
//! ```sh
//! cargo run -p class-view
//! curl -i 127.0.0.1:8000/note                    # 404: there is no note yet
//! curl -X PUT 127.0.0.1:8000/note -d 'Buy milk.'
//! curl 127.0.0.1:8000/note
//! curl -X DELETE 127.0.0.1:8000/note
//! curl -i -X POST 127.0.0.1:8000/note            # 405: only GET, PUT and DELETE
//! ```

use std::io::{self, ErrorKind};
use std::path::PathBuf;

use resourceful::prelude::*;

struct Note {
    file: PathBuf,
}

#[view]
impl AsyncView for Note {
    type Access = Public;

    async fn get(&self, _: Request) -> Result<Response> {
        let text = self.with_file(std::fs::read_to_string).await?;
        Ok(text.into_response())
    }

    async fn put(&self, mut request: Request) -> Result<Response> {
        let text = request.bytes().await?;
        self.with_file(move |file| std::fs::write(file, text))
            .await?;
        Ok(().into_response())
    }

    async fn delete(&self, _: Request) -> Result<Response> {
        self.with_file(std::fs::remove_file).await?;
        Ok(().into_response())
    }
}

impl Note {
    async fn with_file<T: Send + 'static>(
        &self,
        work: impl FnOnce(PathBuf) -> io::Result<T> + Send + 'static,
    ) -> Result<T> {
        let file = self.file.clone();
        let result = blocking(move || work(file)).await?;
        result.map_err(|error| match error.kind() {
            ErrorKind::NotFound => Error::not_found("There is no note."),
            _ => Error::internal(error),
        })
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let bind = std::env::var("BIND").unwrap_or_else(|_| "127.0.0.1:8000".into());
    let file = PathBuf::from("note.txt");
    let server = App::new().view("/note", Note { file }).bind(bind).await?;
    println!("Listening on http://{}", server.local_addr());
    server.run().await
}

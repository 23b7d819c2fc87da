//! Files that go to disk as they arrive, and need no more memory than a part of them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use resourceful::prelude::*;
use tempfile::NamedTempFile;
use tokio::fs::{File, metadata};

/// `nginx.conf` says the same.
const LARGEST: u64 = 1 << 30;
const TIMEOUT: Duration = Duration::from_secs(600);

pub(crate) fn mount(app: App, directory: Arc<Path>) -> App {
    let view = with_state(Arc::clone(&directory), upload);
    app.put("/files/{number}", public(view).timeout(TIMEOUT))
        .ready_check("uploads", move || {
            let directory = Arc::clone(&directory);
            async move {
                let found = metadata(directory).await;
                found.map(|_| ()).map_err(Error::internal)
            }
        })
}

#[derive(Serialize, JsonSchema)]
struct Stored {
    bytes: u64,
}

async fn upload(directory: Arc<Path>, mut request: Request) -> Result<Json<Stored>> {
    // A number is a safe name.
    let number: u64 = request.param("number")?;
    let path = directory.join(number.to_string());
    let body = request.body(LARGEST)?;
    // It has its name when it is whole; when the client breaks off, it is removed.
    let part = blocking(move || NamedTempFile::new_in(directory)).await?;
    let part = part.map_err(Error::internal)?;
    let mut file = File::from_std(part.reopen().map_err(Error::internal)?);
    let bytes = body.write_to(&mut file).await?;
    file.sync_all().await.map_err(Error::internal)?;
    let kept = blocking(move || part.persist(path)).await?;
    kept.map_err(Error::internal)?;
    Ok(Json(Stored { bytes }))
}

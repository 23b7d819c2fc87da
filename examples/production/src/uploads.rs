//! Uploads that are written to disk chunk by chunk, so a large file needs little memory.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use resourceful::prelude::*;
use tempfile::NamedTempFile;
use tokio::fs::{File, metadata};

/// As in `nginx.conf`.
const MAX_FILE_SIZE: u64 = 1 << 30;
const TIMEOUT: Duration = Duration::from_mins(10);

pub(crate) fn mount(app: App, directory: Arc<Path>) -> App {
    let upload = public(store).state(&directory).timeout(TIMEOUT);
    app.put("/files/{number}", upload)
        .ready_check("uploads", move || {
            let directory = Arc::clone(&directory);
            async move {
                let result = metadata(directory).await;
                result.map(|_| ()).map_err(Error::internal)
            }
        })
}

#[derive(Serialize, JsonSchema)]
struct Upload {
    bytes: u64,
}

/// Stores a file. Its number is a safe file name.
#[endpoint]
async fn store(directory: &Arc<Path>, number: u64, mut request: Request) -> Result<Json<Upload>> {
    let directory = Arc::clone(directory);
    let path = directory.join(number.to_string());
    let body = request.body(MAX_FILE_SIZE)?;
    // The temporary file gets its name when it is complete. If the client disconnects, it is removed.
    let temporary = blocking(move || NamedTempFile::new_in(directory)).await?;
    let temporary = temporary.map_err(Error::internal)?;
    let mut file = File::from_std(temporary.reopen().map_err(Error::internal)?);
    let bytes = body.write_to(&mut file).await?;
    file.sync_all().await.map_err(Error::internal)?;
    let stored = blocking(move || temporary.persist(path)).await?;
    stored.map_err(Error::internal)?;
    Ok(Json(Upload { bytes }))
}

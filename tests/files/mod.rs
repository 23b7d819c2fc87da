//! Files as responses, and directories of static files.

mod conditions;
mod document;
mod names;
mod ranges;
mod static_files;

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use resourceful::FileResponse;
use resourceful::prelude::*;

/// Writes a file that was last changed at this time: 2026-01-02 00:00:00 UTC.
fn write(path: &Path, content: impl AsRef<[u8]>) {
    fs::write(path, content).unwrap();
    set_modified(path, modified());
}

fn modified() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_312_000)
}

fn set_modified(path: &Path, time: SystemTime) {
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_modified(time).unwrap();
}

/// `/disk` is a file on disk, `/memory` the same content in memory.
fn app(directory: &Path, content: &'static [u8]) -> App {
    let path = directory.join("file.txt");
    write(&path, content);
    let disk = move |request: Request| {
        let path = path.clone();
        async move { FileResponse::open(&request, path).await }
    };
    let memory = move |request: Request| async move {
        Ok::<_, Error>(FileResponse::from_bytes(&request, "file.txt", content))
    };
    App::new()
        .get("/disk", public(disk))
        .get("/memory", public(memory))
}

fn client(directory: &Path, content: &'static [u8]) -> TestClient {
    TestClient::new(app(directory, content)).unwrap()
}

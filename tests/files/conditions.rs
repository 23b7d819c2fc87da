//! Validators and conditional requests (RFC 9110 sections 8.8 and 13).

use std::fs;
use std::time::{Duration, SystemTime};

use http::Method;
use resourceful::FileResponse;
use resourceful::prelude::*;
use tempfile::tempdir;

use super::{client, modified, set_modified};

const BEFORE: &str = "Thu, 01 Jan 2026 00:00:00 GMT";
const AT: &str = "Fri, 02 Jan 2026 00:00:00 GMT";
const AFTER: &str = "Sat, 03 Jan 2026 00:00:00 GMT";

#[tokio::test]
async fn a_condition_decides_the_status() {
    let directory = tempdir().unwrap();
    let client = client(directory.path(), b"content");
    for path in ["/disk", "/memory"] {
        let tag = client.get(path).await.headers()["etag"]
            .to_str()
            .unwrap()
            .to_owned();
        let weak = format!("W/{tag}");
        let on_disk = path == "/disk";
        for (name, value, expected) in [
            ("if-none-match", &*tag, 304),
            ("if-none-match", &*weak, 304),
            ("if-none-match", "*", 304),
            ("if-none-match", "\"other\"", 200),
            ("if-match", &*tag, 200),
            ("if-match", "*", 200),
            ("if-match", &*weak, 412),
            ("if-match", "\"other\"", 412),
            // A file in memory has no time.
            ("if-modified-since", BEFORE, 200),
            ("if-modified-since", AT, if on_disk { 304 } else { 200 }),
            ("if-modified-since", AFTER, if on_disk { 304 } else { 200 }),
            (
                "if-unmodified-since",
                BEFORE,
                if on_disk { 412 } else { 200 },
            ),
            ("if-unmodified-since", AT, 200),
        ] {
            for method in [Method::GET, Method::HEAD] {
                let request = client.request(method.clone(), path).header(name, value);
                let response = request.await;
                assert_eq!(
                    response.status(),
                    expected,
                    "{method} {path} {name}: {value}"
                );
            }
        }
    }
}

/// RFC 9110 section 15.4.5.
#[tokio::test]
async fn not_modified_has_the_fields_that_a_cache_needs() {
    let directory = tempdir().unwrap();
    let client = client(directory.path(), b"content");
    let whole = client.get("/disk").await;
    let response = client.get("/disk").header("if-none-match", "*").await;
    assert_eq!(response.status(), 304);
    assert_eq!(response.text(), "");
    for name in ["etag", "last-modified", "cache-control"] {
        assert_eq!(response.headers()[name], whole.headers()[name], "{name}");
    }
    for name in ["content-type", "content-length", "content-range"] {
        assert!(!response.headers().contains_key(name), "{name}");
    }
}

#[tokio::test]
async fn a_failed_condition_is_a_problem() {
    let directory = tempdir().unwrap();
    let client = client(directory.path(), b"content");
    let response = client.get("/disk").header("if-match", "\"x\"").await;
    assert_eq!(response.status(), 412);
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.json()["detail"], "The file was changed.");
}

#[tokio::test]
async fn each_version_of_a_file_has_its_tag() {
    let directory = tempdir().unwrap();
    let client = client(directory.path(), b"content");
    let path = directory.path().join("file.txt");
    let first = client.get("/disk").await;
    assert_eq!(first.headers()["last-modified"], AT);
    assert!(first.headers()["etag"].as_bytes().starts_with(b"\""));
    assert_eq!(
        client.get("/disk").await.headers()["etag"],
        first.headers()["etag"]
    );

    fs::write(&path, "CONTENT").unwrap();
    let later = modified() + Duration::from_nanos(100);
    set_modified(&path, later);
    let second = client.get("/disk").await;
    assert_eq!(second.headers()["last-modified"], AT);
    assert_ne!(second.headers()["etag"], first.headers()["etag"]);

    fs::write(&path, "longer content").unwrap();
    set_modified(&path, later);
    assert_ne!(
        client.get("/disk").await.headers()["etag"],
        second.headers()["etag"]
    );
}

/// A second write could have the same time: RFC 9110 section 8.8.1.
#[tokio::test]
async fn a_file_that_was_just_written_has_a_weak_tag() {
    let directory = tempdir().unwrap();
    let client = client(directory.path(), b"content");
    let hour = Duration::from_secs(3600);
    for time in [SystemTime::now(), SystemTime::now() + hour] {
        set_modified(&directory.path().join("file.txt"), time);
        let response = client.get("/disk").await;
        let tag = response.headers()["etag"].to_str().unwrap();
        assert!(tag.starts_with("W/\""), "{tag}");
        assert!(!response.headers().contains_key("last-modified"));
        let again = client.get("/disk").header("if-none-match", tag).await;
        assert_eq!(again.status(), 304);
        // Parts of two versions must not be put together.
        let part = client
            .get("/disk")
            .header("range", "bytes=0-1")
            .header("if-range", tag);
        assert_eq!(part.await.status(), 200);
    }
}

/// `httpdate` panics at such times.
#[tokio::test]
async fn a_file_can_be_of_any_time() {
    let directory = tempdir().unwrap();
    let client = client(directory.path(), b"content");
    let path = directory.path().join("file.txt");
    let epoch = SystemTime::UNIX_EPOCH;
    let before = epoch - Duration::from_secs(86_400);
    for time in [before, before + Duration::from_nanos(1), epoch] {
        set_modified(&path, time);
        let response = client.get("/disk").await;
        assert_eq!(response.text(), "content");
        let tag = response.headers()["etag"].to_str().unwrap();
        assert!(tag.starts_with('"'), "{tag}");
        assert_eq!(
            response.headers().contains_key("last-modified"),
            time == epoch
        );
    }
    // Not every file system has years of five digits.
    let far = epoch + Duration::from_secs(300_000_000_000);
    let file = fs::File::options().write(true).open(&path).unwrap();
    if file.set_modified(far).is_ok() {
        assert_eq!(client.get("/disk").await.text(), "content");
    }
}

/// The file that a `POST` returns is not the resource that its conditions are about.
#[tokio::test]
async fn a_post_has_no_conditions_and_no_ranges() {
    async fn made(request: Request) -> Result<FileResponse> {
        Ok(FileResponse::from_bytes(&request, "a.txt", "made"))
    }
    let client = TestClient::new(App::new().post("/", public(made))).unwrap();
    for (name, value) in [
        ("if-match", "\"x\""),
        ("if-none-match", "*"),
        ("range", "bytes=0-0"),
        ("range", "bytes=9-"),
    ] {
        let response = client.post("/").header(name, value).await;
        assert_eq!((response.status().as_u16(), response.text()), (200, "made"));
    }
}

#[tokio::test]
async fn a_tag_of_ones_own_takes_part() {
    async fn versioned(request: Request) -> Result<FileResponse> {
        let tag = http::HeaderValue::from_static("\"v7\"");
        Ok(
            FileResponse::from_bytes(&request, "a.txt", "text")
                .with_header(http::header::ETAG, tag),
        )
    }
    let client = TestClient::new(App::new().get("/", public(versioned))).unwrap();
    assert_eq!(client.get("/").await.headers()["etag"], "\"v7\"");
    let request = client.get("/").header("if-none-match", "\"v7\"");
    assert_eq!(request.await.status(), 304);
}

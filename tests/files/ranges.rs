//! Parts of files (RFC 9110 section 14). `response/file/ranges.rs` has the table of the field's syntax.

use http::Method;
use tempfile::tempdir;

use super::client;

const CONTENT: &[u8] = b"0123456789";

#[tokio::test]
async fn one_range() {
    let directory = tempdir().unwrap();
    let client = client(directory.path(), CONTENT);
    for path in ["/disk", "/memory"] {
        for (range, content_range, expected) in [
            ("bytes=0-0", "bytes 0-0/10", "0"),
            ("bytes=2-4", "bytes 2-4/10", "234"),
            ("bytes=8-99", "bytes 8-9/10", "89"),
            ("bytes=7-", "bytes 7-9/10", "789"),
            ("bytes=-3", "bytes 7-9/10", "789"),
            ("bytes=-99", "bytes 0-9/10", "0123456789"),
            ("bytes=0-", "bytes 0-9/10", "0123456789"),
            // One of two that overlaps the file: no multipart.
            ("bytes=20-30,1-2", "bytes 1-2/10", "12"),
        ] {
            let response = client.get(path).header("range", range).await;
            assert_eq!(response.status(), 206, "{range}");
            assert_eq!(response.text(), expected, "{range}");
            assert_eq!(
                response.headers()["content-range"],
                content_range,
                "{range}"
            );
            let length = expected.len().to_string();
            assert_eq!(response.headers()["content-length"], *length, "{range}");
            assert_eq!(
                response.headers()["content-type"],
                "text/plain; charset=utf-8"
            );
            for name in ["etag", "accept-ranges", "cache-control"] {
                assert!(response.headers().contains_key(name), "{name}");
            }
        }
    }
}

#[tokio::test]
async fn unsatisfiable_ranges_get_the_length() {
    let directory = tempdir().unwrap();
    let client = client(directory.path(), CONTENT);
    for range in ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=10-,20-"] {
        let response = client.get("/disk").header("range", range).await;
        assert_eq!(response.status(), 416, "{range}");
        assert_eq!(response.headers()["content-range"], "bytes */10", "{range}");
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
        assert_eq!(response.json()["detail"], "The file has 10 bytes.");
    }
}

#[tokio::test]
async fn other_ranges_are_ignored() {
    let directory = tempdir().unwrap();
    let client = client(directory.path(), CONTENT);
    let many = format!("bytes={}", "0-0,2-2,".repeat(50));
    for range in [
        "bytes=x",
        "bytes=4-2",
        "pages=1-2",
        "bytes",
        &many,
        "bytes=0-,0-,0-",
    ] {
        let response = client.get("/disk").header("range", range).await;
        assert_eq!(response.status(), 200, "{range}");
        assert_eq!(response.text(), "0123456789", "{range}");
        assert!(!response.headers().contains_key("content-range"));
    }
}

/// RFC 9110 section 14.2: ranges are defined for `GET` alone.
#[tokio::test]
async fn head_has_no_ranges() {
    let directory = tempdir().unwrap();
    let client = client(directory.path(), CONTENT);
    for range in ["bytes=0-1", "bytes=10-"] {
        let request = client.request(Method::HEAD, "/disk").header("range", range);
        let response = request.await;
        assert_eq!(response.status(), 200, "{range}");
        assert_eq!(response.headers()["content-length"], "10");
        assert_eq!(response.text(), "");
    }
}

#[tokio::test]
async fn if_range_decides_whether_a_range_counts() {
    let directory = tempdir().unwrap();
    let client = client(directory.path(), CONTENT);
    let tag = client.get("/disk").await.headers()["etag"]
        .to_str()
        .unwrap()
        .to_owned();
    for (value, expected) in [
        (&*tag, 206),
        ("Fri, 02 Jan 2026 00:00:00 GMT", 206),
        ("\"other\"", 200),
        (&*format!("W/{tag}"), 200),
        ("Sat, 03 Jan 2026 00:00:00 GMT", 200),
        ("Thu, 01 Jan 2026 00:00:00 GMT", 200),
        ("nonsense", 200),
    ] {
        let request = client.get("/disk").header("range", "bytes=0-1");
        let response = request.header("if-range", value).await;
        assert_eq!(response.status(), expected, "{value}");
        // A range that does not count is not wrong, either.
        let request = client.get("/disk").header("range", "bytes=99-");
        let response = request.header("if-range", value).await;
        assert_eq!(
            response.status(),
            if expected == 206 { 416 } else { 200 },
            "{value}"
        );
    }
}

/// Section 13.2.2: conditions come before ranges.
#[tokio::test]
async fn conditions_come_before_ranges() {
    let directory = tempdir().unwrap();
    let client = client(directory.path(), CONTENT);
    for (name, value, expected) in [("if-none-match", "*", 304), ("if-match", "\"x\"", 412)] {
        for range in ["bytes=0-1", "bytes=99-"] {
            let request = client.get("/disk").header("range", range);
            assert_eq!(request.header(name, value).await.status(), expected);
        }
    }
}

/// The parts of a `multipart/byteranges` body, as (head, content).
fn parts(content_type: &str, body: &str) -> Vec<(String, String)> {
    let boundary = content_type
        .strip_prefix("multipart/byteranges; boundary=")
        .unwrap();
    let body = body
        .strip_suffix(&format!("\r\n--{boundary}--\r\n"))
        .unwrap();
    let delimiter = format!("\r\n--{boundary}\r\n");
    let mut parts = body.split(&*delimiter);
    assert_eq!(parts.next(), Some(""));
    let part = |part: &str| {
        let (head, content) = part.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), content.to_owned())
    };
    parts.map(part).collect()
}

#[tokio::test]
async fn several_ranges_are_parts() {
    let directory = tempdir().unwrap();
    let content: Vec<u8> = (b'a'..=b'z').cycle().take(10_000).collect();
    let content: &'static [u8] = content.leak();
    let client = client(directory.path(), content);
    for path in ["/disk", "/memory"] {
        let ranges = "bytes=9990-9999, 0-2,-1,5000-5100,20000-";
        let response = client.get(path).header("range", ranges).await;
        assert_eq!(response.status(), 206);
        assert!(!response.headers().contains_key("content-range"));
        let length = response.text().len().to_string();
        assert_eq!(response.headers()["content-length"], *length);
        let content_type = response.headers()["content-type"].to_str().unwrap();
        let expected = [9990..10_000, 0..3, 9999..10_000, 5000..5101].map(|range| {
            let (start, end) = (range.start, range.end - 1);
            let head = format!(
                "Content-Type: text/plain; charset=utf-8\r\nContent-Range: bytes {start}-{end}/10000"
            );
            let text = String::from_utf8(content[range].to_vec()).unwrap();
            (head, text)
        });
        assert_eq!(parts(content_type, response.text()), expected, "{path}");
        let again = client.get(path).header("range", ranges).await;
        assert_ne!(
            again.headers()["content-type"],
            content_type,
            "a boundary is random"
        );
    }
}

/// Parts with their heads can be longer than the file.
#[tokio::test]
async fn a_small_file_is_sent_whole() {
    let directory = tempdir().unwrap();
    let client = client(directory.path(), CONTENT);
    let response = client.get("/disk").header("range", "bytes=0-0,9-9").await;
    assert_eq!(
        (response.status().as_u16(), response.text()),
        (200, "0123456789")
    );
}

#[tokio::test]
async fn an_empty_file_has_no_range() {
    let directory = tempdir().unwrap();
    let client = client(directory.path(), b"");
    for path in ["/disk", "/memory"] {
        let response = client.get(path).await;
        assert_eq!((response.status().as_u16(), response.text()), (200, ""));
        assert_eq!(response.headers()["content-length"], "0");
        let response = client.get(path).header("range", "bytes=0-").await;
        assert_eq!(response.status(), 416);
        assert_eq!(response.headers()["content-range"], "bytes */0");
        assert_eq!(
            client.get(path).header("range", "bytes=-1").await.status(),
            200
        );
    }
}

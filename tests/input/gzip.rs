//! Compressed bodies of requests.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use resourceful::TestResponse;
use resourceful::prelude::*;
use serde_json::json;

use crate::fixture::app;

fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

async fn send(app: App, coding: &str, body: Vec<u8>) -> TestResponse {
    let client = TestClient::new(app).unwrap();
    let request = client
        .post("/posts")
        .header("content-type", "application/json");
    request.header("content-encoding", coding).body(body).await
}

const POST: &[u8] = br#"{"title": "a"}"#;

#[tokio::test]
async fn a_compressed_body_is_read() {
    for coding in ["gzip", "GZIP", "x-gzip", "identity, gzip"] {
        let app = app().decompress_requests();
        let response = send(app, coding, compressed(POST)).await;
        assert_eq!(response.status(), 201, "{coding}");
        assert_eq!(response.json()["title"], "a");
    }
    let plain = send(app().decompress_requests(), "identity", POST.to_vec()).await;
    assert_eq!(plain.status(), 201);
    // Several members are one body (RFC 1952 section 2.2).
    let mut parts = compressed(&POST[..5]);
    parts.extend(compressed(&POST[5..]));
    let response = send(app().decompress_requests(), "gzip", parts).await;
    assert_eq!(response.status(), 201);
}

#[tokio::test]
async fn other_codings_are_415_with_the_accepted_ones() {
    for coding in ["br", "gzip, gzip", "deflate"] {
        let app = app().decompress_requests();
        let response = send(app, coding, compressed(POST)).await;
        assert_eq!(response.status(), 415, "{coding}");
        assert_eq!(response.headers()["accept-encoding"], "gzip, identity");
    }
    let off = send(app(), "gzip", compressed(POST)).await;
    assert_eq!(off.status(), 415);
    assert_eq!(off.headers()["accept-encoding"], "identity");
}

#[tokio::test]
async fn broken_bodies_are_400() {
    let whole = compressed(POST);
    let mut garbage = whole.clone();
    garbage.extend(b"garbage");
    let mut wrong_sum = whole.clone();
    let sum = wrong_sum.len() - 8;
    wrong_sum[sum] ^= 1;
    for body in [
        whole[..whole.len() - 1].to_vec(),
        whole[..12].to_vec(),
        garbage,
        wrong_sum,
        POST.to_vec(),
    ] {
        let response = send(app().decompress_requests(), "gzip", body).await;
        assert_eq!(response.status(), 400);
    }
}

/// A gigabyte of spaces is a megabyte. Reading ends at the limit of the decompressed bytes.
#[tokio::test]
async fn a_bomb_is_413_when_it_passes_the_limit() {
    let app = || app().decompress_requests().max_body_size(1024);
    let mut most = POST.to_vec();
    most.resize(1024, b' ');
    assert_eq!(send(app(), "gzip", compressed(&most)).await.status(), 201);
    most.push(b' ');
    assert_eq!(send(app(), "gzip", compressed(&most)).await.status(), 413);

    let megabyte = vec![b' '; 1 << 20];
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..64 {
        encoder.write_all(&megabyte).unwrap();
    }
    // Cut: a reader that went on to the end would find that, and answer 400.
    let mut bomb = encoder.finish().unwrap();
    bomb.truncate(bomb.len() - 100);
    assert_eq!(send(app(), "gzip", bomb).await.status(), 413);
}

#[tokio::test]
async fn a_view_reads_the_content() {
    async fn length(mut request: Request) -> Result<String> {
        Ok(request.bytes().await?.len().to_string())
    }
    let app = App::new()
        .post("/posts", public(length))
        .decompress_requests();
    let body = compressed(json!({"a": 1}).to_string().as_bytes());
    assert_eq!(send(app, "gzip", body).await.text(), "7");
}

/// Bytes that decompress to nothing count, too.
#[tokio::test]
async fn compressed_bytes_have_the_same_limit() {
    let app = || app().decompress_requests().max_body_size(4096);
    let mut empty_blocks = compressed(&[])[..10].to_vec();
    empty_blocks.extend([0, 0, 0, 0xff, 0xff].repeat(1000));
    assert_eq!(send(app(), "gzip", empty_blocks).await.status(), 413);
    let many_members = compressed(&[]).repeat(65);
    assert_eq!(send(app(), "gzip", many_members).await.status(), 400);
    let mut members = compressed(&[]).repeat(63);
    members.extend(compressed(POST));
    assert_eq!(send(app(), "gzip", members).await.status(), 201);
}

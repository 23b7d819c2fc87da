//! Forms with files.

use futures_util::stream;
use resourceful::prelude::*;
use resourceful::{Body, MultipartLimits, TestResponse};

const LIMITS: MultipartLimits = MultipartLimits {
    total: 10_000,
    part: 1_000,
    parts: 3,
};

async fn upload(mut request: Request) -> Result<String> {
    let mut form = request.multipart(LIMITS)?;
    let mut seen = Vec::new();
    while let Some(part) = form.next_part().await? {
        let name = part.name().to_owned();
        let file = part.file_name().map(str::to_owned);
        let kind = part.content_type().map(str::to_owned);
        let mut file_on_disk = Vec::new();
        let bytes = part.write_to(&mut file_on_disk).await?;
        assert_eq!(bytes, file_on_disk.len() as u64);
        seen.push(format!("{name} {file:?} {kind:?} {bytes}"));
    }
    Ok(seen.join("\n"))
}

fn part(head: &str, content: &str) -> String {
    format!("--XX\r\nContent-Disposition: form-data; {head}\r\n\r\n{content}\r\n")
}

async fn send(body: impl Into<Body>) -> TestResponse {
    let client = TestClient::new(App::new().post("/", public(upload))).unwrap();
    let request = client
        .post("/")
        .header("content-type", "multipart/form-data; boundary=XX");
    request.body(body).await
}

#[tokio::test]
async fn fields_and_files_come_in_order() {
    let file = part(
        "name=\"cat\"; filename=\"c\u{e4}t.png\"\r\nContent-Type: image/png",
        "meow",
    );
    let form = format!("{}{file}--XX--\r\n", part("name=\"title\"", "A cat"));
    let expected = "title None None 5\ncat Some(\"c\u{e4}t.png\") Some(\"image/png\") 4";
    assert_eq!(send(form.clone()).await.text(), expected);
    // However it is cut into parts on its way.
    let bytes: Vec<_> = form
        .bytes()
        .map(|byte| Ok::<_, Error>(vec![byte]))
        .collect();
    assert_eq!(
        send(Body::from_stream(stream::iter(bytes))).await.text(),
        expected
    );
}

#[tokio::test]
async fn sizes_and_numbers_have_limits() {
    let small = part("name=\"a\"", "x");
    assert_eq!(
        send(format!("{}--XX--\r\n", small.repeat(3)))
            .await
            .status(),
        200
    );
    let answer = send(format!("{}--XX--\r\n", small.repeat(4))).await;
    assert_eq!(answer.json()["detail"], "The form has more than 3 parts.");
    let answer = send(format!(
        "{}--XX--\r\n",
        part("name=\"a\"", &"x".repeat(1001))
    ))
    .await;
    assert_eq!(
        (answer.status().as_u16(), answer.json()["detail"].as_str()),
        (413, Some("A part is larger than 1000 bytes."))
    );
    assert_eq!(send("x".repeat(10_001)).await.status(), 413);
    let endless = stream::repeat_with(|| Ok::<_, Error>(vec![b'x'; 1000]));
    assert_eq!(send(Body::from_stream(endless)).await.status(), 413);
}

#[tokio::test]
async fn what_is_no_form_is_refused() {
    for body in [
        "",
        "no boundary",
        "--XX\r\n",
        "--XX\r\nbad header\r\n\r\nx\r\n--XX--\r\n",
    ] {
        assert_eq!(send(body).await.status(), 400, "{body:?}");
    }
    assert_eq!(send(part("name=\"a\"", "never ends")).await.status(), 400);
    let client = TestClient::new(App::new().post("/", public(upload))).unwrap();
    for kind in [
        "application/json",
        "multipart/form-data",
        "multipart/mixed; boundary=XX",
    ] {
        let request = client.post("/").header("content-type", kind).body("x");
        assert_eq!(request.await.status(), 415, "{kind}");
    }
}

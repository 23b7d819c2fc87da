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
    // Independent of the chunks of the body.
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
async fn a_form_can_be_read_on_after_a_refused_part() {
    async fn again(mut request: Request) -> Result<String> {
        let mut form = request.multipart(LIMITS)?;
        let mut statuses = Vec::new();
        for _ in 0..5 {
            let result = form.next_part().await.map(|part| part.is_some());
            statuses.push(result.map_err(|error| error.status().as_u16()));
        }
        Ok(format!("{statuses:?}"))
    }
    let client = TestClient::new(App::new().post("/", public(again))).unwrap();
    let form = part("name=\"a\"", "x").repeat(5) + "--XX--";
    let request = client
        .post("/")
        .header("content-type", "multipart/form-data; boundary=XX");
    let expected = "[Ok(true), Ok(true), Ok(true), Err(413), Err(413)]";
    assert_eq!(request.body(form).await.text(), expected);
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

const KIB_16: usize = 16 * 1024;

#[tokio::test]
async fn preamble_and_head_have_a_limit() {
    let limits = MultipartLimits::default();
    let client = TestClient::new(App::new().post("/", public(count).state(&limits))).unwrap();
    let x = |length: usize| "x".repeat(length);
    let long_head = format!("--XX\r\nA: {}\r\n\r\n\r\n--XX--", x(KIB_16));
    for (body, detail) in [
        (
            format!("{}\r\n--XX--", x(KIB_16)),
            "More than 16384 bytes precede the first part.",
        ),
        (x(1 << 20), "More than 16384 bytes precede the first part."),
        (long_head, "The head of a part is larger than 16384 bytes."),
        (
            format!("--XX\r\n{}", x(1 << 20)),
            "The head of a part is larger than 16384 bytes.",
        ),
        (
            format!("--XX{}", " ".repeat(1 << 20)),
            "The head of a part is larger than 16384 bytes.",
        ),
        (
            format!("--XX\r\n{}\r\n\r\n--XX--", "a:b\r\n".repeat(4000)),
            "The head of a part is larger than 16384 bytes.",
        ),
    ] {
        let request = client
            .post("/")
            .header("content-type", "multipart/form-data; boundary=XX");
        let answer = request.body(body).await;
        assert_eq!(answer.status(), 413);
        assert_eq!(answer.json()["detail"], detail);
    }
    let short = format!(
        "{}\r\n--XX\r\n{}\r\n\r\n--XX--",
        x(16_000),
        "a:b\r\n".repeat(3000)
    );
    let request = client
        .post("/")
        .header("content-type", "multipart/form-data; boundary=XX");
    assert_eq!(request.body(short).await.text(), "1");
}

#[endpoint]
async fn count(limits: &MultipartLimits, mut request: Request) -> Result<String> {
    let mut form = request.multipart(*limits)?;
    let mut parts = 0;
    while form.next_part().await?.is_some() {
        parts += 1;
    }
    assert!(form.next_part().await?.is_none());
    Ok(parts.to_string())
}

/// With a new search for each byte, content that resembles delimiters would take hours.
#[tokio::test]
async fn a_form_that_arrives_bytewise_is_searched_once() {
    let limits = MultipartLimits {
        total: 1 << 30,
        part: 1 << 30,
        parts: usize::MAX,
    };
    let client = TestClient::new(App::new().post("/", public(count).state(&limits))).unwrap();
    let head = "a:b\r\n".repeat(3000);
    for (parts, part) in [
        (10, format!("--XX\r\n{head}\r\n\r\n")),
        (1, format!("--XX\r\n\r\n{}\r\n", "\r\n--X".repeat(200_000))),
        (10_000, "--XX\r\n\r\n\r\n".to_owned()),
    ] {
        let form = format!("{}--XX--\r\n", part.repeat(parts));
        let bytes = form.into_bytes().into_iter();
        let bytes = bytes.map(|byte| Ok::<_, Error>(vec![byte]));
        let request = client
            .post("/")
            .header("content-type", "multipart/form-data; boundary=XX");
        let answer = request.body(Body::from_stream(stream::iter(bytes))).await;
        assert_eq!(answer.text(), parts.to_string());
    }
}

#[tokio::test]
async fn names_come_from_their_own_parameters() {
    let file = |head: &str| format!("{}--XX--", part(head, "x"));
    for (head, expected) in [
        (r#"name="a"; note="x; filename=evil.exe ""#, "a None"),
        (
            r#"filename*=UTF-8''x; name="a"; filename="b""#,
            "a Some(\"b\")",
        ),
        (r#"NAME="a"; FILENAME="b""#, "a Some(\"b\")"),
        (r#"name="a%22"; filename="b\"c""#, r#"a" Some("b\"c")"#),
    ] {
        let expected = format!("{expected} None 1");
        assert_eq!(send(file(head)).await.text(), expected, "{head}");
    }
    for head in [r#"name="a"; name="b""#, r#"name="a"#] {
        assert_eq!(send(file(head)).await.status(), 400, "{head}");
    }
}

/// Only the media type and its boundary count, not other parameters.
#[tokio::test]
async fn a_form_has_one_type_and_one_boundary() {
    let client = TestClient::new(App::new().post("/", public(upload))).unwrap();
    for (types, status) in [
        (vec!["Multipart/Form-Data; Boundary=\"XX\""], 200),
        (
            vec!["multipart/form-data; a=\"; boundary=y\"; boundary=XX"],
            200,
        ),
        (vec!["multipart/form-data; boundary=XX; boundary=YY"], 415),
        (
            vec![
                "multipart/form-data; boundary=XX",
                "multipart/form-data; boundary=YY",
            ],
            415,
        ),
        (vec![], 415),
    ] {
        let mut request = client.post("/");
        for kind in &types {
            request = request.header("content-type", kind);
        }
        let answer = request
            .body(format!("{}--XX--", part("name=\"a\"", "x")))
            .await;
        assert_eq!(answer.status(), status, "{types:?}");
    }
}

#[tokio::test]
async fn an_invalid_form_is_refused() {
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

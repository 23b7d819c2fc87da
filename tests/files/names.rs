//! Names and types of files. `response/file/disposition.rs` has the table of names.

use resourceful::prelude::*;
use resourceful::{FileResponse, MediaType};
use tempfile::tempdir;

use super::write;

async fn named(request: Request) -> Result<FileResponse> {
    #[derive(Deserialize, JsonSchema, Validate)]
    #[garde(allow_unvalidated)]
    struct Query {
        name: String,
        inline: Option<bool>,
    }
    let query: Query = request.query()?;
    let file = FileResponse::from_bytes(&request, &query.name, "text");
    Ok(match query.inline {
        Some(true) => file.inline(query.name),
        _ => file.attachment(query.name),
    })
}

#[tokio::test]
async fn a_name_from_a_client_stays_one_field() {
    let client = TestClient::new(App::new().get("/", public(named))).unwrap();
    for (query, expected) in [
        ("name=a.txt", "attachment; filename=\"a.txt\""),
        ("name=a.txt&inline=true", "inline; filename=\"a.txt\""),
        (
            "name=%C3%A4.txt",
            "attachment; filename=\"_.txt\"; filename*=UTF-8''%C3%A4.txt",
        ),
        (
            "name=a%0D%0AX-Evil:%201%22.txt",
            "attachment; filename=\"a__X-Evil_ 1_.txt\"; filename*=UTF-8''a__X-Evil%3A%201%22.txt",
        ),
        ("name=", "attachment"),
    ] {
        let response = client.get(&format!("/?{query}")).await;
        assert_eq!(response.headers()["content-disposition"], expected);
        assert!(!response.headers().contains_key("x-evil"));
    }
    let long = client
        .get(&format!("/?name={}", "%C3%A4".repeat(1000)))
        .await;
    assert!(long.headers()["content-disposition"].len() < 1200);
}

#[tokio::test]
async fn a_name_gives_the_type_and_browsers_do_not_guess() {
    let directory = tempdir().unwrap();
    for (name, expected) in [
        ("page.html", "text/html; charset=utf-8"),
        ("picture.png", "image/png"),
        ("data", "application/octet-stream"),
        ("\u{fc}.json", "application/json"),
    ] {
        let path = directory.path().join(name);
        write(&path, "x");
        let view = move |request: Request| {
            let path = path.clone();
            async move { FileResponse::open(&request, path).await }
        };
        let client = TestClient::new(App::new().get("/", public(view))).unwrap();
        let response = client.get("/").await;
        assert_eq!(response.headers()["content-type"], expected, "{name}");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        assert_eq!(response.headers()["cache-control"], "private, no-cache");
        assert!(!response.headers().contains_key("content-disposition"));
    }
}

#[tokio::test]
async fn a_media_type_is_the_content_type_unless_it_is_a_range() {
    struct Pdf;
    impl MediaType for Pdf {
        const NAME: &'static str = "application/pdf";
    }
    struct Image;
    impl MediaType for Image {
        const NAME: &'static str = "image/*";
    }
    async fn pdf(request: Request) -> Result<FileResponse<Pdf>> {
        Ok(FileResponse::from_bytes(&request, "a.bin", "x").of_type())
    }
    async fn image(request: Request) -> Result<FileResponse<Image>> {
        Ok(FileResponse::from_bytes(&request, "a.png", "x").of_type())
    }
    let app = App::new()
        .get("/pdf", public(pdf))
        .get("/image", public(image));
    let client = TestClient::new(app).unwrap();
    assert_eq!(
        client.get("/pdf").await.headers()["content-type"],
        "application/pdf"
    );
    assert_eq!(
        client.get("/image").await.headers()["content-type"],
        "image/png"
    );
}

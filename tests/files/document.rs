//! Files in the API document.

use resourceful::prelude::*;
use resourceful::{FileResponse, MediaType};

struct Pdf;

impl MediaType for Pdf {
    const NAME: &'static str = "application/pdf";
}

async fn any(request: Request) -> Result<FileResponse> {
    Ok(FileResponse::from_bytes(&request, "a.txt", "0123456789"))
}

/// Invoices.
struct Invoices;

#[resource]
impl AsyncResource for Invoices {
    type Access = Public;

    /// An invoice as a PDF.
    async fn retrieve(&self, request: &Request, id: i64) -> Result<FileResponse<Pdf>> {
        if id != 7 {
            return Err(Error::not_found("There is no such invoice."));
        }
        let file = FileResponse::from_bytes(request, "a.pdf", "%PDF-1.7");
        Ok(file.of_type().attachment("Invoice 7.pdf"))
    }
}

fn app() -> App {
    App::new()
        .get("/any", public(any))
        .resource("/invoices", Invoices)
}

#[test]
fn a_file_is_documented_by_its_type() {
    let document = app().openapi().unwrap();
    let paths = &document.as_value()["paths"];
    for (path, media_type) in [("/any", "*/*"), ("/invoices/{id}", "application/pdf")] {
        let responses = &paths[path]["get"]["responses"];
        let content = |status: &str| {
            let content = responses[status]["content"].as_object();
            let names = content.into_iter().flat_map(|content| content.keys());
            names.map(String::as_str).collect::<Vec<_>>()
        };
        assert_eq!(content("200"), [media_type], "{path}");
        assert_eq!(
            content("206"),
            [media_type, "multipart/byteranges"],
            "{path}"
        );
        assert!(responses["304"]["description"].is_string());
        assert!(content("304").is_empty());
        let headers = |status: &str| {
            let headers = responses[status]["headers"].as_object().unwrap();
            headers.keys().map(String::as_str).collect::<Vec<_>>()
        };
        let of_200 = [
            "Accept-Ranges",
            "Content-Disposition",
            "ETag",
            "Last-Modified",
        ];
        assert_eq!(headers("200"), of_200);
        assert_eq!(headers("206"), ["Content-Range", "ETag", "Last-Modified"]);
        assert_eq!(headers("304"), ["ETag", "Last-Modified"]);
        for (status, name) in [
            ("412", "PreconditionFailed"),
            ("416", "RangeNotSatisfiable"),
        ] {
            let reference = format!("#/components/responses/{name}");
            assert_eq!(responses[status]["$ref"], *reference, "{path}");
        }
    }
    let not_satisfiable = &document.as_value()["components"]["responses"]["RangeNotSatisfiable"];
    assert_eq!(
        not_satisfiable["headers"]["Content-Range"]["required"],
        true
    );
}

/// Applications without files have no such responses.
#[test]
fn other_documents_do_not_change() {
    let document = crate::fixture::app().openapi().unwrap();
    let document = document.as_value().to_string();
    assert!(!document.contains("RangeNotSatisfiable"));
    assert!(!document.contains("PreconditionFailed"));
}

#[tokio::test]
async fn a_typed_hook_returns_a_file() {
    let client = TestClient::new(app()).unwrap();
    let response = client.get("/invoices/7").await;
    assert_eq!(response.text(), "%PDF-1.7");
    assert_eq!(response.headers()["content-type"], "application/pdf");
    let part = client.get("/invoices/7").header("range", "bytes=0-3").await;
    assert_eq!((part.status().as_u16(), part.text()), (206, "%PDF"));
    assert_eq!(client.get("/invoices/8").await.status(), 404);
}

#[test]
fn a_directory_is_no_part_of_the_api() {
    let directory = tempfile::tempdir().unwrap();
    let files = resourceful::StaticFiles::new(directory.path());
    let document = app().files("/static", public(files)).openapi().unwrap();
    let paths = document.as_value()["paths"].as_object().unwrap();
    assert_eq!(paths.keys().collect::<Vec<_>>(), ["/any", "/invoices/{id}"]);
}

use resourceful::prelude::*;

#[derive(Deserialize, JsonSchema, Validate)]
struct Message {
    #[garde(length(min = 1))]
    text: String,
}

struct Echo;

#[view]
impl AsyncView for Echo {
    type Access = Public;

    async fn get(&self, request: Request) -> Result<Response> {
        let page: PageNumber = request.query()?;
        Ok(Json(page.number()).into_response())
    }

    async fn post(&self, mut request: Request) -> Result<Response> {
        let message: Message = request.json().await?;
        Ok((http::StatusCode::ACCEPTED, message.text).into_response())
    }

    async fn delete(&self, mut request: Request) -> Result<Response> {
        let bytes = request.bytes().await?;
        Ok(bytes.len().to_string().into_response())
    }
}

fn client() -> TestClient {
    TestClient::new(App::new().view("/echo", Echo)).unwrap()
}

#[tokio::test]
async fn a_view_reads_what_it_needs() {
    assert_eq!(client().get("/echo?page=4").await.text(), "4");
    assert_eq!(client().get("/echo?page=x").await.status(), 422);
    let posted = client()
        .post("/echo")
        .json(&serde_json::json!({"text": "hi"}))
        .await;
    assert_eq!((posted.status().as_u16(), posted.text()), (202, "hi"));
    assert_eq!(
        client()
            .post("/echo")
            .json(&serde_json::json!({"text": ""}))
            .await
            .status(),
        422
    );
    assert_eq!(client().delete("/echo").body("four").await.text(), "4");
    assert_eq!(
        client().put("/echo").await.headers()["allow"],
        "GET, HEAD, POST, DELETE, OPTIONS"
    );
}

#[tokio::test]
async fn a_view_has_the_body_limit_of_the_application() {
    let client = TestClient::new(App::new().view("/echo", Echo).max_body_size(3)).unwrap();
    assert_eq!(client.delete("/echo").body("four").await.status(), 413);
}

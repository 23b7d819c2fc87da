use crate::fixture::client;

#[tokio::test]
async fn who_refuses_json_is_406() {
    let response = client()
        .get("/posts")
        .header("accept", "application/json;q=0, text/html")
        .await;
    assert_eq!(response.status(), 406);
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
}

#[tokio::test]
async fn clients_that_accept_other_types_are_served() {
    for accept in [
        "text/html,application/xhtml+xml,*/*;q=0.8",
        "application/*",
        "*/*",
        "text/html",
        "application/json",
    ] {
        assert_eq!(
            client()
                .get("/posts")
                .header("accept", accept)
                .await
                .status(),
            200,
            "{accept}"
        );
    }
}

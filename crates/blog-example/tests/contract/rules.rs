//! Rules for all URLs.

use crate::blog::Blog;

crate::on_both_databases! {
    invalid_json_gets_400_with_the_known_text,
    errors_are_problems_with_the_member_error,
    a_broken_database_is_a_500_without_internals,
}

async fn invalid_json_gets_400_with_the_known_text(blog: Blog) {
    let deep = "[".repeat(100_000);
    let bodies = [
        "",
        "{",
        "nul",
        "{\"title\": NaN}",
        "{\"a\": \"\\ud800\"}",
        "{\"a\": 1e400}",
        &deep,
    ];
    for path in ["/api/posts/", "/endpoint/"] {
        for body in bodies {
            let request = blog
                .client
                .post(path)
                .header("content-type", "application/json");
            let response = request.body(body.to_owned()).await;
            assert_eq!(response.status(), 400, "{body:.20}");
            assert_eq!(response.json()["error"], "Invalid JSON", "{body:.20}");
        }
    }
}

async fn errors_are_problems_with_the_member_error(blog: Blog) {
    for response in [
        blog.client.get("/nothing/").await,
        blog.client.put("/posts/").await,
        blog.client.post("/api/posts/").body("x").await,
        blog.client.get("/api/post-list/?page=x").await,
    ] {
        assert!(response.status().is_client_error());
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
        assert!(response.json()["error"].is_string());
        assert_eq!(response.json()["status"], response.status().as_u16());
    }
}

async fn a_broken_database_is_a_500_without_internals(blog: Blog) {
    blog.sql("DROP TABLE blog_comment").await;
    blog.sql("DROP TABLE blog_post").await;
    let response = blog.client.get("/posts/").await;
    assert_eq!(response.status(), 500);
    let text = response.text().to_lowercase();
    assert!(
        !text.contains("blog_post") && !text.contains("sql"),
        "{text}"
    );
    assert_eq!(response.json()["error"], "Internal Server Error");
}

//! The OpenAPI document of the blog: contract test and golden file.

use resourceful_testing::{Finding, assert_openapi, conformance};
use sea_orm::ConnectionTrait;

use crate::blog::Whole;

#[tokio::test]
async fn the_api_has_not_changed() {
    assert_openapi("openapi.json", &Whole::new().await.app);
}

/// Responses that the blog's clients know, although the document promises others.
fn is_in_the_contract(finding: &Finding) -> bool {
    match (finding.operation(), finding.check()) {
        // 400 with a known text, if no ids or no posts are sent.
        ("GET /users/batch/" | "POST /posts/bulk/", "broken-field") => {
            finding.message().contains("400 Bad Request: No ")
        }
        // An unsigned request gets this error, whatever else is wrong.
        ("POST /webhooks/github/", "body") => finding.message().contains("Invalid signature"),
        _ => false,
    }
}

#[tokio::test]
async fn the_blog_conforms_to_its_document() {
    let blog = Whole::new().await;
    let user = "INSERT INTO blog_user (id, username, email, first_name, last_name, is_active, date_joined) \
                VALUES (1, 'ada', '', '', '', 1, '2024-01-15T12:34:56+00:00')";
    blog.database.execute_unprepared(user).await.unwrap();
    for (path, json) in [
        ("/data", "{}"),
        ("/users/1", r#"{"email": "ada@example.org"}"#),
        ("/users/1/posts", "[]"),
        ("/users/1/followers", "[]"),
    ] {
        blog.upstream.json(path, json);
    }
    // Each valid request for `/cached/` takes a second.
    let mut findings = conformance(blog.app).cases(8).findings().await;
    findings.retain(|finding| !is_in_the_contract(finding));
    let texts: Vec<_> = findings.iter().map(ToString::to_string).collect();
    assert!(texts.is_empty(), "{}", texts.join("\n\n"));
}

//! What the blog says of itself: that it is so, and that nothing of it changes unseen.

use resourceful_testing::{Finding, assert_openapi, conformance};
use sea_orm::ConnectionTrait;

use crate::blog::Whole;

#[tokio::test]
async fn the_api_is_the_one_that_was_agreed_upon() {
    assert_openapi("openapi.json", &Whole::new().await.app);
}

/// What its clients have always read, although the document would have it otherwise.
fn is_of_the_contract(finding: &Finding) -> bool {
    match (finding.operation(), finding.check()) {
        // 400 with a text of its own, where no ids or no posts are sent.
        ("GET /users/batch/" | "POST /posts/bulk/", "broken-field") => {
            finding.message().contains("400 Bad Request: No ")
        }
        // Who does not sign is refused, whatever else is wrong.
        ("POST /webhooks/github/", "body") => finding.message().contains("Invalid signature"),
        _ => false,
    }
}

#[tokio::test]
async fn the_blog_does_what_its_document_says() {
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
    // Each right request of `/cached/` takes a second.
    let mut findings = conformance(blog.app).cases(8).findings().await;
    findings.retain(|finding| !is_of_the_contract(finding));
    let texts: Vec<_> = findings.iter().map(ToString::to_string).collect();
    assert!(texts.is_empty(), "{}", texts.join("\n\n"));
}

//! The OpenAPI document of the blog: contract test and golden file.

use resourceful_testing::{Finding, assert_openapi, conformance};

use crate::blog::Whole;

#[tokio::test]
async fn the_api_has_not_changed() {
    assert_openapi("openapi.json", &Whole::new().await.app);
}

/// Findings that the contract explains, such as responses that the blog's clients know, although the
/// document promises others.
fn is_in_the_contract(finding: &Finding) -> bool {
    match (finding.operation(), finding.check()) {
        // 400 with a known text, if no ids or no posts are sent.
        ("GET /users/batch/" | "POST /posts/bulk/", "broken-field") => {
            finding.message().contains("400 Bad Request: No ")
        }
        // An unsigned request gets this error, whatever else is wrong.
        ("POST /webhooks/github/", "body") => finding.message().contains("Invalid signature"),
        // A new post is not published, so it has no comments.
        (operation, "no-item") => operation.contains("/comments/{id}/"),
        _ => false,
    }
}

#[tokio::test]
async fn the_blog_conforms_to_its_document() {
    let blog = Whole::new().await;
    let [ada, bob] = blog.two_authors().await;
    for (path, json) in [
        ("/data", "{}"),
        ("/users/1", r#"{"email": "ada@example.org"}"#),
        ("/users/1/posts", "[]"),
        ("/users/1/followers", "[]"),
    ] {
        blog.upstream.json(path, json);
    }
    // Each valid request for `/cached/` takes a second.
    let conformance = conformance(blog.app).cases(8).as_callers(ada, bob);
    // Everybody may change the posts, and read the comments.
    let conformance = conformance
        .unowned("/api/posts/{id}/")
        .unowned("/posts/{id}/")
        .shared("comments.list")
        .shared("comments.retrieve");
    // These end the session of the caller.
    let conformance = conformance
        .skip("POST /account/sign-in/")
        .skip("POST /account/sign-out/")
        .skip("POST /account/sign-out-everywhere/");
    let mut findings = conformance.findings().await;
    findings.retain(|finding| !is_in_the_contract(finding));
    let texts: Vec<_> = findings.iter().map(ToString::to_string).collect();
    assert!(texts.is_empty(), "{}", texts.join("\n\n"));
}

/// The same for comments, on a post that stays there and is published.
#[tokio::test]
async fn comments_conform_to_the_document() {
    let blog = Whole::new().await;
    let [ada, bob] = blog.two_authors().await;
    blog.another().await.add_post(1, "Title", true, 0).await;
    let rules = blog.app.access_rules().to_string();
    let mut conformance = conformance(blog.app)
        .as_callers(ada, bob)
        .shared("comments.list")
        .shared("comments.retrieve");
    for rule in rules.lines() {
        let (operation, _) = rule.split_once(": ").expect("a route and its rule");
        if operation != "GET /api/posts/" && !operation.contains("/comments/") {
            conformance = conformance.skip(operation);
        }
    }
    conformance.await;
}

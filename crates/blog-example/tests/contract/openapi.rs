//! What the blog says of itself: that it is so, and that nothing of it changes unseen.

use resourceful::testing::{assert_openapi, conformance};

use crate::blog::app;

#[tokio::test]
async fn the_api_is_the_one_that_was_agreed_upon() {
    let (app, _upstream, _directory) = app().await;
    assert_openapi("openapi.json", &app);
}

#[tokio::test]
async fn the_blog_does_what_its_document_says() {
    let (app, _upstream, _directory) = app().await;
    // Each right request of `/cached/` takes a second.
    conformance(app).cases(8).await;
}

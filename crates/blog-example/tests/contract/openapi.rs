//! The API that was agreed upon: `openapi.json`.

use resourceful::testing::assert_openapi;

use crate::blog::app;

#[tokio::test]
async fn the_api_is_the_one_that_was_agreed_upon() {
    let (app, _upstream, _directory) = app().await;
    assert_openapi("openapi.json", &app);
}

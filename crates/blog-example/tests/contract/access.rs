//! The access rules of all routes, as a golden file.

use resourceful_testing::assert_access_rules;

use crate::blog::Whole;

#[tokio::test]
async fn the_access_rules_have_not_changed() {
    assert_access_rules("access.txt", &Whole::new().await.app);
}

use resourceful::prelude::*;

use crate::fixture::Post;

#[derive(Debug, thiserror::Error, Problem)]
#[error("full")]
#[problem(status = 507, detail = "No room.")]
struct Full;

type Outcome<T> = std::result::Result<T, Full>;
type Posts = Outcome<Page<i64>>;

struct Archive;

/// The types are behind aliases that the macro cannot read; the compiler can.
#[resource(name = "old_posts")]
impl AsyncResource for Archive {
    type Access = Public;

    async fn list(&self, _: &Request, _: Unpaged) -> Posts {
        Ok(Page::all(vec![1]))
    }

    async fn retrieve(&self, _: &Request, id: i64) -> Outcome<Post> {
        if id == 1 {
            Ok(Post {
                id,
                title: "Old".into(),
            })
        } else {
            Err(Full)
        }
    }
}

#[tokio::test]
async fn aliases_are_seen_through() {
    let client = TestClient::new(App::new().resource("/archive", Archive)).unwrap();
    assert_eq!(client.get("/archive").await.text(), r#"{"old_posts":[1]}"#);
    assert_eq!(client.get("/archive/1").await.json()["title"], "Old");
    let refused = client.get("/archive/2").await;
    assert_eq!(refused.status(), 507);
    assert_eq!(refused.json()["detail"], "No room.");
}

use resourceful::prelude::*;
use resourceful::{Never, NoParent};

use crate::fixture::{NewPost, Post};

/// Everything that `#[resource]` would add, written out.
struct Drafts;

impl AsyncResource for Drafts {
    const NAME: &'static str = "drafts";
    const ACTIONS: Actions = Actions::of(&[Action::List, Action::Create]);
    type Access = Public;
    type Error = Error;
    type Parent = NoParent;
    type Id = Never;
    type RetrieveSubject = Never;
    type UpdateSubject = Never;
    type PartialUpdateSubject = Never;
    type DestroySubject = Never;
    type Query = LimitOffset<5, 10>;
    type ListItem = i64;
    type Item = Never;
    type Create = NewPost;
    type CreateOutput = Post;
    type Update = Never;
    type UpdateOutput = Never;
    type PartialUpdate = Never;
    type PartialUpdateOutput = Never;
    type DestroyOutput = ();

    async fn list(&self, _: &Request, part: LimitOffset<5, 10>) -> Result<Page<i64>> {
        Ok(part.of(vec![1, 2], 2))
    }

    /// A hook may also be a plain function that returns a future.
    fn create(&self, _: &Request, new: NewPost) -> impl Future<Output = Result<Post>> + Send {
        std::future::ready(Ok(Post {
            id: 1,
            title: new.title,
        }))
    }
}

#[tokio::test]
async fn a_resource_needs_no_macro() {
    let client = TestClient::new(App::new().resource("/drafts", Drafts)).unwrap();
    let list = client.get("/drafts?offset=1").await.json();
    assert_eq!(list["drafts"], serde_json::json!([1, 2]));
    assert_eq!(list["pagination"]["limit"], 5);
    let created = client
        .post("/drafts")
        .json(&serde_json::json!({"title": "a"}))
        .await;
    assert_eq!(created.status(), 201);
    assert_eq!(client.get("/drafts/1").await.status(), 404);
}

struct Clock;

impl AsyncView for Clock {
    const METHODS: &'static [http::Method] = &[http::Method::GET];
    type Access = Public;
    type Error = Error;

    async fn get(&self, _: Request) -> Result<Response> {
        Ok("noon".into_response())
    }
}

#[tokio::test]
async fn a_view_needs_no_macro() {
    let client = TestClient::new(App::new().view("/clock", Clock)).unwrap();
    assert_eq!(client.get("/clock").await.text(), "noon");
    assert_eq!(
        client.post("/clock").await.headers()["allow"],
        "GET, HEAD, OPTIONS"
    );
}

//! The smallest resource, in memory.
//!
//! ```sh
//! cargo run -p hello
//! curl 127.0.0.1:8000/posts --json '{"title": "Hello"}'
//! curl '127.0.0.1:8000/posts?page=1&limit=5'
//! curl 127.0.0.1:8000/posts --json '{"title": ""}'
//! curl -i -X DELETE 127.0.0.1:8000/posts/1
//! curl -i 127.0.0.1:8000/posts/1
//! ```

use resourceful::prelude::*;
use tokio::sync::Mutex;

#[derive(Clone, Serialize, JsonSchema)]
struct Post {
    id: i64,
    title: String,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct NewPost {
    #[garde(length(chars, min = 1, max = 200))]
    title: String,
}

#[derive(Default)]
struct Posts {
    posts: Mutex<Vec<Post>>,
}

/// Blog posts.
#[resource]
impl AsyncResource for Posts {
    type Access = Public; // required: without it, this does not compile

    /// All posts, page by page.
    async fn list(&self, _: &Request, page: PageNumber) -> Result<Page<Post>> {
        Ok(page.slice(&self.posts.lock().await))
    }

    async fn create(&self, _: &Request, new: NewPost) -> Result<Post> {
        let mut posts = self.posts.lock().await;
        let id = posts.last().map_or(1, |post| post.id + 1);
        let post = Post {
            id,
            title: new.title,
        };
        posts.push(post.clone());
        Ok(post)
    }

    async fn destroy(&self, _: &Request, id: i64) -> Result<()> {
        let mut posts = self.posts.lock().await;
        let index = posts.iter().position(|post| post.id == id);
        posts.remove(index.ok_or_else(|| Error::not_found("Post not found"))?);
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let bind = std::env::var("BIND").unwrap_or_else(|_| "127.0.0.1:8000".into());
    let server = App::new()
        .resource("/posts", Posts::default())
        .bind(bind)
        .await?;
    println!("Listening on http://{}", server.local_addr());
    server.run().await
}

use resourceful::prelude::*;

#[derive(Serialize)]
struct Post {
    id: i64,
}

struct Posts;

#[resource]
impl AsyncResource for Posts {
    type Access = Public;

    async fn list(&self, _: &Request, _: Unpaged) -> Result<Page<Post>> {
        Ok(Page::all(vec![]))
    }

    async fn retrieve(&self, _: &Request, id: i64) -> Result<Post> {
        Ok(Post { id })
    }
}

fn main() {}

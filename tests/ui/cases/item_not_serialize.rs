use resourceful::prelude::*;

#[derive(JsonSchema)]
struct Post {
    id: i64,
}

struct Posts;

#[resource]
impl AsyncResource for Posts {
    type Access = Public;

    async fn retrieve(&self, _: &Request, id: i64) -> Result<Post> {
        Ok(Post { id })
    }
}

fn main() {}

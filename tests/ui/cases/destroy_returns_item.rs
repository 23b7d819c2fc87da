use resourceful::prelude::*;

#[derive(Serialize, JsonSchema)]
struct Post {
    id: i64,
}

struct Posts;

#[resource]
impl AsyncResource for Posts {
    type Access = Public;

    async fn destroy(&self, _: &Request, id: i64) -> Result<Post> {
        Ok(Post { id })
    }
}

fn main() {}

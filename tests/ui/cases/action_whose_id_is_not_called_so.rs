use resourceful::prelude::*;

struct Posts;

#[resource]
impl AsyncResource for Posts {
    type Access = Public;

    async fn retrieve(&self, _: &Request, id: i64) -> Result<String> {
        Ok(id.to_string())
    }

    #[action(POST, "publish")]
    async fn publish(&self, _: &Request, post: i64) -> Result<String> {
        Ok(post.to_string())
    }
}

fn main() {}

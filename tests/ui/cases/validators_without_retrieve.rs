use resourceful::Validators;
use resourceful::prelude::*;

#[derive(Serialize, JsonSchema)]
struct Post {
    version: u64,
}

struct Posts;

#[resource]
impl AsyncResource for Posts {
    type Access = Public;
    type Item = Post;

    async fn destroy(&self, _: &Request, _: i64) -> Result<()> {
        Ok(())
    }

    fn validators(&self, post: &Post) -> Validators {
        Validators::version(post.version)
    }
}

fn main() {}

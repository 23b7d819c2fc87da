use resourceful::prelude::*;

struct Posts;

#[resource]
impl AsyncResource for Posts {
    type Access = Public;

    #[errors(NotFound)]
    async fn retrieve(&self, _: &Request, _id: i64) -> Result<String> {
        Err(Error::not_found("No post."))
    }
}

fn main() {}

use resourceful::Created;
use resourceful::prelude::*;

#[derive(Serialize)]
struct Post {
    id: i64,
}

struct Posts;

#[resource]
impl AsyncResource for Posts {
    type Access = Public;

    #[action(POST, "copy")]
    async fn copy(&self, _: &Request, id: i64) -> Result<Created<Post>> {
        Ok(Created(Post { id }).at(id))
    }
}

fn main() {}

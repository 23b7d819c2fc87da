use resourceful::prelude::*;

struct Posts;

#[resource]
impl AsyncResource for Posts {
    type Access = Public;

    async fn retrieve(&self, _: &Request, id: i64) -> String {
        id.to_string()
    }
}

fn main() {}

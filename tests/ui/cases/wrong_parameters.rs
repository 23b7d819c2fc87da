use resourceful::prelude::*;

struct Posts;

#[resource]
impl AsyncResource for Posts {
    type Access = Public;

    async fn retrieve(&self, id: i64) -> Result<String> {
        Ok(id.to_string())
    }
}

fn main() {}

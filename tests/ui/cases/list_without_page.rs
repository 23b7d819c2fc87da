use resourceful::prelude::*;

struct Posts;

#[resource]
impl AsyncResource for Posts {
    type Access = Public;

    async fn list(&self, _: &Request, _: Unpaged) -> Result<Vec<i64>> {
        Ok(vec![])
    }
}

fn main() {}

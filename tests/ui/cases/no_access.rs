use resourceful::prelude::*;

struct Posts;

#[resource]
impl AsyncResource for Posts {
    async fn destroy(&self, _: &Request, _id: i64) -> Result<()> {
        Ok(())
    }
}

fn main() {}

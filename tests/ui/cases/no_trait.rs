use resourceful::prelude::*;

struct Posts;

#[resource]
impl Posts {
    async fn destroy(&self, _: &Request, _: i64) -> Result<()> {
        Ok(())
    }
}

fn main() {}

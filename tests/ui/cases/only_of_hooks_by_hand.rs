use resourceful::prelude::*;

struct Posts;

#[resource(only(list))]
impl AsyncResource for Posts {
    type Access = Public;

    async fn destroy(&self, _: &Request, _id: i64) -> Result<()> {
        Ok(())
    }
}

fn main() {}

use resourceful::prelude::*;

struct Posts;

#[resource]
impl AsyncResource for Posts {
    type Access = Public;

    #[action(PUBLISH, "publish")]
    async fn publish(&self, _: &Request, id: i64) -> Result<String> {
        Ok(id.to_string())
    }
}

fn main() {}

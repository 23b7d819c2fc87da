use resourceful::prelude::*;

struct Posts;

#[resource]
impl AsyncResource for Posts {
    type Access = Public;

    async fn retreive(&self, _: &Request, id: i64) -> Result<String> {
        Ok(id.to_string())
    }
}

fn main() {
    let _ = App::new().resource("/posts", Posts);
}

use resourceful::prelude::*;

#[derive(Deserialize, JsonSchema)]
struct NewPost {
    title: String,
}

struct Posts;

#[resource]
impl AsyncResource for Posts {
    type Access = Public;

    async fn create(&self, _: &Request, new: NewPost) -> Result<String> {
        Ok(new.title)
    }
}

fn main() {}

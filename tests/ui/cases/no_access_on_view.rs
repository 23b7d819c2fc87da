use resourceful::prelude::*;

struct Hello;

#[view]
impl AsyncView for Hello {
    async fn get(&self, _: Request) -> Result<Response> {
        Ok("hello".into_response())
    }
}

fn main() {}

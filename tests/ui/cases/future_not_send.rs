use std::rc::Rc;

use resourceful::prelude::*;

struct Posts;

#[resource]
impl AsyncResource for Posts {
    type Access = Public;

    async fn retrieve(&self, _: &Request, id: i64) -> Result<String> {
        let id = Rc::new(id);
        tokio_yield().await;
        Ok(id.to_string())
    }
}

async fn tokio_yield() {}

fn main() {}

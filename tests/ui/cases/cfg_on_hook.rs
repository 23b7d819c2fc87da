use resourceful::prelude::*;

struct Posts;

#[resource]
impl AsyncResource for Posts {
    type Access = Public;

    #[cfg(windows)]
    async fn destroy(&self, _: &Request, _: i64) -> Result<()> {
        Ok(())
    }
}

fn main() {}

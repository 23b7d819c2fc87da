use resourceful::prelude::*;

struct Posts;
struct Notes;
struct Members;

impl Access<Notes> for Members {
    type Caller = ();

    async fn check(_: &Notes, _: &Request) -> Result<()> {
        Ok(())
    }
}

#[resource]
impl AsyncResource for Posts {
    type Access = Members;

    async fn destroy(&self, _: &Request, _id: i64) -> Result<()> {
        Ok(())
    }
}

fn main() {}

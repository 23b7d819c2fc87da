use resourceful::prelude::*;

struct Taken;

impl From<Taken> for Error {
    fn from(_: Taken) -> Self {
        Self::conflict("Taken.")
    }
}

struct Posts;

#[resource]
impl AsyncResource for Posts {
    type Access = Public;

    async fn destroy(&self, _: &Request, _id: i64) -> Result<(), Taken> {
        Err(Taken)
    }
}

fn main() {}

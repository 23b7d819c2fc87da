#[path = "../tokens.rs"]
mod tokens;

use resourceful::prelude::*;
use tokens::{Tokens, User};

#[derive(AsRef)]
struct Notes {
    #[as_ref]
    tokens: Tokens,
}

#[resource]
impl AsyncResource for Notes {
    type Access = SignedIn<Tokens>;

    async fn retrieve(&self, _: &Request<User>, id: i64) -> Result<i64> {
        Ok(id)
    }
}

fn main() {
    let _ = Notes { tokens: Tokens };
}

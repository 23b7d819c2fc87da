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

    async fn list(&self, _: &Request, _: Unpaged) -> Result<Page<String>> {
        Ok(Page::all(vec![]))
    }

    #[action(POST, "sort")]
    async fn sort(&self, _: &Request) -> Result<()> {
        Ok(())
    }
}

fn main() {
    let _ = (User, Notes { tokens: Tokens });
}

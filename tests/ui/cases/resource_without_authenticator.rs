#[path = "../tokens.rs"]
mod tokens;

use resourceful::prelude::*;
use tokens::{Tokens, User};

struct Notes;

#[resource]
impl AsyncResource for Notes {
    type Access = SignedIn<Tokens>;

    async fn list(&self, _: &Request<User>, _: Unpaged) -> Result<Page<String>> {
        Ok(Page::all(vec![]))
    }
}

fn main() {
    let _ = App::new().resource("/notes", Notes);
}

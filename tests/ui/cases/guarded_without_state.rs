#[path = "../tokens.rs"]
mod tokens;

use resourceful::prelude::*;
use tokens::{Tokens, User};

#[endpoint]
async fn hello(_: &Request<User>) -> Result<&'static str> {
    Ok("hello")
}

fn main() {
    let _ = Tokens;
    let _ = App::new().get("/", guarded::<SignedIn<Tokens>, _>(hello));
}

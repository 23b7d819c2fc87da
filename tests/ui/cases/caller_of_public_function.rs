#[path = "../tokens.rs"]
mod tokens;

use resourceful::prelude::*;
use tokens::{Tokens, User};

#[endpoint]
async fn hello(_: &Request<User>) -> Result<&'static str> {
    Ok("hello")
}

async fn bye(_: Request<User>) -> Result<&'static str> {
    Ok("bye")
}

fn main() {
    let _ = Tokens;
    let _ = App::new().get("/", public(hello)).get("/bye", public(bye));
}

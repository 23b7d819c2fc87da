use resourceful::prelude::*;

#[derive(Clone)]
struct Library;

#[endpoint]
async fn books(_library: &Library) -> Result<&'static str> {
    Ok("none")
}

fn main() {
    let _ = App::new().get("/books", public(books));
}

use resourceful::prelude::*;

async fn hello(_: Request) -> Result<&'static str> {
    Ok("hello")
}

fn main() {
    let _ = App::new().get("/hello", hello);
}

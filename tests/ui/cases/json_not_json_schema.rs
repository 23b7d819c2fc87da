use resourceful::prelude::*;

#[derive(Serialize)]
struct Hello {
    name: &'static str,
}

async fn hello(_: Request) -> Result<Json<Hello>> {
    Ok(Json(Hello { name: "Ada" }))
}

fn main() {
    let _ = App::new().get("/hello", public(hello));
}

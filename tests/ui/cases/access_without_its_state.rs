use resourceful::prelude::*;

#[derive(Clone)]
struct Keys;

struct KnownKey;

impl Access<Keys> for KnownKey {
    type Caller = ();

    async fn check(_: &Keys, _: &Request) -> Result<()> {
        Ok(())
    }
}

async fn hello(_: Request) -> Result<&'static str> {
    Ok("hello")
}

fn main() {
    let _ = App::new().get("/", guarded::<KnownKey, _>(hello));
}

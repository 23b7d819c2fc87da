//! A path that needs a caller.

use resourceful::prelude::*;
use resourceful::{Authenticate, SignedIn};

async fn ping<C>(_: Request<C>) -> Result<&'static str> {
    Ok("pong")
}

/// A client of an application whose only path needs a caller.
pub fn client<A: Authenticate + AsRef<A> + Clone>(authenticator: &A) -> TestClient {
    let view = guarded::<SignedIn<A>, _>(ping).state(authenticator);
    TestClient::new(App::new().get("/", view)).unwrap()
}

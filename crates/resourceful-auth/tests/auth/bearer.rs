//! An application whose one view needs a bearer token.

use resourceful::prelude::*;
use resourceful::{Authenticate, SignedIn};

pub(crate) const INVALID: &str = "Bearer error=\"invalid_token\"";

pub(crate) fn client<A>(authenticator: &A) -> TestClient
where
    A: Authenticate + AsRef<A> + Clone,
{
    async fn view<C: Send + Sync + 'static>(_: Request<C>) -> Result<&'static str> {
        Ok("yes")
    }
    let view = guarded::<SignedIn<A>, _>(view::<A::Caller>).state(authenticator);
    TestClient::new(App::new().get("/", view)).unwrap()
}

/// Status and challenge of a request with this token.
pub(crate) async fn send(client: &TestClient, token: &str) -> (u16, Option<String>) {
    let request = client.get("/");
    let response = request
        .header("authorization", &format!("Bearer {token}"))
        .await;
    let challenge = response.headers().get("www-authenticate");
    let challenge = challenge.map(|value| value.to_str().unwrap().to_owned());
    (response.status().as_u16(), challenge)
}

/// The texts of an error that the log has.
pub(crate) fn logged(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

//! An access rule for the tests.

use std::marker::PhantomData;

use http::header::WWW_AUTHENTICATE;
use resourceful::prelude::*;
use resourceful::{Authenticate, Authentication, ErrorStatus};

/// The request needs a caller that `A` finds.
pub struct Caller<A>(PhantomData<fn(A)>);

impl<A: Authenticate, R: AsRef<A> + Sync> Access<R> for Caller<A> {
    async fn check(resource: &R, request: &Request) -> Result<()> {
        let authenticator = resource.as_ref();
        match authenticator.authenticate(request).await? {
            Authentication::Caller(_) => Ok(()),
            Authentication::Foreign(error) => Err(error),
            Authentication::Missing => Err(Error::new(ErrorStatus::new(401))
                .with_header(WWW_AUTHENTICATE, authenticator.challenge())),
        }
    }
}

async fn ping(_: Request) -> Result<&'static str> {
    Ok("pong")
}

/// A client of an application whose only path needs a caller.
pub fn client<A: Authenticate + AsRef<A> + Clone>(authenticator: &A) -> TestClient {
    let view = guarded::<Caller<A>, _>(ping).state(authenticator);
    TestClient::new(App::new().get("/", view)).unwrap()
}

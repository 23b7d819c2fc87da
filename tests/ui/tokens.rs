//! An authenticator for the cases.

use resourceful::prelude::*;
use resourceful::{Authenticate, Authentication};

pub struct User;

#[derive(Clone)]
pub struct Tokens;

impl AsRef<Tokens> for Tokens {
    fn as_ref(&self) -> &Tokens {
        self
    }
}

impl Authenticate for Tokens {
    type Caller = User;

    async fn authenticate(&self, _: &Request) -> Result<Authentication<User>> {
        Ok(Authentication::Caller(User))
    }

    fn challenge(&self) -> resourceful::http::HeaderValue {
        resourceful::http::HeaderValue::from_static("Bearer")
    }
}

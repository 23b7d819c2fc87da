//! Callers, and the rows that are theirs.

mod documented;
mod rules;
mod subjects;

use resourceful::http::HeaderValue;
use resourceful::prelude::*;
use resourceful::{Authenticate, Authentication, Security};

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct User {
    pub(crate) name: String,
}

/// Bearer tokens of the form `of-ada`; `wrong` is known to be wrong, others may belong to another
/// authenticator.
#[derive(Clone, Debug)]
pub(crate) struct Tokens;

impl AsRef<Tokens> for Tokens {
    fn as_ref(&self) -> &Tokens {
        self
    }
}

fn invalid() -> Error {
    Error::unauthorized("Bearer error=\"invalid_token\"")
}

impl Authenticate for Tokens {
    type Caller = User;

    async fn authenticate(&self, request: &Request) -> Result<Authentication<User>> {
        let Some(token) = request.credentials("Bearer")? else {
            return Ok(Authentication::Missing);
        };
        Ok(match token.strip_prefix("of-") {
            Some(name) => {
                let name = name.to_owned();
                Authentication::Caller(User { name })
            }
            None if token == "wrong" => return Err(invalid()),
            None => Authentication::Foreign(invalid()),
        })
    }

    fn challenge(&self) -> HeaderValue {
        HeaderValue::from_static("Bearer")
    }

    fn security(&self) -> Security {
        Security::Bearer
    }
}

/// A machine, by its bearer token of the form `m7`.
#[derive(Clone, Debug)]
pub(crate) struct Machines;

pub(crate) struct Machine(pub(crate) u32);

impl From<Machine> for User {
    fn from(Machine(number): Machine) -> Self {
        let name = format!("machine {number}");
        Self { name }
    }
}

impl AsRef<Machines> for Machines {
    fn as_ref(&self) -> &Machines {
        self
    }
}

impl Authenticate for Machines {
    type Caller = Machine;

    async fn authenticate(&self, request: &Request) -> Result<Authentication<Machine>> {
        if let Some(key) = request.header("x-key") {
            let number = key.parse().map_err(|_| Error::unauthorized("Key"))?;
            return Ok(Authentication::Caller(Machine(number)));
        }
        let Some(token) = request.credentials("Bearer")? else {
            return Ok(Authentication::Missing);
        };
        let number = token
            .strip_prefix('m')
            .and_then(|number| number.parse().ok());
        Ok(number.map_or_else(
            || Authentication::Foreign(invalid()),
            |number| Authentication::Caller(Machine(number)),
        ))
    }

    fn challenge(&self) -> HeaderValue {
        HeaderValue::from_static("Key")
    }

    fn security(&self) -> Security {
        Security::HeaderKey("X-Key".into())
    }
}

/// The state of functions with both.
#[derive(AsRef, Clone, Debug)]
pub(crate) struct Both {
    #[as_ref]
    tokens: Tokens,
    #[as_ref]
    machines: Machines,
}

pub(crate) const BOTH: Both = Both {
    tokens: Tokens,
    machines: Machines,
};

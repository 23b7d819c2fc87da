//! [`Authenticate`]: finds the caller of a request by its credentials.

use std::future::Future;

use http::header::HeaderValue;

use crate::error::{Error, Result};
use crate::openapi::Security;
use crate::request::Request;

/// Finds the caller of a request by its credentials, such as an API key or a session cookie.
///
/// An access rule is made of it: [`SignedIn`](crate::SignedIn), [`Maybe`](crate::Maybe) and the like. The
/// resource holds it, and implements `AsRef` of it. The crate `resourceful-auth` has API keys, passwords,
/// JWT, OAuth 2 and sessions.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful::{Authenticate, Authentication, Security};
/// use subtle::ConstantTimeEq;
///
/// /// The one machine that sends readings.
/// struct Sensor;
///
/// struct SensorToken(String);
///
/// impl Authenticate for SensorToken {
///     type Caller = Sensor;
///
///     async fn authenticate(&self, request: &Request) -> Result<Authentication<Sensor>> {
///         match request.credentials("Bearer")? {
///             None => Ok(Authentication::Missing),
///             // Compares in constant time: the time of `==` depends on how much of a guess is right.
///             Some(token) if token.as_bytes().ct_eq(self.0.as_bytes()).into() => Ok(Authentication::Caller(Sensor)),
///             Some(_) => Err(Error::unauthorized("Bearer error=\"invalid_token\"")),
///         }
///     }
///
///     fn challenge(&self) -> http::HeaderValue { http::HeaderValue::from_static("Bearer") }
///
///     fn security(&self) -> Security { Security::Bearer }
/// }
/// ```
pub trait Authenticate: Send + Sync + 'static {
    /// The caller, such as a user. Hooks get it from [`Request::caller`].
    type Caller: Send + Sync + 'static;

    /// Finds the caller. Runs before the body of the request is read.
    ///
    /// # Errors
    /// 401 for credentials that are wrong, expired or revoked, with a `WWW-Authenticate` field that says
    /// so; 503 if they cannot be checked at the moment. An error is the response also where a request
    /// without credentials is allowed.
    fn authenticate(
        &self,
        request: &Request,
    ) -> impl Future<Output = Result<Authentication<Self::Caller>>> + Send;

    /// The value of `WWW-Authenticate` for a request without credentials (RFC 9110 section 11.6.1).
    fn challenge(&self) -> HeaderValue;

    /// The authentication scheme for the API document. The default names none.
    fn security(&self) -> Security {
        Security::Unspecified
    }
}

/// The result of [`Authenticate::authenticate`].
///
/// # Examples
/// See [`Authenticate`].
#[derive(Debug)]
pub enum Authentication<C> {
    /// The request has no credentials of this kind.
    Missing,

    /// The request has credentials of the same scheme, but in the form of another authenticator, such as a
    /// bearer token that is no API key. The error is the response, unless another one finds the caller.
    Foreign(Error),

    /// The credentials are those of this caller.
    Caller(C),
}

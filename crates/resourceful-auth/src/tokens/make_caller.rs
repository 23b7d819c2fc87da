//! [`MakeCaller`]: from the claims of a token to the application's caller.

use std::future::{Future, ready};
use std::marker::PhantomData;
use std::pin::Pin;

use resourceful::Result;
use serde::de::DeserializeOwned;

use crate::tokens::json::parse_object;

pub(crate) type CallerFuture<C> = Pin<Box<dyn Future<Output = Result<Option<C>>> + Send>>;

/// Makes the caller of the claims of a token that was checked. `None`: the token is refused.
pub(crate) trait MakeCaller<C>: Send + Sync {
    fn make(&self, claims: &[u8]) -> serde_json::Result<CallerFuture<C>>;
}

/// The claims are the caller.
pub(crate) struct FromClaims;

impl<C: DeserializeOwned + Send + 'static> MakeCaller<C> for FromClaims {
    fn make(&self, claims: &[u8]) -> serde_json::Result<CallerFuture<C>> {
        Ok(Box::pin(ready(Ok(Some(parse_object(claims)?)))))
    }
}

/// A function makes the caller of the claims.
pub(crate) struct FromFunction<F, D>(F, PhantomData<fn(D)>);

impl<C, D, F, Fut> MakeCaller<C> for FromFunction<F, D>
where
    D: DeserializeOwned,
    F: Fn(D) -> Fut + Send + Sync,
    Fut: Future<Output = Result<Option<C>>> + Send + 'static,
{
    fn make(&self, claims: &[u8]) -> serde_json::Result<CallerFuture<C>> {
        Ok(Box::pin((self.0)(parse_object(claims)?)))
    }
}

impl<F, D> FromFunction<F, D> {
    pub(crate) fn new(function: F) -> Self {
        Self(function, PhantomData)
    }
}

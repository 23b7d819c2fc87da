//! [`FromResponse`]: the result of a hook, read by a typed client.

use bytes::Bytes;
use http::HeaderMap;
use serde::de::DeserializeOwned;

/// A successful response that a client has received.
#[doc(hidden)]
pub trait ReceivedResponse {
    type Error;

    fn headers(&self) -> &HeaderMap;

    fn bytes(&self) -> &Bytes;

    fn json<T: DeserializeOwned>(&self) -> Result<T, Self::Error>;

    /// The error for a response that does not match its type.
    fn mismatch(&self, text: &str) -> Self::Error;
}

/// A result of a hook that a typed client can read from the response.
///
/// Every type that implements `Deserialize` is one, and so are the result types of this library:
/// [`Created`](struct@crate::Created), [`Accepted`](struct@crate::Accepted), [`Text`](crate::Text) and the others.
///
/// # Examples
/// ```
/// use resourceful::{Created, FromResponse};
///
/// fn can_be_read<T: FromResponse>() {}
/// can_be_read::<Created<Vec<String>>>();
/// ```
#[diagnostic::on_unimplemented(
    message = "a client cannot read `{Self}` from a response",
    note = "add `#[derive(Deserialize)]` to `{Self}`"
)]
pub trait FromResponse: Sized {
    #[doc(hidden)]
    fn from_response<R: ReceivedResponse>(response: &R) -> Result<Self, R::Error>;
}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> FromResponse for T {
    fn from_response<R: ReceivedResponse>(response: &R) -> Result<Self, R::Error> {
        response.json()
    }
}

//! The response that is kept for an `Idempotency-Key`.

use bytes::Bytes;
use http::header::HeaderMap;

use crate::endpoint::error_response::error_response;
use crate::error::{Error, Result};
use crate::request::head::Head;
use crate::response::reply::Reply;

/// Makes the response of a result. A 5xx stays an error, since it is not kept.
pub(super) fn response(result: Result<Reply>, head: &Head) -> Result<http::Response<Bytes>> {
    let reply = match result {
        Err(error) if error.status().is_server_error() => return Err(error),
        Err(error) => error_response(&error, head),
        Ok(reply) => reply,
    };
    let (parts, body) = reply.into_response(&mut HeaderMap::new()).into_parts();
    let Some(bytes) = body.into_bytes() else {
        return Err(Error::internal(
            "an action with `Idempotency-Key` returned a stream, which cannot be kept",
        ));
    };
    Ok(http::Response::from_parts(parts, bytes))
}

//! `GET /endpoint/`: what the external service says, handed on.
//!
//! Coming from Django: `async with aiohttp.ClientSession() as session` for every request is a
//! `Client` that is built once; its errors are types, and its time and size are bounded.

use http::StatusCode;
use resourceful::prelude::*;
use resourceful_client::Client;
use serde_json::value::RawValue;

use crate::error::BlogError;

/// A JSON object that nobody looks into: it goes out as it came in, to the byte.
#[derive(Debug, Deserialize, Serialize)]
#[serde(try_from = "Box<RawValue>")]
pub(crate) struct JsonObject(Box<RawValue>);

impl TryFrom<Box<RawValue>> for JsonObject {
    type Error = &'static str;

    fn try_from(value: Box<RawValue>) -> Result<Self, Self::Error> {
        if value.get().starts_with('{') {
            Ok(Self(value))
        } else {
            Err("must be an object")
        }
    }
}

pub(crate) async fn endpoint(
    upstream: Client,
    request: Request,
) -> Result<Json<JsonObject>, BlogError> {
    let reply = upstream.on_behalf_of(&request).get("/data").send().await?;
    if reply.status() != StatusCode::OK {
        return Err(BlogError::ExternalApi(reply.status().as_str().into()));
    }
    Ok(Json(reply.json()?))
}

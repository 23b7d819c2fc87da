//! What the external service says, handed on: `GET /endpoint/` and what the users' views share.
//!
//! Coming from Django: `async with aiohttp.ClientSession() as session` for every request is a
//! `Client` that is built once; its errors are types, and its time and size are bounded.

use std::borrow::Cow;

use http::StatusCode;
use resourceful::prelude::*;
use resourceful_client::{Call, Client, ClientError, ClientResponse};
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::error::BlogError;

/// JSON that goes out as it came in, to the byte.
#[derive(Debug, Deserialize, Serialize)]
#[serde(try_from = "Box<RawValue>")]
pub(crate) struct Verbatim(Box<RawValue>);

impl JsonSchema for Verbatim {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Verbatim".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        true.into()
    }
}

impl TryFrom<Box<RawValue>> for Verbatim {
    type Error = serde_json::Error;

    /// A `RawValue` has the form of JSON; that its text can be read, and is not nested without
    /// end, is known when it was.
    fn try_from(raw: Box<RawValue>) -> Result<Self, Self::Error> {
        serde_json::from_str::<Value>(raw.get())?;
        Ok(Self(raw))
    }
}

/// The same of an object.
#[derive(Debug, Deserialize, Serialize)]
#[serde(try_from = "Verbatim")]
pub(crate) struct JsonObject(Verbatim);

impl JsonSchema for JsonObject {
    fn schema_name() -> Cow<'static, str> {
        "JsonObject".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "An object as the external service wrote it.",
            "type": "object",
            "additionalProperties": true,
        })
    }
}

impl TryFrom<Verbatim> for JsonObject {
    type Error = &'static str;

    fn try_from(value: Verbatim) -> Result<Self, Self::Error> {
        if value.0.get().starts_with('{') {
            Ok(Self(value))
        } else {
            Err("must be an object")
        }
    }
}

/// What the external service answers with 200; any other status has something else to say.
pub(crate) async fn ok(call: Call) -> Result<ClientResponse, ClientError> {
    let reply = call.send().await?;
    if reply.status() == StatusCode::OK {
        return Ok(reply);
    }
    Err(ClientError::Status {
        status: reply.status(),
        body: reply.bytes().clone(),
    })
}

pub(crate) async fn fetch<T: serde::de::DeserializeOwned>(call: Call) -> Result<T, ClientError> {
    ok(call).await?.json()
}

/// A user that the external service does not know is an answer, not a failure.
pub(crate) fn external_user<T>(outcome: Result<T, ClientError>) -> Result<T, BlogError> {
    outcome.map_err(|error| match error {
        error if is_not_found(&error) => BlogError::ExternalUserNotFound,
        error => error.into(),
    })
}

pub(crate) fn is_not_found(error: &ClientError) -> bool {
    error.status() == Some(StatusCode::NOT_FOUND)
}

/// `GET /endpoint/`
pub(crate) async fn endpoint(
    upstream: Client,
    request: Request,
) -> Result<Json<JsonObject>, BlogError> {
    Ok(Json(
        fetch(upstream.on_behalf_of(&request).get("/data")).await?,
    ))
}

pub(crate) fn about_endpoint() -> Description {
    Description::of("Hands on what the external service says.").tag("external")
}

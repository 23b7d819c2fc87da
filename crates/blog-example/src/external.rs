//! Calls to the external service: `GET /endpoint/`, and functions that the views in `users/` share.
//!
//! Coming from Django: a `Client` that is built once replaces
//! `async with aiohttp.ClientSession() as session` in every request. It has typed errors, and limits for
//! time and size.

use std::borrow::Cow;

use http::StatusCode;
use resourceful::prelude::*;
use resourceful_client::{Call, Client, ClientError, ClientResponse};
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::error::BlogError;

/// JSON that is passed on byte for byte.
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

    /// A `RawValue` has the syntax of JSON. Reading it also checks its texts and its depth.
    fn try_from(raw: Box<RawValue>) -> Result<Self, Self::Error> {
        serde_json::from_str::<Value>(raw.get())?;
        Ok(Self(raw))
    }
}

/// A JSON object that is passed on byte for byte.
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

/// Makes the call. Only 200 is a success; any other status is an error, even 201.
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

/// Converts the 404 of an unknown user into a 404 of the blog, and any other error into a 502 or 504.
pub(crate) fn external_user<T>(result: Result<T, ClientError>) -> Result<T, BlogError> {
    result.map_err(|error| match error {
        error if is_not_found(&error) => BlogError::ExternalUserNotFound,
        error => error.into(),
    })
}

pub(crate) fn is_not_found(error: &ClientError) -> bool {
    error.status() == Some(StatusCode::NOT_FOUND)
}

/// Passes on data of the external service.
#[endpoint(tag = "external")]
pub(crate) async fn upstream_data(
    upstream: &Client,
    request: &Request,
) -> Result<Json<JsonObject>, BlogError> {
    let data = fetch(upstream.on_behalf_of(request).get("/data")).await?;
    Ok(Json(data))
}

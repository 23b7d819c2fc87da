//! Checks that all contenders send the same responses, before anything is measured.

use std::process::Command;

use serde_json::Value;

use crate::Result;
use crate::contender::Contender;
use crate::measure::build;
use crate::measure::client::{
    Connection, ENDPOINTS, Endpoint, ITEM_OF_MANY, MANY_ROUTES, Response,
};
use crate::measure::server::Server;

/// Requests that are refused. The texts differ, so only the status is compared.
const REFUSED: [Endpoint; 4] = [
    Endpoint::get("unknown item", "/posts/1001"),
    Endpoint::get("unknown path", "/nothing"),
    Endpoint::get("bad page", "/posts?page=0&limit=10"),
    Endpoint {
        name: "bad post",
        method: "POST",
        path: "/posts",
        body: Some(r#"{"title": "","published":true}"#),
        field: None,
    },
];

/// A response with parsed JSON, because the order of members may differ: poem-openapi sorts them.
#[derive(Debug, PartialEq)]
struct Observed {
    status: u16,
    length: usize,
    body: Value,
}

/// # Errors
/// Names the first contender whose responses differ from those of the first one.
pub(crate) fn check(contenders: &[Contender]) -> Result<()> {
    let mut first: Option<(&str, Vec<Observed>)> = None;
    for contender in contenders {
        let responses = responses(*contender)
            .map_err(|error| format!("{} does not respond: {error}", contender.name))?;
        let Some((name, expected)) = &first else {
            first = Some((contender.name, responses));
            continue;
        };
        let mut pairs = expected.iter().zip(&responses);
        if let Some((expected, response)) = pairs.find(|(expected, response)| expected != response)
        {
            let other = contender.name;
            return Err(format!("{name} returns {expected:?}, {other} {response:?}").into());
        }
    }
    Ok(())
}

fn responses(contender: Contender) -> Result<Vec<Observed>> {
    let mut program = Command::new(build::program(contender)?);
    let server = Server::start(&mut program, MANY_ROUTES)?;
    let call = |endpoint: &Endpoint| Connection::open(server.address)?.call(endpoint);
    let mut responses = Vec::new();
    for endpoint in ENDPOINTS.iter().chain([&ITEM_OF_MANY]) {
        let Response { status, body } = call(endpoint)?;
        let length = body.len();
        let body = serde_json::from_str(&body).unwrap_or(Value::String(body));
        responses.push(Observed {
            status,
            length,
            body,
        });
    }
    for endpoint in &REFUSED {
        responses.push(Observed {
            status: call(endpoint)?.status,
            length: 0,
            body: endpoint.name.into(),
        });
    }
    Ok(responses)
}

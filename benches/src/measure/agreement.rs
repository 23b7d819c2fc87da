//! All contenders answer the same, or nothing is measured.

use std::process::Command;

use serde_json::Value;

use crate::Result;
use crate::contender::Contender;
use crate::measure::build;
use crate::measure::count::{ITEM_OF_MANY, MANY_ROUTES};
use crate::measure::load::{Answer, Connection, ENDPOINTS, Endpoint};
use crate::measure::server::Server;

/// Refusals are told in each one's own words: only their status is compared.
const REFUSED: [Endpoint; 4] = [
    Endpoint::get("unknown item", "/posts/1001"),
    Endpoint::get("unknown path", "/nothing"),
    Endpoint::get("bad page", "/posts?page=0&limit=10"),
    Endpoint {
        name: "bad post",
        method: "POST",
        path: "/posts",
        body: Some(r#"{"title": "","published":true}"#),
    },
];

/// The members of an object may stand in any order: poem-openapi sorts them.
#[derive(Debug, PartialEq)]
struct Answered {
    status: u16,
    length: usize,
    body: Value,
}

/// # Errors
/// Names the first that differs from the first.
pub(crate) fn check(contenders: &[Contender]) -> Result<()> {
    let mut first: Option<(&str, Vec<Answered>)> = None;
    for contender in contenders {
        let answers = answers(*contender)
            .map_err(|error| format!("{} does not answer: {error}", contender.name))?;
        let Some((name, expected)) = &first else {
            first = Some((contender.name, answers));
            continue;
        };
        let mut pairs = expected.iter().zip(&answers);
        if let Some((expected, answer)) = pairs.find(|(one, other)| one != other) {
            let other = contender.name;
            return Err(format!("{name} answers {expected:?}, {other} {answer:?}").into());
        }
    }
    Ok(())
}

fn answers(contender: Contender) -> Result<Vec<Answered>> {
    let mut program = Command::new(build::program(contender)?);
    let server = Server::start(&mut program, MANY_ROUTES)?;
    let ask = |endpoint: &Endpoint| Connection::open(server.address)?.ask(endpoint);
    let mut answers = Vec::new();
    for endpoint in ENDPOINTS.iter().chain([&ITEM_OF_MANY]) {
        let Answer { status, body } = ask(endpoint)?;
        let length = body.len();
        let body = serde_json::from_str(&body).unwrap_or(Value::String(body));
        answers.push(Answered {
            status,
            length,
            body,
        });
    }
    for endpoint in &REFUSED {
        answers.push(Answered {
            status: ask(endpoint)?.status,
            length: 0,
            body: endpoint.name.into(),
        });
    }
    Ok(answers)
}

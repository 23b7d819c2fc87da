//! All contenders answer the same, or nothing is measured.

use std::process::Command;

use crate::Result;
use crate::contender::Contender;
use crate::measure::build;
use crate::measure::load::{Answer, Connection, ENDPOINTS, Endpoint};
use crate::measure::server::Server;

const LAST_EXTRA: Endpoint = Endpoint::get("extra", "/extra299/7");

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

/// # Errors
/// Names the first that differs from the first.
pub(crate) fn check(contenders: &[Contender]) -> Result<()> {
    let mut first: Option<(&str, Vec<Answer>)> = None;
    for contender in contenders {
        let answers = answers(*contender)
            .map_err(|error| format!("{} does not answer: {error}", contender.name))?;
        let Some((name, expected)) = &first else {
            first = Some((contender.name, answers));
            continue;
        };
        let pairs = expected.iter().zip(&answers);
        if let Some((expected, answer)) = pairs.into_iter().find(|(one, other)| one != other) {
            let other = contender.name;
            return Err(format!("{name} answers {expected:?}, {other} {answer:?}").into());
        }
    }
    Ok(())
}

fn answers(contender: Contender) -> Result<Vec<Answer>> {
    let mut program = Command::new(build::program(contender)?);
    let server = Server::start(&mut program, 300)?;
    let ask = |endpoint: &Endpoint| Connection::open(server.address)?.ask(endpoint);
    let mut answers = Vec::new();
    for endpoint in ENDPOINTS.iter().chain([&LAST_EXTRA]) {
        answers.push(ask(endpoint)?);
    }
    for endpoint in &REFUSED {
        let Answer { status, .. } = ask(endpoint)?;
        let body = endpoint.name.to_owned();
        answers.push(Answer { status, body });
    }
    Ok(answers)
}

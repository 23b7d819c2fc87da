//! Instructions of a request with a caller, a rate or an idempotency key, beside the same one without.

use resourceful_benches::callers::{API_KEY, JWT, SESSION_ID};

use crate::Result;
use crate::contender::Contender;
use crate::measure::build;
use crate::measure::client::{CREATE, Connection, Endpoint, PLAIN};
use crate::measure::count::measure_endpoints;
use crate::measure::server::Server;

const CALLERS: Contender = Contender::of("callers", "resourceful");

/// Measures each kind of credentials. The first figure is that of no credentials.
///
/// # Errors
/// If the server refuses credentials, or cannot be measured.
pub(crate) fn measure() -> Result<Vec<(&'static str, f64)>> {
    let bearer = |token: &str| ("Authorization", format!("Bearer {token}"));
    let requests = [
        (PLAIN, None),
        (Endpoint::get("API key", "/api-key"), Some(bearer(API_KEY))),
        (
            Endpoint::get("session", "/session"),
            Some(("Cookie", format!("__Host-session={SESSION_ID}"))),
        ),
        (Endpoint::get("JWT (HS256)", "/jwt"), Some(bearer(JWT))),
        (Endpoint::get("rate of an address", "/per-address"), None),
        (
            Endpoint::get("API key with a rate", "/per-key"),
            Some(bearer(API_KEY)),
        ),
        (CREATE, None),
        (
            Endpoint {
                name: "create, key of before",
                ..CREATE
            },
            Some(("Idempotency-Key", "\"order-7\"".to_owned())),
        ),
    ];
    let endpoints = requests.map(|(endpoint, field)| Endpoint {
        // The program ends soon.
        field: field.map(|(name, value)| (name, &*value.leak())),
        ..endpoint
    });
    check(&endpoints)?;
    let costs = measure_endpoints(CALLERS, &endpoints, 0)?;
    let figure = |endpoint: &Endpoint| (endpoint.name, costs[endpoint.name].instructions);
    Ok(endpoints.iter().map(figure).collect())
}

/// A refused request would be cheaper.
fn check(endpoints: &[Endpoint]) -> Result<()> {
    let mut command = std::process::Command::new(build::program(CALLERS)?);
    let server = Server::start(&mut command, 0)?;
    for endpoint in endpoints {
        let response = Connection::open(server.address)?.call(endpoint)?;
        if !(200..300).contains(&response.status) {
            return Err(format!("{} is {}", endpoint.name, response.status).into());
        }
    }
    Ok(())
}

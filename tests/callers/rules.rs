//! Access rules made of authenticators: each rule with each kind of credentials.

use resourceful::http::Method;
use resourceful::prelude::*;
use resourceful::{Any, Maybe, Only, Policy, SignedInToWrite};

use super::{BOTH, Both, Machines, Tokens, User};

async fn name(request: Request<User>) -> Result<String> {
    Ok(request.caller().name.clone())
}

async fn maybe_name(request: Request<Option<User>>) -> Result<String> {
    let name = request.caller().as_ref().map(|user| user.name.clone());
    Ok(name.unwrap_or_else(|| "nobody".to_owned()))
}

async fn needed_name(request: Request<Option<User>>) -> Result<String> {
    request.signed_in().map(|user| user.name.clone())
}

struct Ada;

impl Policy<User> for Ada {
    const REFUSAL: &'static str = "This is Ada's.";

    fn allows(user: &User, _: &Request) -> bool {
        user.name == "ada"
    }
}

fn client() -> TestClient {
    type AnyOne = Any<(Tokens, Machines)>;
    fn by<A, H>(handler: H) -> resourceful::Guarded<A, H, Both> {
        guarded::<A, H>(handler).state(&BOTH)
    }
    let app = App::new()
        .get("/signed-in", by::<SignedIn<Tokens>, _>(name))
        .get("/maybe", by::<Maybe<Tokens>, _>(maybe_name))
        .get("/needed", by::<Maybe<Tokens>, _>(needed_name))
        .get("/any", by::<SignedIn<AnyOne>, _>(name))
        .get("/maybe-any", by::<Maybe<AnyOne>, _>(maybe_name))
        .get("/only", by::<Only<SignedIn<AnyOne>, Ada>, _>(name))
        .get("/write", by::<SignedInToWrite<Tokens>, _>(maybe_name))
        .post("/write", by::<SignedInToWrite<Tokens>, _>(needed_name))
        .delete("/write", by::<SignedInToWrite<Tokens>, _>(needed_name));
    TestClient::new(app).unwrap()
}

/// The fields of a request, its path, and the status and text or challenges of the response.
const TABLE: &[(&str, &str, u16, &str)] = &[
    ("/signed-in", "", 401, "Bearer"),
    ("/signed-in", "authorization: Bearer of-ada", 200, "ada"),
    ("/signed-in", "authorization: bEARER   of-ada", 200, "ada"),
    ("/signed-in", "authorization: Bearer wrong", 401, INVALID),
    ("/signed-in", "authorization: Bearer strange", 401, INVALID),
    ("/signed-in", "authorization: Bearer", 401, INVALID),
    // Another scheme is no credentials of this one.
    ("/signed-in", "authorization: Basic YTpi", 401, "Bearer"),
    ("/signed-in", "authorization: Bearerof-ada", 401, "Bearer"),
    (
        "/signed-in",
        "authorization: Bearer of-ada\nauthorization: Bearer of-bob",
        401,
        "Bearer",
    ),
    ("/maybe", "", 200, "nobody"),
    ("/maybe", "authorization: Bearer of-ada", 200, "ada"),
    ("/maybe", "authorization: Bearer wrong", 401, INVALID),
    ("/maybe", "authorization: Bearer strange", 401, INVALID),
    (
        "/maybe",
        "authorization: Bearer of-ada\nauthorization: Bearer of-ada",
        401,
        "Bearer",
    ),
    ("/maybe", "authorization: Basic YTpi", 200, "nobody"),
    ("/needed", "", 401, "Bearer"),
    ("/needed", "authorization: Bearer of-ada", 200, "ada"),
    ("/any", "", 401, "Bearer, Key"),
    ("/any", "authorization: Bearer of-ada", 200, "ada"),
    ("/any", "authorization: Bearer m7", 200, "machine 7"),
    ("/any", "x-key: 8", 200, "machine 8"),
    ("/any", "x-key: eight", 401, "Key"),
    ("/any", "authorization: Bearer strange", 401, INVALID),
    // The first authenticator with wrong credentials decides.
    (
        "/any",
        "authorization: Bearer wrong\nx-key: 8",
        401,
        INVALID,
    ),
    (
        "/any",
        "authorization: Bearer strange\nx-key: 8",
        200,
        "machine 8",
    ),
    ("/any", "authorization: Bearer of-ada\nx-key: 8", 200, "ada"),
    ("/maybe-any", "", 200, "nobody"),
    ("/maybe-any", "authorization: Bearer m7", 200, "machine 7"),
    ("/maybe-any", "authorization: Bearer strange", 401, INVALID),
    ("/only", "", 401, "Bearer, Key"),
    ("/only", "authorization: Bearer of-ada", 200, "ada"),
    (
        "/only",
        "authorization: Bearer of-bob",
        403,
        "This is Ada's.",
    ),
    ("/only", "x-key: 8", 403, "This is Ada's."),
    ("/write", "", 200, "nobody"),
    ("/write", "authorization: Bearer of-ada", 200, "ada"),
    ("/write", "authorization: Bearer wrong", 401, INVALID),
    ("POST /write", "", 401, "Bearer"),
    ("POST /write", "authorization: Bearer of-ada", 200, "ada"),
    ("POST /write", "authorization: Bearer wrong", 401, INVALID),
    ("DELETE /write", "", 401, "Bearer"),
];

const INVALID: &str = "Bearer error=\"invalid_token\"";

#[tokio::test]
async fn each_rule_decides_on_each_kind_of_credentials() {
    let client = client();
    for (path, fields, status, text) in TABLE {
        let (method, path) = path.split_once(' ').unwrap_or(("GET", path));
        let mut request = client.request(Method::from_bytes(method.as_bytes()).unwrap(), path);
        for field in fields.lines() {
            let (name, value) = field.split_once(": ").unwrap();
            request = request.header(name, value);
        }
        let response = request.await;
        let row = format!("{method} {path} {fields}");
        assert_eq!(response.status(), *status, "{row}");
        let found = match status {
            200 => response.text().to_owned(),
            403 => response.json()["detail"].as_str().unwrap().to_owned(),
            _ => {
                let challenges = response.headers().get_all("www-authenticate").iter();
                let challenges: Vec<_> = challenges.map(|one| one.to_str().unwrap()).collect();
                challenges.join(", ")
            }
        };
        assert_eq!(found, *text, "{row}");
    }
}

#[tokio::test]
async fn head_may_do_what_get_may() {
    let client = client();
    let head = |path| client.request(Method::HEAD, path);
    assert_eq!(head("/write").await.status(), 200);
    assert_eq!(head("/signed-in").await.status(), 401);
    let response = head("/signed-in").header("authorization", "Bearer of-ada");
    assert_eq!(response.await.status(), 200);
}

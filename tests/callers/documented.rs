//! Callers in the API document: the alternatives of each rule.

use resourceful::prelude::*;
use resourceful::{Any, Maybe, Only, Policy, SignedInToWrite};
use serde_json::json;

use crate::fixture::NewPost;

use super::{BOTH, Both, Machines, Tokens, User};

#[endpoint]
async fn anything() -> Result<&'static str> {
    Ok("")
}

struct Everyone;

impl Policy<User> for Everyone {
    fn allows(_: &User, _: &Request) -> bool {
        true
    }
}

#[derive(AsRef)]
struct Notes(#[as_ref] Tokens);

#[resource]
impl AsyncResource for Notes {
    type Access = SignedInToWrite<Tokens>;

    async fn list(&self, _: &Request<Option<User>>, _: Unpaged) -> Result<Page<String>> {
        Ok(Page::all(Vec::new()))
    }

    async fn create(&self, _: &Request<Option<User>>, new: NewPost) -> Result<String> {
        Ok(new.title)
    }
}

#[test]
fn a_rule_has_its_schemes_as_alternatives() {
    type AnyOne = Any<(Tokens, Machines)>;
    fn by<A>()
    -> resourceful::Guarded<A, impl Fn() -> __anything_endpoint + Send + Sync + 'static, Both> {
        guarded::<A, _>(anything).state(&BOTH)
    }
    let gated = App::new()
        .access_with_state::<SignedIn<Machines>, _>(BOTH)
        .get("/gated", by::<SignedIn<AnyOne>>())
        .get("/gated-maybe", by::<Maybe<Tokens>>());
    let app = App::new()
        .get("/public", public(anything))
        .get("/signed-in", by::<SignedIn<Tokens>>())
        .get("/any", by::<SignedIn<AnyOne>>())
        .get("/maybe", by::<Maybe<AnyOne>>())
        .get("/only", by::<Only<SignedIn<Tokens>, Everyone>>())
        .resource("/notes", Notes(Tokens))
        .nest("/", gated);
    let document = app.openapi().unwrap();
    let document = document.as_value();
    let (bearer, key) = (json!({"bearer": []}), json!({"x-key": []}));
    for (method, path, security) in [
        ("get", "/public", json!([])),
        ("get", "/signed-in", json!([bearer])),
        ("get", "/any", json!([bearer, key])),
        ("get", "/maybe", json!([{}, bearer, key])),
        ("get", "/only", json!([bearer])),
        ("get", "/notes", json!([{}, bearer])),
        ("post", "/notes", json!([bearer])),
        ("get", "/gated", json!([{"bearer": [], "x-key": []}, key])),
        (
            "get",
            "/gated-maybe",
            json!([key, {"bearer": [], "x-key": []}]),
        ),
    ] {
        let operation = &document["paths"][path][method];
        assert_eq!(operation["security"], security, "{method} {path}");
        let responses = &operation["responses"];
        let is_open = security == json!([]);
        for status in ["401", "403"] {
            assert_eq!(
                responses.get(status).is_none(),
                is_open,
                "{method} {path} {status}"
            );
        }
    }
    let schemes = &document["components"]["securitySchemes"];
    assert_eq!(
        schemes["x-key"],
        json!({"type": "apiKey", "in": "header", "name": "X-Key"})
    );
    assert_eq!(
        schemes["bearer"],
        json!({"type": "http", "scheme": "bearer"})
    );
}

#[test]
fn the_rules_name_those_of_the_applications_around() {
    let inner = App::new()
        .access_with_state::<SignedIn<Machines>, _>(BOTH)
        .get("/report", public(anything))
        .mount("/old", public(App::new().build().unwrap()));
    let app = App::new().nest("/internal", inner).health();
    let rules = app.access_rules();
    let lines: Vec<_> = rules.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "* /internal/old/{*rest}: SignedIn<Machines> + Public",
            "GET /internal/report: SignedIn<Machines> + Public",
        ]
    );
    let report = rules.iter().last().unwrap();
    assert_eq!(
        (report.method(), report.path()),
        ("GET", "/internal/report")
    );
    assert_eq!(report.rules(), ["SignedIn<Machines>", "Public"]);
    assert_eq!(report.subject(), None);
}
